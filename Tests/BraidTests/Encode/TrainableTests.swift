import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// What each method trains, by name, of a convolutional network, a Transformer and an encoder of sounds.
@Suite struct TrainableTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let lora = Trainable.lora(LowRank(rank: 2), targets: [])

    private func encoder(_ name: String, _ train: Trainable, _ tuning: EncoderTuning = EncoderTuning()) throws -> ModalityEncoder {
        switch name {
        case "bert": try TinyEncoders.encoder("hf-bert", .text, in: folder.url, train: train, tuning: tuning)
        case "gpt2": try TinyEncoders.encoder("hf-gpt2", .text, in: folder.url, train: train, tuning: tuning)
        default:
            try ModalityEncoder(
                name == "resnet" ? .image : .audio,
                .init(encoder: nil, weights: Fixtures.url(name).path, train: train, tuning: tuning), relativeTo: folder.url)
        }
    }

    /// What has a gradient, which must be what the checkpoints keep.
    private func trained(_ name: String, _ train: Trainable, _ tuning: EncoderTuning = EncoderTuning()) throws -> [String] {
        let encoder = try encoder(name, train, tuning)
        let kept = encoder.entries(of: train).filter { $0.kind == .parameter }.map(\.path)
        #expect(encoder.parameters.entries.filter { $0.tensor.requiresGradient }.map(\.path) == kept)
        return kept
    }

    private func names(_ layers: [String], _ parts: [String]) -> [String] {
        layers.flatMap { layer in parts.map { "\(layer).\($0)" } }
    }

    @Test func textsByName() throws {
        let layers = (0..<3).map { "encoder.layer.\($0)" }
        let attention = layers.map { "\($0).attention" }
        let parts = ["weight", "bias"]
        #expect(
            try trained("bert", Self.lora)
                == names(attention.flatMap { ["\($0).self.query", "\($0).self.value"] }, ["lora_A.weight", "lora_B.weight"]))
        #expect(
            try trained("bert", .ia3)
                == layers.flatMap { layer in
                    ["attention.self.key", "attention.self.value", "attention.output.dense", "output.dense"].map {
                        "\(layer).\($0).ia3_l"
                    }
                })
        let norms = ["embeddings"] + layers.flatMap { ["\($0).attention.output", "\($0).output"] }
        #expect(try trained("bert", .norms) == names(norms.map { "\($0).LayerNorm" }, parts))
        let denses = ["self.query", "self.key", "self.value", "output.dense", "output.LayerNorm"].map { "attention.\($0)" }
        let biased = denses + ["intermediate.dense", "output.dense", "output.LayerNorm"]
        #expect(
            try trained("bert", .biases)
                == ["embeddings.LayerNorm.bias"] + layers.flatMap { layer in biased.map { "\(layer).\($0).bias" } })
        #expect(try trained("bert", .first(1)).allSatisfy { $0.hasPrefix("embeddings.") })
        #expect(try trained("bert", .last(1)) == names(biased.map { "encoder.layer.2.\($0)" }, parts))
        #expect(try trained("bert", .all) == encoder("bert", .none).parameters.parameters.map(\.path))
        #expect(
            try trained("gpt2", Self.lora)
                == names((0..<3).map { "h.\($0).attn.c_attn" }, ["lora_A.weight", "lora_B.weight"]))
        #expect(try trained("gpt2", .ia3) == names((0..<3).map { "h.\($0)" }, ["attn.c_attn.ia3_l", "mlp.c_proj.ia3_l"]))
    }

    @Test func picturesByName() throws {
        let all = try trained("resnet", .all)
        let convolutions = all.filter { $0.contains("conv") || $0.contains("downsample.0") }.map { String($0.dropLast(7)) }
        #expect(convolutions.count == 21)
        #expect(try trained("resnet", Self.lora) == names(convolutions, ["lora_A.weight", "lora_B.weight"]))
        #expect(try trained("resnet", .ia3) == convolutions.map { "\($0).ia3_l" })
        #expect(try trained("resnet", .norms) == all.filter { $0.contains("bn") || $0.contains("downsample.1") })
        #expect(try trained("resnet", .biases) == all.filter { $0.hasSuffix(".bias") })
        #expect(try trained("resnet", .first(2)) == all.filter { ["conv1.", "bn1.", "layer1.0."].contains(where: $0.hasPrefix) })
        #expect(try trained("resnet", .last(1)) == all.filter { $0.hasPrefix("layer4.1.") })
        let chosen = Trainable.lora(LowRank(rank: 1, isDecomposed: true), targets: ["layer4.1.conv2"])
        #expect(
            try trained("resnet", chosen)
                == names(["layer4.1.conv2"], ["lora_A.weight", "lora_B.weight", "lora_magnitude_vector"]))
    }

    @Test func soundsByName() throws {
        let all = try trained("cnn10", .all)
        let convolutions = all.filter { $0.contains(".conv") }.map { String($0.dropLast(7)) }
        #expect(try trained("cnn10", Self.lora) == names(convolutions + ["fc1"], ["lora_A.weight", "lora_B.weight"]))
        #expect(try trained("cnn10", .norms) == all.filter { $0.contains("bn") })
        #expect(try trained("cnn10", .biases) == all.filter { $0.hasSuffix(".bias") })
        #expect(try trained("cnn10", .first(1)) == ["bn0.weight", "bn0.bias"])
    }

    @Test func statisticsAreLearntWhereSaid() throws {
        func buffers(_ train: Trainable, _ statistics: BatchNormStatistics?) throws -> Int {
            let encoder = try encoder("resnet", train, EncoderTuning(batchNorm: statistics))
            let before = try encoder.parameters.entries.first { $0.path == "bn1.running_mean" }?.tensor.cloned()
            _ = try encoder.encode([.randomNormal([3, 24, 24]), .randomNormal([3, 24, 24])], mode: .train)
            let after = encoder.parameters.entries.first { $0.path == "bn1.running_mean" }?.tensor
            let kept = encoder.entries(of: train).count { $0.kind == .buffer }
            #expect(try (maxDifference(#require(before), #require(after)) > 0) == (kept > 0))
            return kept
        }
        for train in [Trainable.all, .norms] {
            #expect(try buffers(train, nil) == 42)
            #expect(try buffers(train, .frozen) == 0)
        }
        #expect(try buffers(.biases, nil) == 0)
        #expect(try buffers(.biases, .trained) == 42)
        #expect(try buffers(Self.lora, nil) == 0)
    }

    @Test func whatCannotBeTrainedIsRefused() throws {
        let many = #expect(throws: BraidError.self) { try encoder("resnet", .first(99)) }
        #expect(many?.description == "modalities.image.train: first:99, but resnet18 has 9 blocks")
        let target = Trainable.lora(LowRank(rank: 2), targets: ["query", "valeu"])
        let near = #expect(throws: BraidError.self) { try encoder("bert", target) }
        #expect(near?.description == "modalities.text.lora_targets: no layer's name ends in valeu; did you mean value?")
        let none = #expect(throws: BraidError.self) { try encoder("bert", .lora(LowRank(rank: 2), targets: ["conv1"])) }
        #expect(
            none?.description.hasPrefix("modalities.text: no layer is adapted; of its layers can be encoder.layer.0.att") == true)
    }
}
