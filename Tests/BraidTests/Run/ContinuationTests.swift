import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// A training goes on from an earlier run's model: with its weights, its classes first, and nothing that it has learnt from among the judges.
@Suite struct ContinuationTests {
    private let small: SmallRun
    /// So slow that weights stay where they were.
    private static let still = ["training.epochs=1", "training.learning_rate=1e-9"]

    /// 48 media; `one.csv` has the first half of them as high and low, and a model is trained on it.
    init() throws {
        small = try SmallRun()
        try small.makeData(48)
        try manifest("one.csv", 0..<24)
        try small.train("one", ["manifest=one.csv"])
    }

    private func manifest(
        _ name: String, _ rows: Range<Int>, split: (Int) -> String = { ["train", "train", "val", "test"][$0 / 2 % 4] },
        image: (Int) -> String = { "\($0).png" }, label: (Int) -> String = { $0 % 2 == 0 ? "high" : "low" }
    ) throws {
        let lines = rows.map { "\($0),\(split($0)),\(image($0)),\($0).wav,\(label($0))" }
        try small.folder.write((["id,split,image,audio,label"] + lines).joined(separator: "\n") + "\n", as: name)
    }

    private func url(_ name: String) -> URL { small.folder.url.appendingPathComponent(name) }

    private func refusal(_ overrides: [String]) -> String {
        let error = #expect(throws: BraidError.self) { try small.train("no", ["init_from=one"] + overrides) }
        return error?.description ?? ""
    }

    @Test func newClassesComeBehindThoseThatThereAre() throws {
        try manifest("two.csv", 24..<48, label: { $0 % 2 == 0 ? "bright" : "low" })
        let outcome = try small.train("two", ["manifest=two.csv", "init_from=one"] + Self.still)
        #expect(outcome.model.targets[0].classes == ["high", "low", "bright"])
        let before = try ModelFolder.read(url("one"))
        for entry in before.parameters.entries {
            let now = try #require(outcome.model.parameters.entries.first { $0.path == entry.path }).tensor
            let rows = entry.path.hasPrefix("head.label.output") ? try now.slice(0, 0..<2) : now
            let apart = try (rows - entry.tensor).absolute().reshaped([-1]).maximum([0]).item()
            #expect(apart < 1e-6, "\(entry.path)")
        }
        #expect(outcome.model.lineage?.stage == 2)
        let read = try ModelFolder.read(url("two"))
        #expect(read.lineage == outcome.model.lineage)
        #expect(read.lineage?.manifests == [before.settings.manifestSHA256, read.settings.manifestSHA256])
        #expect(try read.lineage?.parent == ModelFolder.fingerprint(url("one")))
        #expect(FileManager.default.fileExists(atPath: url("two/lineage.json").path))
    }

    @Test func oneClassAloneIsEnough() throws {
        try manifest("two.csv", 24..<48, label: { _ in "bright" })
        let outcome = try small.train("two", ["manifest=two.csv", "init_from=one"] + Self.still)
        #expect(outcome.model.targets[0].classes == ["high", "low", "bright"])
        let forecast = try DryRun(small.configuration(["manifest=two.csv", "init_from=one"]))()
        #expect(forecast.phases.count == 1)
    }

    @Test func rowsThatWereLearntFromDoNotJudge() throws {
        // Rows 0 to 23 come again, those of train as test.
        try manifest(
            "two.csv", 0..<48, split: { $0 < 24 && $0 / 2 % 4 < 2 ? "test" : ["train", "train", "val", "test"][$0 / 2 % 4] })
        let outcome = try small.train("two", ["manifest=two.csv", "init_from=one"])
        let judges = try #require(outcome.test).samples.map(\.id)
        #expect(!judges.isEmpty && judges.allSatisfy { Int($0).map { $0 / 2 % 4 == 3 } ?? false })
        let seen = try #require(outcome.model.seen)
        let one = try Manifest.read(url("one.csv"))
        #expect(one.samples.allSatisfy { seen.split(of: $0) == $0.split })
        let two = try Manifest.read(url("two.csv"))
        #expect(two.samples.filter { Int($0.id).map { $0 >= 24 } ?? false }.allSatisfy { seen.split(of: $0) == $0.split })
    }

    /// The run's `config.yaml` then says how rows were split, and the first stage's test rows are those that its model has kept apart.
    @Test func manifestsNeedNoSplitColumn() throws {
        for (name, rows) in [("a.csv", 0..<24), ("b.csv", 24..<48)] {
            let lines = rows.map { "\($0),\($0).png,\($0).wav,\($0 % 2 == 0 ? "high" : "low")" }
            try small.folder.write((["id,image,audio,label"] + lines).joined(separator: "\n") + "\n", as: name)
        }
        let shares = ["splits.val=0.25", "splits.test=0.25"]
        let first = try small.train("a", ["manifest=a.csv"] + shares)
        let second = try small.train("b", ["manifest=b.csv", "init_from=a"] + shares + Self.still)
        let stages = try #require(second.findings.stages)
        #expect(stages.stages.map(\.rows) == [first.test?.samples.count, second.test?.samples.count])
        #expect(stages.stages.map(\.manifest) == ["../a.csv", "../b.csv"] && stages.remarks.isEmpty, "\(stages.remarks)")
    }

