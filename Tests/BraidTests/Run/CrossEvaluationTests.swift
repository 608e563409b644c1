import Foundation
import TestSupport
import Testing

@testable import Braid

@Suite struct CrossEvaluationTests {
    private let small: SmallRun

    init() throws {
        small = try SmallRun()
        try small.makeData(48)
    }

    @Test func everyRowOfTrainAndValIsAnsweredOnceARepeat() throws {
        let outcome = try small.train(plain: "stacked", "run", ["evaluation.folds=3", "evaluation.repeats=2"])
        let found = try #require(outcome.findings.evaluation)
        #expect(found.folds == 3 && found.repeats == 2 && found.rows == 36 && found.fusions == ["stacked": 6])
        let accuracy = try #require(found.heads[0].figures["accuracy"])
        #expect(accuracy.mean > 0.9 && accuracy.halfWidth != nil)
        #expect(found.table.contains("3 folds × 2 on the 36 rows of train and val, the test split left alone"))
        let run = small.folder.url.appendingPathComponent("run")
        let written = try JSONDecoder().decode(
            CrossEvaluation.self, from: Data(contentsOf: run.appendingPathComponent("evaluation.json")))
        #expect(written == found)
        for name in ["report.txt", "report.html", "run.json"] {
            let text = try String(contentsOf: run.appendingPathComponent(name), encoding: .utf8)
            #expect(text.contains(name == "run.json" ? "\"repeats\"" : "the test split left alone"))
        }
        // The model is the same, with or without.
        let plain = try small.train(plain: "stacked", "plain")
        #expect(plain.findings.evaluation == nil && plain.test?.primary.values == outcome.test?.primary.values)
    }

    /// Labels that mean nothing are found out: no row is answered by a model that has seen it.
    @Test func noRowIsAnsweredByAModelThatHasSeenIt() throws {
        try small.makeData(96, labels: [("label", { $0 * 7919 % 13 < 6 ? "heads" : "tails" })])
        let outcome = try small.train(plain: "stacked", "run", ["evaluation.folds=4"])
        let accuracy = try #require(outcome.findings.evaluation?.heads[0].figures["accuracy"]?.mean)
        #expect(accuracy < 0.75)
    }

    @Test func theFusionIsChosenAnewInEachFoldAndTokensAreAtHand() throws {
        let chosen = try small.train(plain: "auto", "auto", ["evaluation.folds=2", "training.epochs=2"])
        #expect(chosen.findings.evaluation?.fusions.values.reduce(0, +) == 2)
        let attending = try small.train(
            plain: "bottleneck", "tokens", ["evaluation.folds=2", "training.epochs=1", "fusion.dim=16"])
        #expect(attending.findings.evaluation?.fusions == ["bottleneck": 2])
    }

    @Test(arguments: [
        (["evaluation.folds=1"], "2 and more"), (["evaluation.repeats=2"], "acts only with evaluation.folds"),
        (["evaluation.folds=2", "modalities.image.train=all"], "frozen"),
    ])
    func whatCannotBeDividedIsRefused(_ overrides: [String], _ reason: String) throws {
        let error = try #require(throws: BraidError.self) { try small.configuration(overrides) }
        #expect(error.description.contains(reason))
    }

    @Test func tooFewGroupsAreNamed() throws {
        let error = try #require(throws: BraidError.self) { try small.train(plain: "stacked", "run", ["evaluation.folds=40"]) }
        #expect(error.description.contains("too few for evaluation.folds: 40"))
    }
}
