import Foundation
import TestSupport
import Testing

@testable import Braid

/// Tasks and heads on the whole way: train, write, read, evaluate, report.
@Suite struct TaskTests {
    private let small: SmallRun

    init() throws { small = try SmallRun() }

    private static let labels: [String: @Sendable (Int) -> String] = [
        "binary": { $0 % 2 == 0 ? "high" : "low" }, "multiclass": { $0 % 2 == 0 ? "high" : "low" },
        "multilabel": { $0 % 2 == 0 ? "bright|loud" : $0 % 4 == 1 ? "dark" : "|" },
        "regression": { "\($0 % 2 == 0 ? 10.0 : -4.0)" },
    ]

    @Test(arguments: TaskKind.registry.all) func everyTaskTrainsAndIsReadBack(_ task: TaskKind) throws {
        let value = try #require(Self.labels[task.name])
        try small.makeData(48, labels: [("label", value)])
        let outcome = try small.train("run", ["head.task=\(task)", "training.epochs=30"])
        let test = try #require(outcome.test)
        let session = try small.inference("run")
        #expect(try session.predict().primary.values == test.primary.values)
        let scores = try test.allScores()
        #expect(Set(scores.keys).isSubset(of: Set(test.primary.target.allMetrics.map(\.name))))
        switch task {
        case .binary, .multiclass: #expect(try #require(scores["accuracy"]) >= 0.9)
        case .multilabel: #expect(try #require(scores["micro_f1"]) >= 0.7, "\(scores)")
        default:
            #expect(try #require(scores["r2"]) >= 0.8)
            // In the label's own unit.
            #expect(try #require(scores["mae"]) < 3)
        }
        let report = try String(contentsOf: small.folder.url.appendingPathComponent("run/report.txt"), encoding: .utf8)
        #expect(report.contains(task == .regression ? "R²" : "precision"))
        #expect(FileManager.default.fileExists(atPath: small.folder.url.appendingPathComponent("run/report.html").path))
        let ablation = try Ablation(session)
        #expect(ablation.primary.entries.count == 3)
        #expect(ablation.table.contains("Fusion: "))
    }

    private let two = """
        heads:
          level: {task: binary, hidden: [8]}
          loudness: {task: regression, hidden: [], weight: 0.5}
        """

    /// A sample may lack some labels; what one head learns does not depend on what the other lacks.
    private func makeTwo(lacks: @escaping (Int) -> Bool = { _ in false }) throws {
        try small.makeData(
            32,
            labels: [
                ("level", { $0 % 2 == 0 ? "high" : "low" }), ("loudness", { lacks($0) ? "" : "\($0 % 2 == 0 ? 3 : 1)" }),
            ])
    }

    @Test func severalHeadsShareAFusion() throws {
        try makeTwo { $0 % 5 == 0 }
        let outcome = try small.train("run", ["training.epochs=10"], head: two)
        let record = try #require(outcome.history.last)
        #expect(Set(record.val.keys).isSuperset(of: ["level.accuracy", "loudness.r2"]))
        let test = try #require(outcome.test)
        #expect(test.heads.map(\.target.name) == ["level", "loudness"])
        #expect(
            test.csv.split(separator: "\n")[0]
                == "id,level.label,level.prediction,level.probability,level.p_high,level.p_low,loudness.label,loudness.prediction")
        #expect(test.heads[1].labelled().samples.count < test.samples.count)
        #expect(try small.inference("run").predict().heads[1].values == test.heads[1].values)
        #expect(try Ablation(small.inference("run")).heads.count == 2)
    }

    @Test func headWeightsColumnsAndStoppingHeadAct() throws {
        try makeTwo()
        let plain = try small.losses("plain", [], head: two)
        #expect(try small.losses("weight", ["heads.loudness.weight=2"], head: two) != plain)
        let swapped = ["heads.level.column=level2", "heads.loudness.column=loudness"]
        #expect(throws: BraidError.self) { try small.train("gone", swapped, head: two) }
        let stopped = try small.train(
            "stop", ["training.early_stopping.head=loudness", "training.early_stopping.metric=rmse"], head: two)
        #expect(stopped.history.allSatisfy { $0.val["loudness.rmse"] != nil })
        #expect(throws: BraidError.self) { try small.configuration(["training.early_stopping.head=other"], head: two) }
        #expect(throws: BraidError.self) { try small.configuration(["heads.level.column=loudness"], head: two) }
    }

    @Test func aListInJSONLinesIsSeveralLabels() throws {
        try small.makeData(4)
        let rows = [#"["a", "b"]"#, "[]", #""b""#, #"["a|b"]"#].enumerated().map { #"{"image": "\#($0).png", "label": \#($1)}"# }
        let url = try small.folder.write(rows.joined(separator: "\n"), as: "m.jsonl")
        let names = try Manifest.read(url).samples.map { try Multilabel().names(in: $0.label ?? "?") }
        #expect(names == [["a", "b"], [], ["b"], ["a|b"]])
    }

    @Test(arguments: [("image", "audio"), ("audio", "image")]) func aManifestWithFewerModalitiesTrainsUnchanged(
        _ kept: String, _ gone: String
    ) throws {
        try small.makeData(24, hasImage: { _ in kept == "image" }, hasAudio: { _ in kept == "audio" })
        for kind in FusionKind.fusions where !kind.isFitted {
            let outcome = try small.train(kind.name, ["fusion.type=\(kind.name)", "training.alignment.weight=0.1"])
            #expect(outcome.model.modalities.map(\.rawValue) == [kept])
            let written = small.folder.url.appendingPathComponent("\(kind.name)/config.yaml")
            #expect(!(try String(contentsOf: written, encoding: .utf8)).contains(gone))
        }
    }

    @Test(arguments: [
        (["a", "b", "a"], TaskKind.binary), (["a", "b", "c"], .multiclass), (["a|b", "c"], .multilabel),
        (["1", "2", "1"], .binary),
        ((0..<20).map { "\($0).5" }, .regression), ((0..<9).map { "\($0)" }, .multiclass),
    ])
    func initProposesTheTask(_ labels: [String], _ task: TaskKind) { #expect(ProposedTask(labels).kind == task) }
}
