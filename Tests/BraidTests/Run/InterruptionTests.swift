import Foundation
import TestSupport
import Testing

@testable import Braid

/// A training that is asked to stop does so after its step, and goes on as if nothing had happened.
@Suite struct InterruptionTests {
    let small: SmallRun

    init() throws {
        small = try SmallRun()
        try small.makeData()
    }

    /// Asks at the third, seventh, … step of the training that tells of them.
    private final class Asking: Reporter, StepProgress, @unchecked Sendable {
        let interruption = Interruption()
        private let wanted: Int
        private var steps = 0
        private var isTraining = false

        init(at wanted: Int) { self.wanted = wanted }

        var isListening: Bool { true }
        func note(_ text: String) {}

        func begin(_ title: String, total: Int, unit: StepUnit) -> any StepProgress {
            isTraining = title.hasPrefix("epoch ")
            return self
        }

        func expect(_ count: Int) {}
        func finish(_ note: String) {}

        func advance(by count: Int) {
            guard isTraining, count > 0 else { return }
            steps += 1
            if steps == wanted { #expect(interruption.ask()) }
        }
    }

    private static let recipe = ["training.batch_size=4", "training.balance.method=ogm-ge", "fusion.dropout=0.2"]

    private func train(_ name: String, _ overrides: [String], resume: Bool, _ reporter: Asking? = nil) throws {
        _ = try Training(
            small.configuration(overrides), into: RunFolder(small.folder.url.appendingPathComponent(name)),
            reporter: reporter ?? SilentReporter(), interruption: reporter?.interruption)(resume: resume)
    }

    private func expectSame(_ name: String) throws {
        let files = [
            "model/model.safetensors", "checkpoints/last/weights.safetensors", "checkpoints/last/optimizer.safetensors",
            "checkpoints/best/weights.safetensors",
        ]
        for file in files {
            let whole = try Data(contentsOf: small.folder.url.appendingPathComponent("whole/\(file)"))
            #expect(try Data(contentsOf: small.folder.url.appendingPathComponent("\(name)/\(file)")) == whole, "\(file)")
        }
        let figures = { (run: String) in
            try String(contentsOf: small.folder.url.appendingPathComponent("\(run)/metrics.jsonl"), encoding: .utf8)
                .replacing(/"seconds":[0-9.e-]+/, with: "")
        }
        #expect(try figures(name) == figures("whole"))
    }

    /// Within the first epoch, at the end of one, and twice within the last.
    @Test(arguments: [[], ["modalities.image.train=last:1"], ["modalities.image.train=last:1", "training.head_epochs=1"]])
    func anInterruptedRunGoesOnBitByBit(_ more: [String]) throws {
        let overrides = Self.recipe + more
        try train("whole", overrides, resume: false)
        for (name, stops) in [("first", [1]), ("end", [3]), ("twice", [7, 1])] {
            for (index, stop) in stops.enumerated() {
                let asking = Asking(at: stop)
                let error = #expect(throws: TrainingInterrupted.self) {
                    try train(name, overrides, resume: index > 0, asking)
                }
                #expect(error.map { $0.steps.done <= $0.steps.all } == true)
                #expect(!FileManager.default.fileExists(atPath: small.folder.url.appendingPathComponent("\(name)/model").path))
            }
            try train(name, overrides, resume: true)
            try expectSame(name)
        }
    }

    /// A checkpoint after every step is what a run that was killed leaves.
    @Test func checkpointsWithinEpochsChangeNothing() throws {
        try train("whole", Self.recipe, resume: false)
        try train("often", Self.recipe + ["training.checkpoint.steps=1"], resume: false)
        try expectSame("often")
        // Other intervals are no other training.
        try train("often", Self.recipe + ["training.checkpoint.steps=2", "training.checkpoint.minutes=0"], resume: true)
        try expectSame("often")
    }

    @Test func nobodyListensOutsideOfATraining() {
        #expect(!Interruption().ask())
    }
}
