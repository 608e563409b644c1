import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Every architecture in every published key layout, with seeded weights, against timm, torchvision and Transformers:
/// scripts/references/{image,text,audio}_encoders.py.
@Suite struct ArchitectureTests {
    static let all = (try? FileManager.default.contentsOfDirectory(atPath: Fixtures.url("architectures").path).sorted()) ?? []

    static func names(_ prefixes: String...) -> [String] {
        all.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.filter { name in
            prefixes.contains(where: name.hasPrefix)
        }
    }

    static let images = names(
        "timm-", "torchvision-", "hf-resnet", "hf-convnext", "hf-efficientnet", "efficientnet-pytorch-", "hf-vit", "hf-deit",
        "hf-dinov2", "hf-dinov3", "hf-clip-vision", "hf-siglip-vision", "hf-swin", "hf-mobilenet"
    ).filter { !$0.hasSuffix("-logmel") }
    static let audios = names("panns-", "vggish", "yamnet", "timm-resnet18-logmel")
    static let texts = names("hf-").filter { !images.contains($0) }

    @Test func everyFixtureIsOfOneModality() {
        let stored = Self.all.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }
        #expect(stored.count >= 57)
        #expect((Self.images + Self.texts + Self.audios + AudioTransformersTests.names).sorted() == stored.sorted())
    }

    /// torchvision publishes bare files: their architecture must be named.
    private static let torchvisionNames = [
        "mobilenet_v3_small": "mobilenetv3_small_100", "mobilenet_v3_large": "mobilenetv3_large_100",
        "mobilenet_v2": "mobilenetv2_100", "vit_b_16": "vit_base_patch16_224",
    ]

    @Test(arguments: images) func imagesAgree(_ name: String) throws {
        let folder = try TemporaryFolder()
        try SeededArchitecture(name).write(to: folder.url)
        let published = String(name.drop { $0 != "-" }.dropFirst())
        let isBare = name.hasPrefix("torchvision-")
        let encoder = try ModalityEncoder(
            .image,
            .init(
                encoder: isBare ? Self.torchvisionNames[published] ?? published : nil,
                weights: folder.url.path + (isBare ? "/model.safetensors" : ""), train: .none),
            relativeTo: folder.url)
        let expected = try Fixtures.tensors("architectures/\(name).safetensors")
        for prefix in ["", "wide/"] where expected.entries["\(prefix)input"] != nil {
            let input = try EncoderInput(values: expected.tensor("\(prefix)input"))
            let encoding = try withoutGradient { try encoder.encoder(input, mode: .evaluate) }
            let isTransformer = encoder.encoder is VisionTransformer || encoder.encoder is SwinTransformer
            let bound = isTransformer ? 1e-5 : 1e-4
            try expectClose(encoding.pooled, expected.tensor("\(prefix)pooled"), "\(prefix)pooled", bound)
            try expectClose(encoding.tokens, expected.tensor("\(prefix)tokens"), "\(prefix)tokens", bound)
            #expect(encoding.pooled.shape[1] == encoder.encoder.dimension)
            #expect(encoding.tokens.shape[2] == encoder.encoder.tokenDimension)
            try expectSplits(encoder.encoder, input)
        }
    }

    @Test(arguments: texts) func textsAgree(_ name: String) throws {
        let folder = try TemporaryFolder()
        let seeded = try SeededArchitecture(name)
        guard !name.contains("scaled") else { return try scaledAttentionIsRefused(seeded) }
        try seeded.write(to: folder.url)
        let expected = try Fixtures.tensors("architectures/\(name).safetensors")
        let mask = try expected.tensor("mask").converted(to: .bool)
        let input = try EncoderInput(values: expected.tensor("ids"), mask: mask)
        let config = try JSONObject(folder.url.appendingPathComponent("config.json"))
        let builder = try EncoderRegistry.builder(config.string("model_type"), for: .text)
        for mode in TextPooling.Mode.allCases {
            let store = try ParameterStore(
                loading: SafetensorsFile(folder.url.appendingPathComponent("model.safetensors")), layouts: builder.layouts(config))
            let pooling = TextPooling(modes: [mode])
            let encoder = try textEncoder(builder.name, Scope(store), config, pooling)
            try store.report.check()
            let encoding = try withoutGradient { try encoder(input, mode: .evaluate) }
            let names: [TextPooling.Mode: String] = [
                .meanOverRoot: "mean_sqrt_len", .last: "last", .weightedMean: "weightedmean",
            ]
            try expectClose(encoding.pooled, expected.tensor("pooled_\(names[mode] ?? mode.rawValue)"), "\(mode)")
            let real = try encoding.tokens * mask.unsqueezed(-1).converted(to: .float32)
            try expectClose(real, expected.tensor("tokens"), "tokens")
            let alone = try withoutGradient { try encoder(EncoderInput(values: expected.tensor("alone_ids")), mode: .evaluate) }
            try expectClose(alone.tokens, expected.tensor("alone_tokens"), "alone")
            if mode == .mean { try expectSplits(encoder, input) }
        }
    }

    private func scaledAttentionIsRefused(_ seeded: SeededArchitecture) throws {
        let config = JSONObject(try #require(seeded.files["config.json"] as? [String: Any]), path: "config.json")
        let error = #expect(throws: BraidError.self) { try GPT2.Shape(config) }
        #expect(error?.description.contains("scale_attn_by_inverse_layer_idx is true") == true)
    }

    @Test(arguments: audios) func audiosAgree(_ name: String) throws {
        let folder = try TemporaryFolder()
        try SeededArchitecture(name).write(to: folder.url)
        let encoder = try ModalityEncoder(
            .audio, .init(encoder: nil, weights: folder.url.path, train: .none), relativeTo: folder.url)
        let expected = try Fixtures.tensors("architectures/\(name).safetensors")
        let frontEnd = try #require(encoder.frontEnd as? LogMelFrontEnd)
        let encode = { (values: Tensor, mask: Tensor?) in
            try withoutGradient { try encoder.encoder(EncoderInput(values: values, mask: mask), mode: .evaluate) }
        }
        if let patches = try ["patches", "examples"].first(where: { expected.entries[$0] != nil }).map(expected.tensor) {
            try expectClose(encode(patches, nil).pooled, expected.tensor("embedding"), "embedding")
            if expected.entries["gain"] != nil {
                // Louder: drawn weights shrink signals so much that without it a wrong first layer would hardly show.
                let louder = try patches * expected.tensor("gain")
                try expectClose(encode(louder, nil).pooled, expected.tensor("gained_embedding"), "gained")
            }
            let waveform = try expected.tensor("waveform").unsqueezed(0)
            let prepared = try frontEnd.spectrogram(waveform).squeezed(0)
            try expectClose(frontEnd.collate([prepared]).values, patches, "patches")
            // Beside a longer recording, whose patches are more.
            let twice = try frontEnd.spectrogram(.concatenate([waveform, waveform], 1)).squeezed(0)
            let pooled = try withoutGradient { try encoder.encode([prepared, twice]).pooled }
            try expectClose(pooled.slice(0, 0..<1), expected.tensor("pooled"), "pooled")
            return
        }
        let logMel = try expected.tensor("logmel")
        try expectSplits(encoder.encoder, EncoderInput(values: logMel))
        let encoding = try encode(logMel, nil)
        try expectClose(encoding.pooled, expected.tensor("pooled"), "pooled")
        try expectClose(encoding.tokens, expected.tensor("tokens"), "tokens")
        if expected.entries["waveform_logmel"] != nil {
            let spectrogram = try frontEnd.spectrogram(expected.tensor("waveform"))
            // Braid adds silence up to the frames the encoder needs; the last three frames see it.
            let frames = try expected.tensor("waveform_logmel").shape[1] - 3
            let reference = try expected.tensor("waveform_logmel").slice(1, 0..<frames)
            try expectClose(spectrogram.slice(1, 0..<frames), reference, "spectrogram")
        }
        guard expected.entries["cut_frames"] != nil else { return }
        let frames = Int(try expected.tensor("cut_frames").item())
        let mask = try lengthMask([logMel.shape[1], frames], logMel.shape[1])
        let padded = try encode(logMel, mask)
        try expectClose(padded.pooled.slice(0, 1..<2), expected.tensor("cut_pooled"), "cut short, padded")
        try expectClose(padded.pooled.slice(0, 0..<1), expected.tensor("pooled").slice(0, 0..<1), "whole, beside a padded one")
    }

    /// Stopping between two blocks, and going on there, changes nothing; texts as a trained encoder takes them, without their padding.
    private func expectSplits(_ encoder: any Encoder, _ input: EncoderInput) throws {
        let blocks = try #require(encoder as? any BlockwiseEncoder)
        let lengths = try input.mask.map { try $0.converted(to: .int64).sum([1]).array(of: Int64.self).map(Int.init) }
        let whole = try withoutGradient { try encoder(input, mode: .evaluate) }
        for cut in Set([1, encoder.blocks.count / 2, encoder.blocks.count - 1]) {
            let split = try withoutGradient {
                let first = Activations(values: input.values, mask: input.mask, lengths: lengths)
                let between = try blocks.run(0..<cut, first, mode: .evaluate)
                return try blocks.encoding(blocks.run(cut..<encoder.blocks.count, between, mode: .evaluate), mode: .evaluate)
            }
            let difference = try maxDifference(split.pooled, whole.pooled)
            #expect(difference <= 1e-5, "split at \(cut): \(difference)")
        }
    }

    private func expectClose(_ found: Tensor, _ expected: Tensor, _ what: String, _ bound: Double = 1e-4) throws {
        let difference = try maxDifference(found, expected)
        #expect(difference <= bound, "\(what): \(difference)")
    }
}
