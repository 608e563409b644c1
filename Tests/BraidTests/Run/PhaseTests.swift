import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Fusion and heads first, then the encoders too.
@Suite struct PhaseTests {
    private let small: SmallRun
    private static let overrides = [
        "modalities.image.train=last:1", "training.epochs=4", "training.head_epochs=2", "training.monitor=false",
    ]

    init() throws {
        small = try SmallRun()
        try small.makeData()
    }

    /// An encoder's weights in a checkpoint, by path.
    private func encoder(_ run: String) throws -> [String: [UInt8]] {
        let file = try SafetensorsFile(small.folder.url.appendingPathComponent("\(run)/checkpoints/last/weights.safetensors"))
        return try Dictionary(
            uniqueKeysWithValues: file.entries.keys.filter { $0.hasPrefix("encoders.image.") }.map {
                ($0, try file.tensor($0).bytes())
            })
    }

    @Test func encodersAreTrainedInTheSecondPhaseOnly() throws {
        var weights: [[String: [UInt8]]] = []
        let outcome = try small.train("run", Self.overrides) { _ in weights.append(try encoder("run")) }
        #expect(outcome.history.map(\.epoch) == [1, 2, 3, 4])
        #expect(weights.count == 4 && !weights[0].isEmpty)
        #expect(weights[0] == weights[1])
        #expect(weights[1] != weights[2] && weights[2] != weights[3])
        // A schedule of its own: the rate rises again.
        #expect(outcome.history[2].learningRate > outcome.history[1].learningRate)
        // Read back, the encoder computes in its inference form.
        let (said, trained) = (try small.inference("run").predict().primary.values, try #require(outcome.test).primary.values)
        #expect(zip(said.joined(), trained.joined()).allSatisfy { abs($0 - $1) <= 1e-4 })
    }

    /// Broken off within either phase, and between them.
    @Test(arguments: [1, 2, 3]) func aResumedRunIsBitIdentical(_ epoch: Int) throws {
        struct Stopped: Error {}
        try small.train("whole", Self.overrides)
        #expect(throws: Stopped.self) { try small.train("cut", Self.overrides) { if $0 == epoch { throw Stopped() } } }
        try small.train("cut", Self.overrides, resume: true)
        for file in ["model/model.safetensors", "model/image/model.safetensors", "checkpoints/last/weights.safetensors"] {
            let whole = try Data(contentsOf: small.folder.url.appendingPathComponent("whole/\(file)"))
            #expect(try Data(contentsOf: small.folder.url.appendingPathComponent("cut/\(file)")) == whole, "\(file)")
        }
    }

    @Test func randomEncodersAreTheSameInBothPhases() throws {
        let random = ["modalities.image.weights=random", "modalities.image.encoder=\(Fixtures.url("resnet").path)"]
        var weights: [[String: [UInt8]]] = []
        try small.train("run", Self.overrides + random + ["training.encoder_learning_rate=0"]) { _ in
            weights.append(try encoder("run").filter { !$0.key.contains("running") && !$0.key.contains("num_batches") })
        }
        #expect(weights[0] == weights[3])
    }

    @Test(arguments: [["training.head_epochs=1"], ["modalities.image.train=all", "training.head_epochs=3"]])
    func whatCannotActIsRefused(_ overrides: [String]) throws {
        #expect(throws: BraidError.self) { try small.configuration(overrides) }
    }

    @Test func parametersAreGrouped() throws {
        let outcome = try small.train("run", ["modalities.image.train=last:1", "training.epochs=1", "training.weight_decay=0.5"])
        let configuration = try small.configuration(["training.weight_decay=0.5", "modalities.image.train=last:1"])
        let context = TrainingContext(
            model: outcome.model, train: try small.inference("run", rows: .all).dataset,
            val: try small.inference("run", rows: .all).dataset, device: .cpu, reporter: SilentReporter())
        let trainee = try Trainee(
            model: outcome.model, plugins: try TrainingPlugins(configuration.training, context),
            everTrained: outcome.model.encoders.mapValues(\.trainable))
        let groups = try trainee.groups(configuration.training)
        #expect(
            groups.map(\.name) == ["fusion and heads", "fusion and heads, without decay", "encoders", "encoders, without decay"])
        for group in groups {
            #expect(group.weightDecay == (group.name.hasSuffix("without decay") ? 0 : 0.5))
            #expect(group.learningRateScale == (group.name.hasPrefix("encoders") ? 0.01 : 1))
            let ranks = Set(group.parameters.map { $0.tensor.shape.count > 1 })
            #expect(ranks == [!group.name.hasSuffix("without decay")])
        }
    }
}
