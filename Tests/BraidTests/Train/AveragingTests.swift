import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// The moving average of weights, accumulated gradients, and learning rates by layer.
@Suite struct AveragingTests {
    /// Against `torch.optim.swa_utils`, over a hundred steps: scripts/references/ops.py.
    @Test func theAverageFollowsPyTorch() throws {
        let file = try Fixtures.tensors("optimizers.safetensors")
        let weight = try file.tensor("ema/weight0").cloned()
        let average = try WeightAverage([.init(path: "w", tensor: weight, kind: .parameter, decays: true)], decay: 0.9)
        for step in 0..<100 {
            try weight.copyInPlace(from: file.tensor("ema/weights").select(0, step))
            try average.update()
        }
        let last = try weight.cloned()
        let difference = try average.exchanged { try maxDifference(weight, file.tensor("ema/average100")) }
        #expect(difference <= 1e-6)
        #expect(try maxDifference(weight, last) == 0)
    }

    private func small() throws -> SmallRun {
        let small = try SmallRun()
        try small.makeData()
        return small
    }

    /// Two batches of half the size, with nothing drawn at random, make the step of one.
    @Test func accumulatedBatchesAreOneLargeOne() throws {
        let small = try small()
        let recipe = ["fusion.modality_dropout=0", "fusion.dropout=0", "training.epochs=2", "training.monitor=false"]
        let whole = try small.train("whole", recipe + ["training.batch_size=8"])
        let parts = try small.train("parts", recipe + ["training.batch_size=4", "training.accumulate=2"])
        #expect(parts.history.map(\.step) == whole.history.map(\.step))
        let (a, b) = (try #require(whole.test).primary.values, try #require(parts.test).primary.values)
        #expect(zip(a.joined(), b.joined()).allSatisfy { abs($0 - $1) < 1e-4 })
        let error = #expect(throws: BraidError.self) {
            try small.configuration(["training.accumulate=2", "training.balance.method=ogm-ge"])
        }
        #expect(error?.description.contains("training.accumulate: does not go with training.balance.method") == true)
    }

    @Test func theAverageIsJudgedKeptAndResumed() throws {
        let small = try small()
        struct Stopped: Error {}
        let recipe = ["training.ema=0.8", "modalities.image.train=last:1"]
        let averaged = try small.train("whole", recipe)
        #expect(throws: Stopped.self) { try small.train("cut", recipe) { if $0 == 2 { throw Stopped() } } }
        try small.train("cut", recipe, resume: true)
        for file in ["model/model.safetensors", "model/image/model.safetensors", "checkpoints/last/optimizer.safetensors"] {
            let whole = try Data(contentsOf: small.folder.url.appendingPathComponent("whole/\(file)"))
            #expect(try Data(contentsOf: small.folder.url.appendingPathComponent("cut/\(file)")) == whole, "\(file)")
        }
        let plain = try small.train("plain", ["modalities.image.train=last:1"])
        #expect(averaged.history.last?.valLoss != plain.history.last?.valLoss)
        #expect(averaged.history.first?.trainLoss == plain.history.first?.trainLoss)
    }

    @Test func earlierBlocksLearnMoreSlowly() throws {
        let small = try small()
        let recipe = ["modalities.image.train=all", "training.layer_decay=0.5", "training.encoder_learning_rate=0.001"]
        let outcome = try small.train("run", recipe + ["training.epochs=1"])
        let source = try small.inference("run", rows: .all).dataset
        let configuration = try small.configuration(recipe)
        let context = TrainingContext(model: outcome.model, train: source, val: source, device: .cpu, reporter: SilentReporter())
        let trainee = try Trainee(
            model: outcome.model, plugins: TrainingPlugins(configuration.training, context),
            everTrained: outcome.model.encoders.mapValues(\.trainable))
        let groups = try trainee.groups(configuration.training).filter { $0.name.hasPrefix("encoders, block") }
        let blocks = try #require(outcome.model.encoders[.image]).encoder.blocks.count
        #expect(Set(groups.map(\.name)).count > blocks)
        for group in groups {
            let depth = try #require(Int(group.name.dropFirst("encoders, block ".count).prefix { $0.isNumber }))
            #expect(abs(group.learningRateScale - 0.1 * pow(0.5, Double(depth))) < 1e-12)
            #expect(group.parameters.allSatisfy { outcome.model.depth(of: $0.path) == depth })
        }
        #expect(throws: BraidError.self) { try small.configuration(["training.layer_decay=0.5"]) }
    }

    @Test(arguments: ["lion", "lamb"]) func otherOptimizersActAndGoOn(_ name: String) throws {
        let small = try small()
        struct Stopped: Error {}
        let recipe = ["training.optimizer=\(name)", "training.learning_rate=0.003"]
        try small.train("whole", recipe)
        #expect(throws: Stopped.self) { try small.train("cut", recipe) { if $0 == 2 { throw Stopped() } } }
        try small.train("cut", recipe, resume: true)
        try small.train("adamw", ["training.learning_rate=0.003"])
        let weights = try ["whole", "cut", "adamw"].map {
            try Data(contentsOf: small.folder.url.appendingPathComponent("\($0)/model/model.safetensors"))
        }
        #expect(weights[0] == weights[1] && weights[0] != weights[2])
    }
}
