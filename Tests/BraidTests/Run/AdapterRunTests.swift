import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Trainings that leave encoders' own weights as they are.
@Suite struct AdapterRunTests {
    private let small: SmallRun
    private static let overrides = [
        "modalities.image.train=lora:2", "modalities.image.lora_dropout=0.1", "modalities.image.dora=true",
        "modalities.audio.train=ia3", "training.epochs=4", "training.monitor=false",
    ]

    init() throws {
        small = try SmallRun()
        try small.makeData()
    }

    private func url(_ path: String) -> URL { small.folder.url.appendingPathComponent(path) }
    private func largest(_ left: [[Float]], _ right: [[Float]]) -> Float {
        zip(left.joined(), right.joined()).map { abs($0 - $1) }.max() ?? .infinity
    }

    @Test func onlyAdaptersAreKeptBesideFusionAndHead() throws {
        let outcome = try small.train("run", Self.overrides)
        let file = try SafetensorsFile(url("run/checkpoints/best/weights.safetensors"))
        let kept = file.entries.keys.filter { $0.hasPrefix("encoders.") }
        #expect(kept.allSatisfy { $0.contains(".lora_") || $0.hasSuffix(".ia3_l") })
        #expect(kept.count == 21 * 3 + 9 && file.entries.keys.contains { $0.hasPrefix("head.") })
        // B begins at zero, and vectors at one: both were trained.
        #expect(try file.tensor("encoders.image.layer4.1.conv2.lora_B.weight").absolute().sum().item() > 0)
        #expect(try file.tensor("encoders.audio.fc1.ia3_l").adding(-1).absolute().sum().item() > 0)
        for (place, fixture) in [("image", "resnet"), ("audio", "cnn10")] {
            let ours = try Data(contentsOf: url("run/model/\(place)/model.safetensors"))
            #expect(try ours == Data(contentsOf: Fixtures.url("\(fixture)/model.safetensors")))
        }
        // Read back, adapters are folded in; merged, they are gone.
        let trained = try #require(outcome.test).primary.values
        #expect(try largest(small.inference("run").predict().primary.values, trained) <= 1e-5)
        #expect(try AdapterMerge.write(url("run"), to: url("merged")) == [.audio, .image].sorted())
        #expect(!FileManager.default.fileExists(atPath: url("merged/image/adapter").path))
        #expect(try largest(small.inference("merged").predict().primary.values, trained) <= 1e-5)
        #expect(throws: BraidError.self, "is there") { try AdapterMerge.write(url("run"), to: url("merged")) }
        let nothing = #expect(throws: BraidError.self) { try AdapterMerge.write(url("merged"), to: url("again")) }
        #expect(nothing?.description.hasSuffix("no encoder of the model has an adapter; there is nothing to merge") == true)
    }

    /// Within the phase of the heads, which has no adapters yet, between the phases, and within the second.
    @Test(arguments: [1, 2, 3]) func aResumedRunIsBitIdentical(_ epoch: Int) throws {
        struct Stopped: Error {}
        let overrides = Self.overrides + ["training.head_epochs=2"]
        try small.train("whole", overrides)
        #expect(throws: Stopped.self) { try small.train("cut", overrides) { if $0 == epoch { throw Stopped() } } }
        try small.train("cut", overrides, resume: true)
        for file in [
            "model/model.safetensors", "model/image/adapter/adapter_model.safetensors", "checkpoints/last/weights.safetensors",
        ] {
            #expect(try Data(contentsOf: url("cut/\(file)")) == Data(contentsOf: url("whole/\(file)")), "\(file)")
        }
    }

