import Foundation
import TestSupport
import Testing

@testable import Braid

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
        #expect(comparison.entries.map(\.name) == FusionKind.fusions.map(\.name) + ["image alone", "audio alone"])
        #expect(comparison.entries.allSatisfy { $0.runs.map(\.seed) == [0, 1] && $0.runs.allSatisfy { $0.test.isFinite } })
        // What lacks the recording says nothing of a model of recordings.
        #expect(comparison.entries.last?.samples == 10)
        #expect(comparison.entries.first?.samples == 12)
        let out = small.folder.url.appendingPathComponent("out")
        try comparison.write(to: out)
        #expect(
            try String(contentsOf: out.appendingPathComponent("compare.csv"), encoding: .utf8).split(separator: "\n").count == FusionKind.fusions.count + 3)
        #expect(try String(contentsOf: out.appendingPathComponent("runs.csv"), encoding: .utf8).split(separator: "\n").count == 2 * (FusionKind.fusions.count + 2) + 1)
        #expect(try String(contentsOf: out.appendingPathComponent("compare.svg"), encoding: .utf8).contains("image alone"))
        #expect(comparison.table.contains("paired t-test over seeds"))
    }

    /// A comparison trains what train trains.
    @Test func figuresAreThoseOfATraining() throws {
        let trained = try small.train("run", ["training.epochs=3", "training.monitor=false"])
        let comparison = try Comparison.run(
            candidates(["training.epochs=3"], fusions: [.concat]), seeds: [0], reporter: SilentReporter())
        #expect(try comparison.entries[0].runs[0].test == trained.test?.primary.confusion().accuracy)
        #expect(comparison.entries[0].runs[0].bestEpoch == trained.bestEpoch)
        #expect(comparison.verdict.contains("more than one seed would tell"))
        #expect(comparison.verdict.contains("McNemar's exact test") && (comparison.sampleTest ?? -1) > 0)
    }

    @Test func theVerdictSaysWhatTheFiguresSay() throws {
        func entry(_ name: String, _ values: [Double], single: Bool) -> Comparison.Entry {
            let runs = values.enumerated().map {
                Comparison.Run(seed: $0, val: $1, test: $1, bestEpoch: 1, epochs: 1, trainSeconds: 1, milliseconds: 1)
            }
            return Comparison.Entry(
                name: name, modalities: single ? [.image] : [.image, .audio], isSingle: single, parameters: 1, samples: 9,
                runs: runs,
                comparable: values)
        }
        let single = entry("image alone", [0.60, 0.61, 0.60], single: true)
        let better = Comparison(entries: [entry("film", [0.70, 0.71, 0.72], single: false), single])
        #expect(
            better.verdict.contains("film is best") && better.verdict.contains("so fusing helps (p = 0.00"), "\(better.verdict)")
        let worse = Comparison(entries: [entry("film", [0.50, 0.51, 0.51], single: false), single])
        #expect(worse.verdict.contains("so fusing hurts"), "\(worse.verdict)")
        let same = Comparison(entries: [entry("film", [0.59, 0.62, 0.60], single: false), single])
        #expect(same.verdict.contains("no proof"), "\(same.verdict)")
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
