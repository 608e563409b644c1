import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Audio encoders of Transformers, and BEATs, with seeded weights: scripts/references/audio_transformers.py, beats.py.
@Suite struct AudioTransformersTests {
    static let names = ArchitectureTests.names("whisper", "ast", "clap", "beats") + waves
    /// Of samples themselves, whose windows are as long as one asks.
    static let waves = ArchitectureTests.names("wav2vec2", "hubert", "wavlm")

    /// An encoder, and what it should give of a short recording and of one of several windows.
    private struct Case {
        let encoder: ModalityEncoder
        let frontEnd: any SampledFrontEnd
        let expected: SafetensorsFile
        let waveform: [Float]
        let short: [Float]

        init(_ name: String, in folder: URL) throws {
            try SeededArchitecture(name).write(to: folder)
            let options = waves.contains(name) || name.hasPrefix("beats") ? EncoderOptions(window: 1) : EncoderOptions()
            encoder = try ModalityEncoder(
                .audio, .init(encoder: nil, weights: folder.path, train: .none, options: options), relativeTo: folder)
            frontEnd = try #require(encoder.frontEnd as? any SampledFrontEnd)
            expected = try Fixtures.tensors("architectures/\(name).safetensors")
            waveform = try expected.tensor("waveform").array(of: Float.self)
            short = try Array(waveform.prefix(Int(expected.tensor("short").item())))
        }

        /// As `prepare` makes it of a file, the samples coming in pieces.
        func prepared(_ samples: [Float]) throws -> Tensor {
            var windows = frontEnd.windows
            var parts: [[Float]] = []
            for start in stride(from: 0, to: samples.count, by: 3000) {
                parts += windows.take(Array(samples[start..<min(start + 3000, samples.count)]))
            }
            return try .concatenate((parts + windows.finish()).map(frontEnd.prepared), 0)
        }
    }

    @Test(arguments: names) func agree(_ name: String) throws {
        let folder = try TemporaryFolder()
        let this = try Case(name, in: folder.url)
        let (short, long) = (try this.prepared(this.short), try this.prepared(this.waveform))
        let input = try this.frontEnd.collate([short])
        // In bands without sound a logarithm stands for rounding alone: from an Intel to an AMD processor the reference itself moves there, by up to
        // 4.3e-5, in 8 of 8192 values. All others agree as closely as embeddings do.
        try expectClose(input.values, this.expected.tensor("features"), 1e-4, "features")
        let apart = try zip(input.values.array(of: Float.self), this.expected.tensor("features").array(of: Float.self)).filter {
            !(abs($0 - $1) <= 1e-5)
        }
        #expect(apart.count * 500 <= input.values.count, "\(apart.count) of \(input.values.count) features")

        let alone = try withoutGradient { try this.encoder.encode([short]) }
        try expectClose(alone.pooled, this.expected.tensor("pooled"), 1e-5, "pooled")
        try expectClose(real(alone, 0), this.expected.tensor("tokens").squeezed(0), 2e-5, "tokens")
        #expect(alone.tokens.shape[2] == this.encoder.encoder.tokenDimension)

        let both = try withoutGradient { try this.encoder.encode([short, long]) }
        try expectClose(both.pooled.slice(0, 0..<1), this.expected.tensor("pooled"), 1e-5, "beside a longer one")
        try expectClose(both.pooled.slice(0, 1..<2), this.expected.tensor("long_pooled"), 1e-5, "windows")
    }

    /// As in training: a whole batch at once, some of it padding, and stops between blocks.
    @Test(arguments: names) func batchesAndSplitsAgree(_ name: String) throws {
        let folder = try TemporaryFolder()
        let this = try Case(name, in: folder.url)
        let longer = Array(this.waveform.prefix(this.short.count * 3 / 2))
        let prepared = [try this.prepared(this.short), try this.prepared(longer)]
        let input = try this.frontEnd.collate(prepared)
        let whole = try withoutGradient { try this.encoder.encoder(input, mode: .evaluate) }
        try expectClose(whole.pooled.slice(0, 0..<1), this.expected.tensor("pooled"), 1e-5, "padded")
        try expectClose(real(whole, 0), this.expected.tensor("tokens").squeezed(0), 2e-5, "padded tokens")

        let blocks = this.encoder.encoder.blocks.count
        for cut in Set([1, blocks / 2, blocks - 1, blocks]) {
            let split = try withoutGradient {
                let between = try this.encoder.activations(prepared, behind: cut)
                return try this.encoder.encode(activations: between, behind: cut, mode: .evaluate)
            }
            try expectClose(split.pooled, whole.pooled, 1e-5, "split at \(cut)")
            try expectClose(real(split, 0), real(whole, 0), 2e-5, "tokens, split at \(cut)")
        }
    }

    /// Each parameter belongs to a block, and gets a gradient where all are trained.
    @Test(arguments: names) func everyParameterIsTrained(_ name: String) throws {
        let folder = try TemporaryFolder()
        try SeededArchitecture(name).write(to: folder.url)
        let encoder = try ModalityEncoder(
            .audio, .init(encoder: nil, weights: folder.url.path, train: .all), relativeTo: folder.url)
        let frontEnd = try #require(encoder.frontEnd as? any SampledFrontEnd)
        let waveform = try Fixtures.tensors("architectures/\(name).safetensors").tensor("waveform").array(of: Float.self)
        let prepared = try [5000, 6500].map { try frontEnd.prepared(Array(waveform.prefix($0))) }
        let pooled = try encoder.encode(prepared, mode: .train).pooled
        try (pooled * pooled).sum().backward()
        for entry in encoder.parameters.parameters {
            #expect(try entry.tensor.gradient() != nil, "\(entry.path) has no gradient")
            #expect(encoder.encoder.blocks.contains { $0.contains(where: entry.path.hasPrefix) }, "\(entry.path) is in no block")
        }
    }

