import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Small encoders, and the real MiniLM, against timm, the published PANNs definition, and Transformers.
@Suite struct EncoderTests {
    private func encoder(_ modality: Modality, _ weights: URL, train: Trainable = .none, encoder: String? = nil) throws
        -> ModalityEncoder
    {
        try ModalityEncoder(modality, .init(encoder: encoder, weights: weights.path, train: train), relativeTo: Fixtures.root)
    }

    @Test func resNetAgreesWithTimmFromTheTensor() throws {
        let resnet = try encoder(.image, Fixtures.url("resnet"))
        let expected = try Fixtures.tensors("resnet/expected.safetensors")
        for prefix in ["", "wide/"] {
            let encoding = try resnet.encoder(EncoderInput(values: expected.tensor("\(prefix)input")), mode: .evaluate)
            try #expect(maxDifference(encoding.pooled, expected.tensor("\(prefix)pooled")) <= 1e-4)
            try #expect(maxDifference(encoding.tokens, expected.tensor("\(prefix)tokens")) <= 1e-4)
        }
    }

    @Test(arguments: FrontEndTests.names) func resNetAgreesWithTimmFromTheFile(_ name: String) throws {
        let resnet = try encoder(.image, Fixtures.url("resnet"))
        let prepared = try resnet.frontEnd.prepare(.file(Fixtures.url("images/\(name)")))
        let expected = try Fixtures.tensors("resnet/expected.safetensors").tensor(name).unsqueezed(0)
        let difference = try maxDifference(resnet.encode([prepared]).pooled, expected)
        let scale = try expected.absolute().maximum([0, 1]).item()
        #expect(difference <= 1e-3 * max(1, scale), "\(difference) on values up to \(scale)")
    }

    @Test func cnn10AgreesWithThePublishedDefinition() throws {
        let cnn = try encoder(.audio, Fixtures.url("cnn10"))
        let expected = try Fixtures.tensors("cnn10/expected.safetensors")
        let frontEnd = try #require(cnn.frontEnd as? LogMelFrontEnd)
        let encoding = try cnn.encoder(EncoderInput(values: expected.tensor("logmel")), mode: .evaluate)
        try #expect(maxDifference(encoding.pooled, expected.tensor("pooled")) <= 1e-4)
        try #expect(maxDifference(encoding.tokens, expected.tensor("tokens")) <= 1e-4)
        let fromWave = try cnn.encoder(EncoderInput(values: frontEnd.spectrogram(expected.tensor("waveform"))), mode: .evaluate)
        try #expect(maxDifference(fromWave.pooled, expected.tensor("pooled")) <= 1e-3)
    }

    @Test func aPaddedRecordingGivesWhatItGivesAlone() throws {
        let cnn = try encoder(.audio, Fixtures.url("cnn10"))
        let names = ["audio/pcm16-8k.wav", "audio/float32-48k.wav", "audio/flac-22k.flac"]
        let prepared = try names.map { try cnn.frontEnd.prepare(.file(Fixtures.url($0))) }
        let long = try Tensor.concatenate([prepared[0], prepared[1], prepared[2]], 0)
        let together = try cnn.encode([long] + prepared).pooled
        for (index, tensor) in ([long] + prepared).enumerated() {
            try #expect(maxDifference(together.slice(0, index..<index + 1), cnn.encode([tensor]).pooled) <= 1e-5)
        }
    }

    @Test func miniLMAgreesWithTransformers() throws {
        let bert = try encoder(.text, Fixtures.minilm)
        let sentences: [String] = try Fixtures.json("minilm.json")
        let expected = try Fixtures.tensors("minilm.safetensors").tensor("normalized")
        #expect(sentences.count == 200)
        for start in stride(from: 0, to: sentences.count, by: 25) {
            let prepared = try sentences[start..<start + 25].map { try bert.frontEnd.prepare(.inline($0)) }
            let pooled = try withoutGradient { try bert.encode(prepared).pooled }
            try #expect(maxDifference(pooled, expected.slice(0, start..<start + 25)) <= 1e-4)
        }
    }

    /// The published weights, from JPEG and PNG files to embeddings: scripts/references/efficientnet_lite0.py.
    @Test func efficientNetLite0AgreesWithItsDefinition() throws {
        let lite = try encoder(.image, Fixtures.lite0)
        #expect(lite.architecture == "tf_efficientnet_lite0" && lite.layout == "efficientnet-pytorch")
        #expect(lite.encoder.dimension == 1280 && lite.report?.applied == 245)
        let expected = try Fixtures.tensors("efficientnet-lite0/expected.safetensors")
        #expect(expected.entries.count == 7)
        for name in expected.entries.keys.sorted() {
            let isOurs = ["whole.jpg", "tiny.jpg"].contains(name)
            let file = Fixtures.url("\(isOurs ? "efficientnet-lite0" : "images")/\(name)")
            let prepared = try lite.frontEnd.prepare(.file(file))
            let pooled = try withoutGradient { try lite.encode([prepared]).pooled.squeezed(0) }
            let difference = try maxDifference(pooled, expected.tensor(name))
            let cosine = try (pooled.normalized() * expected.tensor(name).normalized()).sum([0]).item()
            // Enlarged by other factors than 8, some pixels are rounded to the next level: libtorch's resize is not Pillow's.
            #expect(isOurs ? difference <= 1e-4 : cosine > 0.9999, "\(name): \(difference), cosine \(cosine)")
        }
    }