    @Test func whatMakesWeightsUselessIsNamed() throws {
        try manifest("two.csv", 24..<48)
        let heading = "init_from: cannot go on from one: its weights mean nothing where these differ"
        #expect(refusal(["manifest=two.csv", "fusion.dim=8"]) == "\(heading)\nfusion.dim: 16 there, 8 here")
        #expect(refusal(["manifest=two.csv", "head.hidden=[4]"]) == "\(heading)\nhead.hidden: [8] there, [4] here")
        #expect(
            refusal(["manifest=two.csv", "modalities.audio.window=1"])
                == "\(heading)\nmodalities.audio.window: nothing there, 1.0 here")
        #expect(refusal(["manifest=two.csv", "fusion.type=stacked"]).contains("is computed anew from the rows at hand"))
        #expect(refusal(["manifest=two.csv", "evaluation.folds=3"]).contains("evaluation.folds: cross-validation trains anew"))
        try manifest("pictureless.csv", 24..<48, image: { _ in "" })
        #expect(
            refusal(["manifest=pictureless.csv"])
                == "\(heading)\nmodalities.image: the earlier model takes it: name its encoder as there, and give rows that have one"
        )
        #expect(refusal(["manifest=two.csv", "init_from=nowhere"]).contains("is not a model"))
        #expect(throws: BraidError.self) { try small.configuration(["init_from=one"]).refuseInitialModel(in: "compare") }
    }

    @Test func anInterruptedStageGoesOnToTheSameModel() throws {
        try manifest("two.csv", 24..<48, label: { $0 % 2 == 0 ? "bright" : "low" })
        let keys = ["manifest=two.csv", "init_from=one"]
        let whole = try small.train("whole", keys)
        struct Stop: Error {}
        #expect(throws: Stop.self) { try small.train("two", keys, afterEpoch: { if $0 == 1 { throw Stop() } }) }
        let resumed = try small.train("two", keys, resume: true)
        for (one, other) in zip(whole.model.parameters.entries, resumed.model.parameters.entries) {
            #expect(try one.tensor.array(of: Float.self) == other.tensor.array(of: Float.self), "\(one.path)")
        }
        // Another model at the same place is not what the run began with.
        try FileManager.default.removeItem(at: url("one"))
        try small.train("one", ["manifest=one.csv", "training.seed=1"])
        let error = #expect(throws: BraidError.self) { try small.train("two", keys, resume: true) }
        #expect(error?.description.contains("is not the model that this run began with") == true)
    }

    @Test func aHeadMayBeAddedAndNoneLeftOut() throws {
        let header = "id,split,image,audio,label,size\n"
        let lines = (24..<48).map {
            "\($0),\(["train", "train", "val", "test"][$0 / 2 % 4]),\($0).png,\($0).wav,\($0 % 2),\($0 % 2 == 0 ? "big" : "small")"
        }
        try small.folder.write(header + lines.joined(separator: "\n") + "\n", as: "sizes.csv")
        let one = "heads: {label: {hidden: [8]}}"
        try small.train("named", ["manifest=one.csv"], head: one)
        let both = "heads: {label: {hidden: [8]}, size: {hidden: [4]}}"
        let outcome = try small.train("two", ["manifest=sizes.csv", "init_from=named"] + Self.still, head: both)
        #expect(outcome.model.targets.map(\.classes) == [["high", "low", "0", "1"], ["big", "small"]])
        let alone = try String(contentsOf: url("sizes.csv"), encoding: .utf8).split(separator: "\n").map { line in
            line.split(separator: ",").enumerated().filter { $0.offset != 4 }.map(\.element).joined(separator: ",")
        }
        try small.folder.write(alone.joined(separator: "\n") + "\n", as: "alone.csv")
        let other = #expect(throws: BraidError.self) {
            try small.train("no", ["manifest=alone.csv", "init_from=named"], head: "heads: {size: {hidden: [4]}}")
        }
        #expect(
            other?.description.hasSuffix("heads.label: the earlier model predicts it: heads may be added, and none left out")
                == true, "\(String(describing: other))")
    }

    @Test func whatMethodsHandOnLiesInTheModelsFolder() throws {
        let model = try ModelFolder.read(url("one"))
        model.handedOn.add("replay") { try Data("rows".utf8).write(to: $0.appendingPathComponent("memory.txt")) }
        try ModelFolder.write(model, to: url("again"))
        let earlier = try EarlierModel(url("again"), name: "again")
        let place = try #require(earlier.handedOn("replay"))
        #expect(try String(contentsOf: place.appendingPathComponent("memory.txt"), encoding: .utf8) == "rows")
        #expect(earlier.handedOn("ewc") == nil)
        // Written anew, a model keeps it.
        try ModelFolder.write(ModelFolder.read(url("again")), to: url("once more"))
        #expect(try EarlierModel(url("once more"), name: "").handedOn("replay") != nil)
    }

    @Test func twoClassesOfABinaryTaskStayTwo() throws {
        try small.train("binary", ["manifest=one.csv"], head: "head: {task: binary, hidden: [8]}")
        try manifest("two.csv", 24..<48, label: { $0 % 2 == 0 ? "bright" : "low" })
        let error = #expect(throws: BraidError.self) {
            try small.train("no", ["manifest=two.csv", "init_from=binary"], head: "head: {task: binary, hidden: [8]}")
        }
        #expect(
            error?.description.contains(
                "bright: the earlier model tells high from low, and a head of this task cannot take a further class") == true)
    }
}
