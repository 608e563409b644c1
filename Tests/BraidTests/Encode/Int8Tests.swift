import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// `precision: int8`: BERT and its relatives against their own form in float32, and what is refused.
@Suite(.enabled(if: Precision.int8.isSupported)) struct Int8Tests {
    /// One fixture of each relative of BERT.
    private static let names = ArchitectureTests.texts.filter { !$0.contains("gpt") }

    private func encoder(_ name: String, _ precision: Precision) throws -> Bert? {
        let folder = try TemporaryFolder()
        try SeededArchitecture(name).write(to: folder.url)
        let config = try JSONObject(folder.url.appendingPathComponent("config.json"))
        guard let architecture = try config.architecture(), let kind = BertKind(rawValue: architecture) else { return nil }
        let builder = try EncoderRegistry.builder(architecture, for: .text)
        let file = try SafetensorsFile(folder.url.appendingPathComponent("model.safetensors"))
        let store = try ParameterStore(loading: file, layouts: builder.layouts(config), inference: precision)
        return try Bert(Scope(store), BertShape(config, kind), pooling: TextPooling(modes: [.mean]))
    }

    private func cosines(_ left: Tensor, _ right: Tensor) throws -> [Float] {
        try (left.normalized() * right.normalized()).sum([1]).array()
    }

    @Test(arguments: names) func relativesOfBertAgreeWithFloat32(_ name: String) throws {
        guard let exact = try encoder(name, .fp32), let ours = try encoder(name, .int8) else { return }
        let fixture = try Fixtures.tensors("architectures/\(name).safetensors")
        let ids = try fixture.tensor("ids")
        let (count, length) = (ids.shape[0], ids.shape[1])
        let lengths = (0..<count).map { max(1, length - 3 * $0) }
        let ragged = EncoderInput(values: ids, mask: try lengthMask(lengths, length), lengths: lengths)
        for input in [ragged, EncoderInput(values: ids)] {
            try withoutGradient {
                let (left, right) = try (ours(input, mode: .evaluate), exact(input, mode: .evaluate))
                #expect(left.tokens.shape == right.tokens.shape)
                let least = try cosines(left.pooled, right.pooled).min() ?? 0
                #expect(least >= 0.999, "\(name): \(least)")
                #expect(try maxDifference(left.pooled, right.pooled) > 0, "\(name) was not computed in int8")
            }
        }
        // With all layers in float32 nothing is left of it.
        ours.keepInFloat(Set(0..<ours.int8Layers))
        let (left, right) = try withoutGradient {
            try (ours(ragged, mode: .evaluate).pooled, exact(ragged, mode: .evaluate).pooled)
        }
        #expect(try maxDifference(left, right) <= 1e-5)
    }

    @Test func itIsRefusedWhereItCannotAct() throws {
        func error(_ modality: Modality, _ weights: String, _ train: Trainable, encoder: String? = nil) -> String {
            let asked = EncoderSettings(encoder: encoder, weights: weights, train: train, options: .init(precision: .int8))
            let thrown = #expect(throws: BraidError.self) { try ModalityEncoder(modality, asked, relativeTo: Fixtures.root) }
            return thrown?.description ?? ""
        }
        let picture = Fixtures.url("resnet").path
        #expect(error(.image, picture, .all).contains("precision: int8 acts only on a frozen encoder"))
        #expect(error(.image, picture, .none).contains("precision: int8 is for bert, distilbert, mpnet"))
        let asked = EncoderSettings(encoder: nil, weights: Fixtures.minilm.path, train: .none, options: .init(precision: .int8))
        let cuda = #expect(throws: BraidError.self) {
            try ModalityEncoder(.text, asked, relativeTo: Fixtures.root, device: .cuda(0))
        }
        #expect(cuda?.description.contains("precision: int8 acts only on the CPU") == true)
    }

    /// What the trial finds is said, decides on the cache's shelf, and goes with the model.
    @Test func theTrialChoosesLayersAndTheyAreKept() throws {
        let folder = try TemporaryFolder()
        let asked = try TinyEncoders.write("hf-bert", to: folder.url.appendingPathComponent("bert"))
            .with(options: .init(precision: .int8))
        let encoder = try ModalityEncoder(.text, asked, relativeTo: folder.url)
        let before = try #require(encoder.int8Identity)
        #expect(encoder.wantsInt8Trial)
        let texts = ["a picture", "a bright picture of noise", "noise", "dark noise of a dark picture"]
        try encoder.tryInt8(texts.map { try encoder.frontEnd.prepare(Medium(.text($0))) })
        let record = try #require(encoder.int8Record)
        #expect(record.samples == texts.count && record.meanCosine >= 0.999 && record.leastCosine <= record.meanCosine)
        #expect(!encoder.wantsInt8Trial)
        let copy = folder.url.appendingPathComponent("copy")
        try encoder.write(to: copy)
        let again = try ModalityEncoder(
            .text, .init(encoder: nil, weights: copy.path, train: .none), relativeTo: folder.url)
        #expect(!again.wantsInt8Trial && again.int8Identity == encoder.int8Identity)
        let kept = try #require(encoder.encoder as? any Int8Encoder)
        kept.keepInFloat([0])
        #expect(encoder.int8Identity != before)
    }
}