    /// The best epoch may be one in which there were none.
    @Test func aCheckpointOfTheHeadsAloneHasAdaptersAsTheyBegan() throws {
        struct Stopped: Error {}
        let overrides = Self.overrides + ["training.head_epochs=2"]
        #expect(throws: Stopped.self) { try small.train("cut", overrides) { _ in throw Stopped() } }
        let outcome = try small.train("whole", overrides)
        let rows = try small.inference("whole", rows: .all).dataset
        let configuration = try small.configuration(overrides)
        let context = TrainingContext(model: outcome.model, train: rows, val: rows, device: .cpu, reporter: SilentReporter())
        let trainee = try Trainee(
            model: outcome.model, plugins: try TrainingPlugins(configuration.training, context),
            everTrained: outcome.model.encoders.mapValues(\.trainable))
        let changes = { () throws in
            try trainee.entries.filter { $0.path.hasSuffix("lora_B.weight") }
                .map { try $0.tensor.detached().absolute().sum().item() }.reduce(0, +)
        }
        try TrainingCheckpoint(folder: url("whole/checkpoints/last")).readWeights(into: trainee)
        #expect(try changes() > 0)
        try TrainingCheckpoint(folder: url("cut/checkpoints/best")).readWeights(into: trainee)
        #expect(try changes() == 0)
    }

    @Test func aRunGoesOnFromAnAdapterOrKeepsIt() throws {
        let first = try small.train("first", Self.overrides)
        let frozen = ["modalities.image.weights=\(url("first/model/image/adapter").path)"]
        try small.train("frozen", frozen + ["training.epochs=1"])
        #expect(
            try Data(contentsOf: url("frozen/model/image/adapter/adapter_model.safetensors"))
                == Data(contentsOf: url("first/model/image/adapter/adapter_model.safetensors")))
        let named = ["modalities.image.adapter=\(url("first/model/image/adapter").path)", "modalities.image.train=lora:2"]
        let second = try small.train("second", named + ["modalities.image.learning_rate=0", "training.epochs=1"])
        let value = { (outcome: Training.Outcome) in
            try #require(outcome.model.encoders[.image]?.parameters.entries.first { $0.path == "conv1.lora_B.weight" }).tensor
        }
        #expect(try maxDifference(value(second).detached(), value(first).detached()) == 0)
        let yaml = try String(contentsOf: url("second/config.yaml"), encoding: .utf8)
        #expect(yaml.contains("adapter: ") && yaml.contains("train: lora:2"))
    }

    @Test func ratesFollowWhatIsTrained() throws {
        func rates(_ overrides: [String]) throws -> [Double?] {
            let configuration = try small.configuration(overrides)
            return [Modality.image, .audio].map { configuration.modalities[$0]?.tuning.learningRate }
        }
        #expect(try rates(["modalities.image.train=lora:2", "modalities.audio.train=last:1"]) == [1e-3, 1e-4])
        let given = ["modalities.image.train=norm", "modalities.audio.train=all", "training.encoder_learning_rate=0.5"]
        #expect(try rates(given) == [0.5, 0.5])
        #expect(try rates(given + ["modalities.audio.learning_rate=0.25"]) == [0.5, 0.25])
        let yaml = try small.configuration(["modalities.image.train=bitfit"]).yaml
        #expect(yaml.contains("learning_rate: 0.001") && !yaml.contains("encoder_learning_rate"))
        #expect(Trainable.all.learningRate(.text) == 5e-5)
    }

    @Test(arguments: [
        ("modalities.image.lora_alpha=2", "modalities.image.lora_alpha: acts only with train: lora:R"),
        ("modalities.image.lora_targets=[x]", "modalities.image.lora_targets: acts only with train: lora:R"),
        ("modalities.image.dora=true", "modalities.image.dora: acts only with train: lora:R"),
        ("modalities.image.learning_rate=1", "modalities.image.learning_rate: acts only where the encoder is trained"),
        ("modalities.image.batch_norm=frozen", "acts only where the encoder's own weights are trained"),
        ("modalities.image.train=lora:0", "expected none, last:N, first:N, all, bitfit, norm, lora:R or ia3"),
    ])
    func whatDoesNotActIsRefused(_ override: String, _ said: String) throws {
        let error = #expect(throws: BraidError.self) { try small.configuration([override]) }
        #expect(error?.description.contains(said) == true)
    }
}