    /// The layout alone says that weights come from TensorFlow, here and in the copy that a run keeps.
    @Test func aBareFileOfEfficientNetLiteIsPaddedAndPreparedAsTensorFlowDoes() throws {
        let folder = try TemporaryFolder()
        let seeded = try SeededArchitecture("efficientnet-pytorch-lite0")
        let file = folder.url.appendingPathComponent("lite.safetensors")
        try SeededArchitecture.write(seeded.entries, to: file)
        let bare = try encoder(.image, file, train: .last(2), encoder: "efficientnet_lite0")
        let copy = folder.url.appendingPathComponent("copy")
        try bare.write(to: copy)
        let expected = try Fixtures.tensors("architectures/efficientnet-pytorch-lite0.safetensors")
        for encoder in [bare, try encoder(.image, copy)] {
            #expect(encoder.frontEnd.summary.hasPrefix("short side 256, crop 224×224, bicubic, mean [0.498"))
            let input = try EncoderInput(values: expected.tensor("input"))
            let pooled = try withoutGradient { try encoder.encoder(input, mode: .evaluate).pooled }
            try #expect(maxDifference(pooled, expected.tensor("pooled")) <= 1e-4)
        }
        let trained = bare.parameters.parameters.filter(\.tensor.requiresGradient).map(\.path)
        #expect(!trained.isEmpty && trained.allSatisfy { ["blocks.6.0.", "conv_head.", "bn2."].contains(where: $0.hasPrefix) })
    }

    @Test func lastBlocksAloneAreTrained() throws {
        let trained = { (encoder: ModalityEncoder) in encoder.parameters.parameters.filter(\.tensor.requiresGradient).map(\.path) }
        #expect(try trained(encoder(.image, Fixtures.url("resnet"))).isEmpty)
        let last = try trained(encoder(.image, Fixtures.url("resnet"), train: .last(1)))
        #expect(!last.isEmpty && last.allSatisfy { $0.hasPrefix("layer4.1.") })
        let all = try encoder(.audio, Fixtures.url("cnn10"), train: .all)
        #expect(trained(all).count == all.parameters.parameters.count)
        #expect(throws: BraidError.self) { try encoder(.image, Fixtures.url("resnet"), train: .last(99)) }
    }

    @Test func weightsOfAnotherArchitectureAreOneErrorThatListsEverything() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.copyItem(
            at: Fixtures.url("cnn10/model.safetensors"), to: folder.url.appendingPathComponent("model.safetensors"))
        try FileManager.default.copyItem(
            at: Fixtures.url("resnet/config.json"), to: folder.url.appendingPathComponent("config.json"))
        let error = #expect(throws: LoadError.self) { try encoder(.image, folder.url) }
        #expect(error?.report.applied == 0)
        #expect((error?.report.missing.count ?? 0) > 50)
        #expect(error?.description.contains("missing: conv1.weight") == true)
    }

    /// The Hugging Face cache is a folder of links; a model made from it must not be.
    @Test func writtenEncodersStandAlone() throws {
        let folder = try TemporaryFolder()
        let linked = folder.url.appendingPathComponent("linked")
        try FileManager.default.createDirectory(at: linked, withIntermediateDirectories: true)
        for name in ["config.json", "model.safetensors"] {
            try FileManager.default.createSymbolicLink(
                at: linked.appendingPathComponent(name), withDestinationURL: Fixtures.url("resnet/\(name)"))
        }
        let copy = folder.url.appendingPathComponent("copy")
        try encoder(.image, linked).write(to: copy)
        try FileManager.default.removeItem(at: linked)
        for name in ["config.json", "model.safetensors"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: copy.appendingPathComponent(name).path)
            #expect(attributes[.type] as? FileAttributeType == .typeRegular)
        }
        #expect(try encoder(.image, copy).report?.missing.isEmpty == true)
    }

    @Test func whatCannotBeFoundOrFitIsRefused() throws {
        for (name, asked) in [
            ("bundled:nothing", nil), ("no/such", nil), ("fixtures/bad/text.png", nil), ("fixtures/resnet", "resnet10"),
            ("random", nil), ("fixtures", nil),
        ] as [(String, String?)] {
            #expect(throws: BraidError.self, "\(name)") {
                try ModalityEncoder(.image, .init(encoder: asked, weights: name, train: .none), relativeTo: Fixtures.root)
            }
        }
    }
}
