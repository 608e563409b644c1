import Foundation
import TestSupport
import Testing

@testable import Braid

@Suite struct SearchTests {
    private let small: SmallRun

    init() throws {
        small = try SmallRun()
        try small.makeData(48)
    }

    private var out: URL { small.folder.url.appendingPathComponent("search") }

    private func search(_ overrides: [String], jobs: Int? = nil, in folder: String = "search") throws -> Search {
        try Search(
            small.configuration(overrides), into: small.folder.url.appendingPathComponent(folder), metric: .accuracy, jobs: jobs)
    }

    private let space = [
        "search.trials=9", "training.epochs=3", "search.space.fusion.type=[concat, late, stacked]",
        "search.space.fusion.dim=[8, 16]", "search.space.training.learning_rate={low: 1.0e-4, high: 1.0e-2, log: true}",
    ]

    @Test func theBestOfARungGoesOnAndTheGivenOneStays() throws {
        let outcome = try search(space)()
        #expect(outcome.results.map(\.epochs).filter { $0 == 1 }.count == 9)
        #expect(outcome.finalists.allSatisfy { $0.epochs == 3 } && (3...4).contains(outcome.finalists.count))
        #expect(outcome.finalists.contains { $0.trial == 0 })
        // What does not act beside the others is left out: a stacked fusion has no learning rate.
        #expect(outcome.results.allSatisfy { $0.settings["fusion.type"] != "stacked" || $0.settings.count == 1 })
        let rates = outcome.results.compactMap { $0.settings["training.learning_rate"].flatMap(Double.init) }
        #expect(!rates.isEmpty && rates.allSatisfy { (1e-4...1e-2).contains($0) })
        let best = try Configuration.read(out.appendingPathComponent("best.yaml"))
        #expect((best.fusion.kind.isFitted || best.training.epochs == 3) && !best.search.isGiven)
        let lines = try String(contentsOf: out.appendingPathComponent("search.csv"), encoding: .utf8).split(separator: "\n")
        #expect(lines.count == outcome.results.count + 1 && lines[0].hasPrefix("trial,epochs,accuracy,error,seconds,fusion.dim"))
        #expect(outcome.table.contains("12 val rows"))
    }

    @Test func figuresDoNotDependOnHowManyRunAtATime() throws {
        let (one, two) = (try search(space, jobs: 1, in: "one")(), try search(space, jobs: 2, in: "two")())
        #expect(one.results.map(\.score) == two.results.map(\.score) && one.results.map(\.error) == two.results.map(\.error))
    }

    @Test func anInterruptedSearchGoesOn() throws {
        let whole = try search(space, jobs: 1)()
        let log = out.appendingPathComponent("search.jsonl")
        let lines = try String(contentsOf: log, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: true)
        // Killed within the fifth line.
        try Data((lines.prefix(4).joined(separator: "\n") + "\n" + lines[4].prefix(20)).utf8).write(to: log)
        #expect(throws: BraidError.self) { try search(space)() }
        let resumed = try search(space, jobs: 1)(resume: true)
        #expect(resumed.results.map(\.score) == whole.results.map(\.score) && resumed.best == whole.best)
        #expect(resumed.results.prefix(4).map(\.seconds) == whole.results.prefix(4).map(\.seconds))
    }

    @Test func foldsJudgeTheTrainSplit() throws {
        let outcome = try search(["search.trials=2", "search.folds=3", "search.space.fusion.dropout=[0.5]", "training.epochs=2"])()
        #expect(outcome.folds == 3 && outcome.rows == 24 && outcome.table.contains("24 train rows, held out in 3 folds"))
    }

    @Test(arguments: [
        ("search.space.fusion.dimm=[1]", "did you mean fusion.dim?"), ("search.space.fusion.dim=3", "expected a list of values"),
        ("search.space.fusion.dropout={low: 1, high: 0}", "low below high"),
        ("search.space.fusion.dim={low: 1, high: 1.0e300}", "two numbers"),
        ("search.space.fusion.type={low: 1, high: 2}", "takes numbers"),
        ("search.space.training.learning_rate={low: 0, high: 1, log: true}", "begins above 0"),
        ("search.space.training.seed=[1, 2]", "that can be searched"), ("search.folds=1", "expected 0, or 2 and more"),
    ])
    func aSpaceThatCannotBeSearchedIsRefused(_ override: String, _ reason: String) throws {
        let error = try #require(throws: BraidError.self) { try small.configuration([override]) }
        #expect(error.description.contains(reason))
    }

    @Test func aValueThatDoesNotFitIsNamed() throws {
        let error = try #require(throws: BraidError.self) {
            try search(["search.space.fusion.dim=[8, abc]", "search.space.fusion.dropout=[0, 0.1]"])()
        }
        #expect(error.description.contains("search.space.fusion.dim: abc cannot be tried"))
        #expect(throws: BraidError.self) { try search(["search.space.fusion.dim=[16]"])() }
        #expect(throws: BraidError.self) { try search(["modalities.image.train=all", "search.space.fusion.dim=[8]"])() }
    }

    @Test func withoutASpaceWhatSuitsTheFusionIsTried() throws {
        let automatic = SearchedKey.standard(try small.plain("auto")).map(\.path)
        #expect(automatic.first == "fusion.type" && automatic.contains("training.learning_rate"))
        let outcome = try Search(small.plain("stacked", ["search.trials=4"]), into: out)()
        #expect(Set(outcome.results.flatMap(\.settings.keys)) == ["fusion.landmarks"])
    }
}
