import Foundation
import TestSupport
import Testing

@testable import Braid
@testable import Torch

@Suite struct ComparisonTests {
    private let small: SmallRun

    init() throws {
        small = try SmallRun()
        try small.makeData(48, hasAudio: { $0 % 6 != 3 })
    }

    private func candidates(_ overrides: [String] = [], fusions: [FusionKind]? = nil) throws -> [Comparison.Candidate] {
        try Comparison.candidates([.init(name: "recipe", configuration: small.configuration(overrides))], fusions: fusions)
    }

    @Test func everyFusionAndEachModalityIsTrainedWithEachSeed() throws {
        let comparison = try Comparison.run(candidates(["training.epochs=2"]), seeds: [0, 1], reporter: SilentReporter())
        #expect(
            comparison.entries.map(\.name) == FusionKind.fusions.map(\.name) + [
                "image alone", "image alone, linear", "audio alone", "audio alone, linear",
            ])
        #expect(comparison.entries.allSatisfy { $0.runs.map(\.seed) == [0, 1] && $0.runs.allSatisfy { $0.test.isFinite } })
        // What lacks the recording says nothing of a model of recordings.
        #expect(comparison.entries.last?.samples == 10)
        #expect(comparison.entries.first?.samples == 12)
        let out = small.folder.url.appendingPathComponent("out")
        try comparison.write(to: out)
        func lines(_ name: String) throws -> Int {
            try String(contentsOf: out.appendingPathComponent(name), encoding: .utf8).split(separator: "\n").count
        }
        #expect(try lines("compare.csv") == FusionKind.fusions.count + 5)
        #expect(try lines("runs.csv") == 2 * (FusionKind.fusions.count + 4) + 1)
        #expect(try String(contentsOf: out.appendingPathComponent("compare.svg"), encoding: .utf8).contains("image alone"))
        #expect(comparison.table.contains("test rows and 2 seeds"))
        // The val rows that have a recording: those that every recipe can judge.
        #expect(comparison.commonRows == 10)
    }

    /// However many run at a time, every training draws from a generator of its own.
    @Test func figuresDoNotDependOnHowManyRunAtATime() throws {
        let found = try [1, 3].map { jobs in
            try Comparison.run(
                candidates(["training.epochs=2", "fusion.dropout=0.5"], fusions: [.concat, .late, .crossAttention]),
                seeds: [0, 1, 2],
                jobs: jobs)
        }
        #expect(found[0].entries.map { $0.runs.map(\.test) } == found[1].entries.map { $0.runs.map(\.test) })
        #expect(found[0].entries.map { $0.runs.map(\.val) } == found[1].entries.map { $0.runs.map(\.val) })
    }

    /// With a rate of nearly nothing there is nothing learnt; the others are perfect.
    @Test func whatIsBehindBeyondDoubtGetsNoMoreSeeds() throws {
        try small.makeData(160)
        let recipes = [
            Comparison.Candidate(name: "good", configuration: try small.configuration(["training.epochs=12"])),
            Comparison.Candidate(name: "idle", configuration: try small.configuration(["training.learning_rate=1.0e-9"])),
        ]
        let raced = try Comparison.run(recipes, seeds: [0, 1, 2])
        #expect(raced.entries[0].runs.count == 3 && raced.entries[1].runs.count == 2)
        #expect(raced.givenUp.map(\.name).contains("idle") && raced.bestFusion?.name == "good")
        #expect(raced.table.contains("Given up after fewer seeds"))
        let whole = try Comparison.run(recipes, seeds: [0, 1, 2], givesUp: false)
        #expect(whole.entries.allSatisfy { $0.runs.count == 3 } && whole.givenUp.isEmpty)
    }

    /// Another device than the CPU is shared by all: several jobs on it are refused, and not made one in silence.
    @Test func jobsActOnTheCPUAlone() throws {
        #expect(throws: BraidError.self) { _ = try SideBySide(on: .cuda(0), jobs: 2) }
        #expect(try SideBySide(on: .cuda(0), jobs: nil)(3) { $0 } == [0, 1, 2])
        #expect(try SideBySide(on: .cpu, jobs: 2)(3) { $0 } == [0, 1, 2])
    }

    /// A comparison trains what train trains.
    @Test func figuresAreThoseOfATraining() throws {
        let trained = try small.train("run", ["training.epochs=3", "training.monitor=false"])
        let comparison = try Comparison.run(
            candidates(["training.epochs=3"], fusions: [.concat]), seeds: [0], reporter: SilentReporter())
        #expect(try comparison.entries[0].runs[0].test == trained.test?.primary.confusion().accuracy)
        #expect(comparison.entries[0].runs[0].bestEpoch == trained.bestEpoch)
        let verdict = try #require(comparison.verdict)
        #expect(verdict.test == "McNemar's exact test" && (verdict.p ?? -1) > 0)
        #expect(comparison.conclusion.contains("on these \(verdict.items) test rows, "))
    }

    @Test func whatCannotBeComparedIsRefused() throws {
        #expect(throws: BraidError.self, "a trained encoder") {
            try Comparison.run(candidates(["modalities.image.train=last:1"]), seeds: [0], reporter: SilentReporter())
        }
        #expect(throws: BraidError.self, "a metric of another task") {
            try Comparison.run(candidates(), metric: .rmse, seeds: [0], reporter: SilentReporter())
        }
        #expect(throws: BraidError.self, "heads do not divide") { try candidates(["fusion.dim=18"]) }
    }
}
