import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Stacked fusion on the whole way: fit, write, read, predict from what is there.
@Suite struct StackedTests {
    private let small: SmallRun

    init() throws { small = try SmallRun() }

    private static let labels: [String: @Sendable (Int) -> String] = [
        "binary": { $0 % 2 == 0 ? "high" : "low" }, "multiclass": { $0 % 2 == 0 ? "high" : $0 % 3 == 0 ? "low" : "lower" },
        "multilabel": { $0 % 2 == 0 ? ($0 % 4 == 0 ? "bright|loud" : "bright") : "|" },
        "regression": { "\($0 % 2 == 0 ? 10.0 : -4.0)" },
    ]

    @Test(arguments: TaskKind.registry.all) func everyTaskIsFittedAndReadBack(_ task: TaskKind) throws {
        try small.makeData(60, labels: [("label", try #require(Self.labels[task.name]))])
        let outcome = try small.train(plain: "stacked", "run", ["head.task=\(task)"])
        let test = try #require(outcome.test)
        #expect(outcome.history.count == 1)
        // The same weights at another place in memory: a product may add up in another order.
        let read = try small.inference("run").predict().primary.values
        for (one, other) in zip(read.joined(), test.primary.values.joined()) {
            #expect(abs(one - other) <= 1e-5 * max(1, abs(other)))
        }
        let scores = try test.allScores()
        switch task {
        case .regression: #expect(try #require(scores["r2"]) > 0.8)
        case .multilabel: #expect(try #require(scores["micro_f1"]) >= 0.7)
        case .binary: #expect(try #require(scores["accuracy"]) >= 0.9)
        default: #expect(try #require(scores["accuracy"]) >= 0.6)
        }
        // Fitting again gives the same, bit by bit.
        let again = try small.train(plain: "stacked", "again", ["head.task=\(task)"])
        #expect(again.test?.primary.values == test.primary.values)
    }

    @Test func everySubsetOfModalitiesHasWeightsOfItsOwn() throws {
        try small.makeData(80, hasImage: { $0 % 5 != 0 }, hasAudio: { $0 % 5 != 1 })
        let outcome = try small.train(plain: "stacked", "run")
        let votes = try #require(outcome.model.parameters.entries.first { $0.path == "fusion.votes.label" }).tensor
        let table = try votes.array(of: Float.self)
        // Sets of bits: none, image, audio, both; views: image, audio, their kernels, both together.
        #expect(votes.shape == [4, 5])
        let rows = (0..<4).map { Array(table[$0 * 5..<$0 * 5 + 5]) }
        #expect(rows[0] == [0, 0, 0, 0, 0])
        #expect(rows[1][0] + rows[1][2] > 0 && rows[1][1] + rows[1][3] + rows[1][4] == 0)
        #expect(rows[2][1] + rows[2][3] > 0 && rows[2][0] + rows[2][2] + rows[2][4] == 0)
        #expect(table.allSatisfy { $0 >= 0 })
        let ablation = try Ablation(small.inference("run"))
        for entry in ablation.primary.entries { #expect(try #require(entry.score(.accuracy)) >= 0.9) }
    }

    @Test func refittingLearnsFromVal() throws {
        try small.makeData(48)
        let with = try small.train(plain: "stacked", "with")
        let without = try small.train(plain: "stacked", "without", ["training.refit=false"])
        // Val judges the fit that has not seen it, either way.
        #expect(with.history[0].val == without.history[0].val)
        #expect(with.test?.primary.values != without.test?.primary.values)
    }

    @Test func kernelsActAndCanBeLeftOut() throws {
        try small.makeData(48)
        let with = try small.train(plain: "stacked", "with")
        let few = try small.train(plain: "stacked", "few", ["fusion.landmarks=5"])
        let without = try small.train(plain: "stacked", "without", ["fusion.landmarks=0"])
        #expect(Set([with, few, without].map { $0.history[0].trainLoss }).count == 3)
        #expect(with.history[0].figures["penalty/image/kernel"] != nil && without.history[0].figures["penalty/image/kernel"] == nil)
        let read = try small.inference("few").predict().primary.values
        for (one, other) in zip(read.joined(), try #require(few.test).primary.values.joined()) { #expect(abs(one - other) < 1e-4) }
    }

    @Test func seedsDecideTheFolds() throws {
        try small.makeData(48)
        let runs = try ["0", "1"].map { try small.train(plain: "stacked", "run\($0)", ["training.seed=\($0)"]) }
        #expect(runs[0].history[0].trainLoss != runs[1].history[0].trainLoss)
    }

    @Test func aSingleModalityIsAFusionOfOne() throws {
        try small.makeData(48, hasAudio: { _ in false })
        let outcome = try small.train(plain: "stacked", "run")
        #expect(outcome.model.modalities == [.image])
        #expect(try #require(outcome.test?.allScores()["accuracy"]) >= 0.9)
    }

    @Test func anInterruptedRunIsFittedAgain() throws {
        try small.makeData(48)
        let whole = try small.train(plain: "stacked", "run")
        try FileManager.default.removeItem(at: small.folder.url.appendingPathComponent("run/model"))
        let resumed = try small.train(plain: "stacked", "run", resume: true)
        #expect(resumed.test?.primary.values == whole.test?.primary.values)
    }

    @Test func labelsThatAreMissingDoNotCount() throws {
        try small.makeData(
            60, labels: [("label", { $0 % 2 == 0 ? "high" : "low" }), ("size", { $0 % 3 == 0 ? "" : "\($0 % 2 == 0 ? 3 : 1)" })])
        let heads = ["heads.label.task=binary", "heads.size.task=regression"]
        let outcome = try small.train(plain: "stacked", "run", heads)
        let test = try #require(outcome.test)
        #expect(try #require(test.heads[1].labelled().scores([.r2])[.r2]) > 0.8)
        #expect(try #require(test.heads[0].scores([.accuracy])[.accuracy]) >= 0.9)
    }

    @Test(arguments: [
        "training.epochs=3", "training.learning_rate=0.1", "training.batch_size=8", "training.monitor=false", "fusion.dim=8",
        "fusion.dropout=0.2", "fusion.modality_dropout=0.1", "head.hidden=[8]", "head.type=mlp", "head.calibration=none",
        "modalities.image.train=all", "training.early_stopping.patience=3",
    ])
    func whatGovernsTrainingIsRefused(_ override: String) throws {
        try small.makeData()
        let error = #expect(throws: BraidError.self) { try small.plain("stacked", [override]) }
        #expect(error?.faults.contains { $0.message.contains("fusion.type: stacked") } == true)
    }

    @Test func aLossWithoutSlopeIsRefused() throws {
        #expect(throws: BraidError.self) { try small.plain("stacked", ["head.task=regression", "head.loss=mae"]) }
        #expect(throws: Never.self) { try small.plain("stacked", ["head.task=regression", "head.loss=huber"]) }
    }

    @Test func aSingleGroupCannotBeHeldOut() throws {
        let url = try small.makeData(24)
        let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
        let grouped = lines.enumerated().map { $1 + ($0 == 0 ? ",group" : $0 <= 12 ? ",one" : ",other \($0)") }
        try small.folder.write(grouped.joined(separator: "\n") + "\n", as: "manifest.csv")
        let error = #expect(throws: BraidError.self) { try small.train(plain: "stacked", "run") }
        #expect(error?.description.contains("one group") == true)
    }
}