    /// Hidden states before the last one, without the layers behind them; and what is said where there are not as many.
    @Test(arguments: waves) func layersAgree(_ name: String) throws {
        let folder = try TemporaryFolder()
        let this = try Case(name, in: folder.url)
        func encoder(_ layer: Int) throws -> ModalityEncoder {
            try ModalityEncoder(
                .audio, .init(encoder: nil, weights: folder.url.path, train: .none, options: EncoderOptions(layer: layer)),
                relativeTo: folder.url)
        }
        for layer in [0, 2, 3] {
            let pooled = try withoutGradient { try encoder(layer).encode([this.prepared(this.short)]).pooled }
            try expectClose(pooled, this.expected.tensor("layer\(layer)_pooled"), 1e-5, "layer \(layer)")
        }
        let error = #expect(throws: BraidError.self) { try encoder(4) }
        #expect(error?.description.contains("modalities.audio.layer is 4, but there are 3 layers") == true)
    }

    @Test func aLayerIsRefusedWhereThereIsNoChoice() throws {
        let folder = try TemporaryFolder()
        try SeededArchitecture("ast").write(to: folder.url)
        let error = #expect(throws: BraidError.self) {
            try ModalityEncoder(
                .audio, .init(encoder: nil, weights: folder.url.path, train: .none, options: EncoderOptions(layer: 1)),
                relativeTo: folder.url)
        }
        #expect(error?.description.contains("audio-spectrogram-transformer has one embedding") == true)
    }

    /// Windows of a long recording are encoded while it is read, and give what the whole gives.
    @Test(arguments: ["whisper", "ast", "clap-audio", "beats", "wavlm-base"]) func longRecordingsAreEncodedAsTheyCome(
        _ name: String
    ) throws {
        let folder = try TemporaryFolder()
        let this = try Case(name, in: folder.url)
        let file = folder.url.appendingPathComponent("long.wav")
        let tones = (0..<7).map { TestMedia.tone(hertz: 200 + 150 * Double($0), seed: $0, seconds: 0.9) }
        let header = TestMedia.tone(hertz: 1, seed: 0, seconds: 6.3).prefix(44)
        try (header + tones.map { $0.dropFirst(44) }.reduce(Data(), +)).write(to: file)
        var parts: [Encoding] = []
        let streamed = try withoutGradient {
            try this.frontEnd.prepare(.file(file)) { parts.append(try this.encoder.encode($0)) }
        }
        #expect(streamed == nil && parts.count > 1)
        let found = try Encoding.joined(parts, rowsPerSample: [parts.reduce(0) { $0 + $1.pooled.shape[0] }])
        let whole = try withoutGradient { try this.encoder.encode([this.frontEnd.prepare(.file(file))]) }
        try expectClose(found.pooled, whole.pooled, 1e-5, "pooled")
        #expect(found.tokens.shape == whole.tokens.shape)
    }

    /// What a file says that would compute something else.
    @Test(arguments: [
        ("whisper", "preprocessor_config.json", "chunk_length", 30), ("whisper", "preprocessor_config.json", "feature_size", 128),
        ("whisper", "preprocessor_config.json", "dither", 1), ("whisper", "config.json", "encoder_attention_heads", 5),
        ("ast", "preprocessor_config.json", "max_length", 1024), ("ast", "config.json", "time_stride", 12),
        ("clap-audio", "preprocessor_config.json", "feature_size", 32),
        ("clap-audio", "preprocessor_config.json", "max_length_s", 10),
        ("clap-audio", "preprocessor_config.json", "top_db", 80), ("clap-audio", "config.json", "spec_size", 60),
        ("clap-audio", "config.json", "patch_embed_input_channels", 4), ("clap-audio", "config.json", "enable_fusion", 1),
        ("beats", "config.json", "layer_norm_first", 1), ("beats", "config.json", "input_patch_size", 24),
        ("beats", "config.json", "max_distance", 2), ("wav2vec2-base", "config.json", "adapter_attn_dim", 16),
        ("wav2vec2-base", "config.json", "num_conv_pos_embedding_groups", 5),
        ("wavlm-base", "config.json", "num_buckets", 30), ("hubert-base", "preprocessor_config.json", "feature_size", 2),
    ]) func otherNetworksAreRefused(_ name: String, _ file: String, _ key: String, _ value: Int) throws {
        let folder = try TemporaryFolder()
        let seeded = try SeededArchitecture(name)
        try seeded.write(to: folder.url)
        var content = try #require(seeded.files[file] as? [String: Any])
        content[key] = value
        try JSONSerialization.data(withJSONObject: content).write(to: folder.url.appendingPathComponent(file))
        let error = #expect(throws: BraidError.self) {
            try ModalityEncoder(.audio, .init(encoder: nil, weights: folder.url.path, train: .none), relativeTo: folder.url)
        }
        #expect(error?.description.contains(key) == true, "\(String(describing: error))")
    }

    /// A sample's tokens without padding.
    private func real(_ encoding: Encoding, _ row: Int) throws -> Tensor {
        let tokens = try encoding.tokens.select(0, row)
        guard let mask = try encoding.tokenMask?.select(0, row) else { return tokens }
        return try tokens.slice(0, 0..<Int(mask.converted(to: .int64).sum().item()))
    }

    private func expectClose(_ found: Tensor, _ expected: Tensor, _ bound: Double, _ what: String) throws {
        #expect(found.shape == expected.shape, "\(what)")
        let difference = try maxDifference(found, expected)
        #expect(difference <= bound, "\(what): \(difference)")
    }
}
