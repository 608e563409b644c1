import Foundation
import TestSupport
import Testing

@testable import Braid

/// Classifiers on embeddings on the whole way, and learning curves.
@Suite struct FewLabelTests {
    private let small: SmallRun

    init() throws { small = try SmallRun() }

    private static let others = ClassifierKind.registry.all.map(\.name).filter { $0 != "logistic" }

    private func check(_ overrides: [String]) throws -> Training.Outcome {
        let outcome = try small.train(plain: "stacked", "run", overrides)
        let test = try #require(outcome.test)
        // What was written says the same as what was trained, but for rounding.
        let read = try small.inference("run").predict().primary.values
        for (one, other) in zip(read.joined(), test.primary.values.joined()) {
            #expect(abs(one - other) <= 1e-4 * max(1, abs(other)), "\(overrides)")
        }
        return outcome
    }

    @Test(arguments: others) func everyClassifierIsFittedAndReadBack(_ name: String) throws {
        try small.makeData(60, hasImage: { $0 % 5 != 0 }, hasAudio: { $0 % 5 != 1 })
        for task in ["binary", "multiclass"] {
            let outcome = try check(["fusion.classifier=\(name)", "head.task=\(task)"])
            #expect(try #require(outcome.test?.allScores()["accuracy"]) >= 0.9, "\(name) \(task)")
            // Probabilities are calibrated by held-out rows: of sure answers they are sure.
            #expect(try #require(outcome.test?.allScores()["brier"]) < 0.1, "\(name) \(task)")
            try FileManager.default.removeItem(at: small.folder.url.appendingPathComponent("run"))
        }
    }

    @Test(arguments: ["ridge", "knn"]) func numbersAndFlagsAreTold(_ name: String) throws {
        try small.makeData(60, labels: [("label", { "\($0 % 2 == 0 ? 10.0 : -4.0)" })])
        let number = try check(["fusion.classifier=\(name)", "head.task=regression"])
        #expect(try #require(number.test?.allScores()["r2"]) > 0.8)
        try FileManager.default.removeItem(at: small.folder.url.appendingPathComponent("run"))
        try small.makeData(60, labels: [("label", { $0 % 2 == 0 ? "bright|loud" : "|" })])
        let flags = try check(["fusion.classifier=\(name)", "head.task=multilabel"])
        #expect(try #require(flags.test?.allScores()["micro_f1"]) > 0.8)
    }

    /// Of a few rows a class none are held out to choose a fusion by: folds would be without classes, and what claims least about these would win.
    @Test func ofFewLabelsStackedIsTakenUntried() throws {
        try small.makeData(64, labels: [("label", { "class \($0 % 24)" })])
        let choice = try #require(try small.train(plain: "auto", "run", ["training.epochs=2"]).findings.choice)
        #expect(choice.fusion == "stacked" && choice.trials.isEmpty && choice.reason.contains("labelled rows or fewer"))
    }

    /// A row of a class that no other has judges no fusion.
    @Test func rowsThatNothingCouldLearnJudgeNothing() throws {
        try small.makeData(60, labels: [("label", { $0 == 0 || $0 == 3 ? "alone \($0)" : $0 % 2 == 0 ? "high" : "low" })])
        let choice = try #require(try small.train(plain: "auto", "run", ["training.epochs=2"]).findings.choice)
        #expect(!choice.trials.isEmpty && choice.trials[0].loss < 1)
    }

