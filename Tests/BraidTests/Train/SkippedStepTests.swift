import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Steps whose gradients are not finite while the loss is.
@Suite struct SkippedStepTests {
    /// Makes the gradients of some steps NaN: the root of nothing has no derivative.
    private final class Overflow: TrainingPlugin {
        @TaskLocal static var steps: Set<Int> = []
        private let steps = Overflow.steps
        private var step = 0

        func loss(_ loss: Tensor, _ step: TrainingStep) throws -> Tensor {
            defer { self.step += 1 }
            guard steps.contains(self.step) else { return loss }
            return try loss + step.output.fused.scaled(by: 0).sum().power(0.5)
        }

        static let kind = PluginKind(name: "test-overflow", paper: "") { _, _ in
            guard !Overflow.steps.isEmpty else { return nil }
            return { _ in Overflow() }
        }

        static let registered: Void = { try? PluginKind.registry.register(kind) }()
    }

    private let small: SmallRun

    init() throws {
        small = try SmallRun()
        _ = Overflow.registered
    }

    @Test func theyChangeNothingAndAreSaid() throws {
        try small.makeData(48)
        let notes = NotedReporter()
        let run = RunFolder(small.folder.url.appendingPathComponent("run"))
        // Three steps an epoch: the second of the first epoch, and two of the last.
        let outcome = try Overflow.$steps.withValue([1, 7, 8]) {
            try Training(small.configuration(["training.monitor=false"]), into: run, reporter: notes)()
        }
        #expect(outcome.history.count == 3 && outcome.history.allSatisfy { $0.trainLoss.isFinite && $0.valLoss?.isFinite == true })
        let said = notes.notes.filter { $0.contains("were not finite") }
        #expect(said.count == 2 && said[0].contains("epoch 1: the gradients of 1 of 3") && said[1].contains("2 of 3"))
        for entry in outcome.model.parameters.parameters {
            #expect(try entry.tensor.array(of: Float.self).allSatisfy(\.isFinite), "\(entry.path)")
        }
    }

    @Test func manyInARowEndTheTraining() throws {
        try small.makeData(96)
        let error = #expect(throws: BraidError.self) {
            try Overflow.$steps.withValue(Set(0..<60)) { try small.train("run", ["training.epochs=4", "training.batch_size=4"]) }
        }
        #expect(error?.description.contains("10 steps one after the other") == true)
    }

    @Test func anEpochWithoutAnyEndsTheTraining() throws {
        try small.makeData(48)
        let error = #expect(throws: BraidError.self) {
            try Overflow.$steps.withValue(Set(3..<9)) { try small.train("run") }
        }
        #expect(error?.description.contains("all 3 steps of epoch 2") == true)
    }
}