    @Test func whatAClassifierCannotTellIsRefused() throws {
        try small.makeData()
        for name in ["prototype", "tip-adapter", "lda"] {
            let error = #expect(throws: BraidError.self) {
                try small.plain("stacked", ["fusion.classifier=\(name)", "head.task=regression"])
            }
            #expect(error?.description.contains("\(name) cannot tell what a regression head asks") == true)
        }
        for (key, owner) in [
            ("penalty=1", "ridge"), ("shrinkage=0.1", "lda"), ("neighbours=3", "knn"), ("alpha=1", "tip-adapter"),
            ("metric=euclidean", "prototype, knn"),
        ] {
            let error = #expect(throws: BraidError.self) { try small.plain("stacked", ["fusion.\(key)"]) }
            #expect(
                error?.description.contains("acts only with fusion.classifier: \(owner)") == true, "\(error?.description ?? "")")
        }
        #expect(throws: BraidError.self) { try small.plain("stacked", ["fusion.classifier=ridge", "fusion.landmarks=5"]) }
        #expect(throws: BraidError.self) { try small.plain("concat", ["fusion.classifier=ridge"]) }
    }

    @Test func givenNumbersAct() throws {
        try small.makeData(48)
        let figures = try [
            ["classifier=ridge", "penalty=3"], ["classifier=lda", "shrinkage=0.5"], ["classifier=knn", "neighbours=2"],
            ["classifier=tip-adapter", "alpha=2", "beta=7"], ["classifier=prototype", "temperature=0.3", "metric=euclidean"],
        ].enumerated().map { number, keys in
            try small.train(plain: "stacked", "run\(number)", keys.map { "fusion.\($0)" }).history[0].figures
        }
        #expect(figures[0]["penalty/image"] == 3 && figures[1]["shrinkage/image"] == 0.5 && figures[2]["neighbours/image"] == 2)
        #expect(figures[3]["alpha/image"] == 2 && figures[3]["beta/audio"] == 7 && figures[4]["temperature/image"] == 0.3)
    }

    private func curve(
        _ shots: String, draws: Int = 2, heads: [String] = [], scratch: Bool = false, jobs: Int? = nil, in name: String = "curve",
        resume: Bool = false
    ) throws -> LearningCurve.Outcome {
        let settings = LearningCurve.Settings(
            shots: try Shots(shots), draws: draws, heads: heads, withScratch: scratch, target: 0.9, metric: .accuracy, jobs: jobs)
        return try LearningCurve(small.plain("auto"), into: small.folder.url.appendingPathComponent(name), settings)(resume: resume)
    }

    @Test func aCurveHasEveryHeadAtEveryNumberOfLabels() throws {
        try small.makeData(48)
        let heads = ["stacked", "concat"] + Self.others
        let outcome = try curve("1,4,64,all", heads: heads)
        #expect(outcome.systems == heads && outcome.points.count == heads.count * 3 * 2)
        #expect(outcome.shots.map(\.shots) == [1, 4, nil] && outcome.shots.map(\.labels) == [2, 8, 36])
        // Even one label a class tells bright from dark.
        for head in heads where head != "concat" {
            #expect(try #require(outcome.figure(head, 1)).mean >= 0.75, "\(head)")
        }
        let folder = small.folder.url.appendingPathComponent("curve")
        for name in ["curve.txt", "curve.csv", "curve.json", "curve.svg", "curve.html"] {
            #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path), "\(name)")
        }
        let lines = outcome.csv.split(separator: "\n")
        #expect(lines.count == outcome.points.count + 1 && lines[0] == "system,shots,labels,draw,accuracy,seconds")
    }

    @Test func anInterruptedCurveGoesOnAndJobsDoNotMatter() throws {
        try small.makeData(48)
        let whole = try curve("1,4", jobs: 1)
        let log = small.folder.url.appendingPathComponent("curve/curve.jsonl")
        let lines = try String(contentsOf: log, encoding: .utf8).split(separator: "\n")
        try Data((lines.prefix(2).joined(separator: "\n") + "\n" + lines[2].prefix(20)).utf8).write(to: log)
        #expect(throws: BraidError.self) { try curve("1,4") }
        let resumed = try curve("1,4", jobs: 2, resume: true)
        #expect(resumed.points.map(\.score) == whole.points.map(\.score))
        #expect(resumed.points.prefix(2).map(\.seconds) == whole.points.prefix(2).map(\.seconds))
        #expect(try String(contentsOf: log, encoding: .utf8).split(separator: "\n").count == 4)
        // A head that was the recipe's own is known, whatever it is called.
        let named = try curve("1,4", heads: ["stacked"], resume: true)
        #expect(named.points.map(\.score) == whole.points.map(\.score) && named.points.allSatisfy { $0.system == "stacked" })
    }

    @Test func scratchIsTrainedBeside() throws {
        try small.makeData(24)
        let outcome = try curve("1", draws: 1, scratch: true)
        #expect(outcome.systems == ["transfer", "scratch"] && outcome.points.count == 2)
        #expect(outcome.table.contains("transfer − scratch"))
        #expect(outcome.gain("transfer", over: "scratch", 1) != nil)
    }

    @Test func drawsAreNestedAndOtherSeedsDrawOthers() throws {
        let url = try small.makeData(48)
        let manifest = try Manifest.read(url)
        let draws = { (seed: Int) in
            try CurveDraws(manifest, small.plain("auto").heads[0], Shots("2,8"), seed: seed, SilentReporter())
        }
        let (one, other) = (try draws(0), try draws(1))
        let (few, many) = (one.rows(2, draw: 0), one.rows(8, draw: 0))
        #expect(Set(few.all).isSubset(of: many.all) && few.all.count == 4 && many.all.count == 16)
        #expect(!few.isHeldOut && few.train == few.val && many.isHeldOut && many.val.count == 2)
        #expect(Set(few.all) != Set(other.rows(2, draw: 0).all) && Set(few.all) != Set(one.rows(2, draw: 1).all))
        let test = Set(manifest.samples.filter { $0.split == .test }.map(\.id))
        #expect(test.isDisjoint(with: many.all) && test.isDisjoint(with: one.rows(nil, draw: 0).all))
    }

    @Test func needsAreReadOffTheCurve() throws {
        let scores: [String: [[Double]]] = [
            "a": [[0.8, 0.8], [0.9, 0.85], [1, 0.95]], "b": [[0.5, 0.5], [0.6, 0.95], [0.7, 0.99]],
        ]
        let shots = [1, 2, 8]
        let points = scores.flatMap { system, rows in
            rows.enumerated().flatMap { place, row in
                row.enumerated().map { draw, score in
                    CurvePoint(
                        system: system, shots: shots[place], draw: draw, labels: 2 * shots[place], score: score, seconds: 0, key: ""
                    )
                }
            }
        }
        let outcome = LearningCurve.Outcome(
            points: points, metric: .accuracy, systems: ["a", "b"], scratch: nil,
            shots: shots.map { CurveShots(shots: $0, labels: 2 * $0, perClass: Double($0)) }, draws: 2, target: 0.9, testRows: 10)
        let needs = outcome.needs
        // 2, and halfway between 2 and 8 over the logarithm: 4.
        #expect(abs(try #require(needs[0].labels) - (2 * 4.0).squareRoot()) < 1e-9 && !needs[0].isBound)
        #expect(needs[1].labels == nil && needs[1].reached == 1)
        #expect(outcome.table.contains("b: 90.00 % is reached in 1 of 2 draws."))
        #expect(throws: BraidError.self) { try Shots("1,1") }
        #expect(throws: BraidError.self) { try Shots("0,all") }
    }
}
