import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Stage after stage, in any order, a fusion of sums is the model of all rows at once.
@Suite struct AnalyticTests {
    private let small: SmallRun
    private static let classes = ["dark", "dim", "grey", "bright"]

    /// 64 media, pictures of four levels; every seventh row has no picture, every fifth no recording.
    init() throws {
        small = try SmallRun()
        for index in 0..<64 {
            try TestMedia.greyPNG(level: 30 + 55 * (index % 4), seed: index).write(to: url("\(index).png"))
            try TestMedia.tone(hertz: index % 4 < 2 ? 400 : 2500, seed: index, seconds: 0.3).write(to: url("\(index).wav"))
        }
        try manifest("all.csv") { _ in true }
        try manifest("one.csv") { $0 % 4 < 2 }
        try manifest("two.csv") { $0 % 4 == 2 }
        try manifest("three.csv") { $0 % 4 == 3 }
        try manifest("twothree.csv") { $0 % 4 > 1 }
    }

    private func url(_ name: String) -> URL { small.folder.url.appendingPathComponent(name) }

    private func manifest(_ name: String, label: (Int) -> String = { Self.classes[$0 % 4] }, holds: (Int) -> Bool) throws {
        let rows = (0..<64).filter(holds).map { index in
            let split = ["train", "train", "val", "test"][index / 4 % 4]
            return
                "\(index),\(split),\(index % 7 == 0 ? "" : "\(index).png"),\(index % 5 == 1 && index % 7 != 0 ? "" : "\(index).wav"),\(label(index))"
        }
        try small.folder.write((["id,split,image,audio,label"] + rows).joined(separator: "\n") + "\n", as: name)
    }

    @discardableResult
    private func train(_ name: String, _ manifest: String, after earlier: String? = nil, _ keys: [String] = []) throws
        -> Training.Outcome
    {
        try small.train(plain: "analytic", name, ["manifest=\(manifest)"] + (earlier.map { ["init_from=\($0)"] } ?? []) + keys)
    }

    /// Probabilities of every row of all.csv, by class.
    private func probabilities(_ run: String) throws -> [[String: Float]] {
        let inference = try Inference(
            model: url(run), manifest: url("all.csv"), rows: .all, needsLabels: true, Inference.Options(device: .cpu))
        let head = try inference.predict().primary
        return head.values.map { Dictionary(uniqueKeysWithValues: zip(head.target.classes, $0)) }
    }

    private func apart(_ one: String, _ other: String) throws -> Float {
        try zip(probabilities(one), probabilities(other)).map { one, other in
            one.keys == other.keys ? one.keys.map { abs((one[$0] ?? 1) - (other[$0] ?? 0)) }.max() ?? 1 : 1
        }.max() ?? 1
    }

    @Test(arguments: ["ridge", "lda"]) func anyOrderOfStagesIsTheJointModel(method: String) throws {
        let keys = ["fusion.analytic=\(method)"]
        let joint = try train("joint", "all.csv", keys)
        try train("1", "one.csv", keys)
        try train("12", "two.csv", after: "1", keys)
        let last = try train("123", "three.csv", after: "12", keys)
        try train("3", "twothree.csv", keys)
        try train("31", "one.csv", after: "3", keys)
        #expect(try apart("joint", "123") < 1e-6)
        #expect(try apart("joint", "31") < 1e-6)
        #expect(last.model.targets[0].classes == ["dark", "dim", "grey", "bright"])
        #expect(joint.model.targets[0].classes == ["bright", "dark", "dim", "grey"])

        // What was said of each stage, and what the joint model says of it.
        let report = try #require(last.findings.stages)
        #expect(report.scenario == "class-incremental" && report.stages.map(\.number) == [1, 2, 3])
        #expect(report.stages.map(\.rows) == [8, 4, 4] && report.remarks.isEmpty)
        #expect(report.stages[1].classes == ["label": ["grey"]])
        #expect(report.matrix[0][1] == 0 && report.matrix[1][2] == 0 && report.matrix[0][2] == nil)
        let said = try probabilities("joint")
        let manifest = try Manifest.read(url("all.csv"))
        for (index, part) in [0..<2, 2..<3, 3..<4].enumerated() {
            let rows = manifest.samples.indices.filter { manifest.samples[$0].split == .test && part.contains($0 % 4) }
            let right = rows.count { row in said[row].max { $0.value < $1.value }?.key == Self.classes[row % 4] }
            #expect(report.matrix[2][index] == Double(right) / Double(rows.count))
        }
        #expect(try String(contentsOf: url("123/report.html"), encoding: .utf8).contains("after stage 3"))
        #expect(try String(contentsOf: url("123/run.json"), encoding: .utf8).contains("\"backward_transfer\""))
    }

    @Test func rowsThatComeAgainCountOnce() throws {
        try train("joint", "all.csv")
        try train("1", "one.csv")
        // The same file, grown.
        let outcome = try train("2", "all.csv", after: "1")
        #expect(try apart("joint", "2") < 1e-6)
        #expect(outcome.findings.stages?.scenario == "class-incremental")
    }

    @Test func otherDataOfTheSameClassesIsADomain() throws {
        try manifest("first.csv") { $0 < 32 }
        try manifest("second.csv") { $0 >= 32 }
        try train("1", "first.csv")
        let outcome = try train("2", "second.csv", after: "1")
        try train("joint", "all.csv")
        #expect(try apart("joint", "2") < 1e-6)
        let report = try #require(outcome.findings.stages)
        #expect(report.scenario == "domain-incremental" && report.stages[1].classes.isEmpty)
        #expect(report.scores.forwardTransfer.map { $0 > 0 } == true)
        // The first stage's rows are not there any more.
        try FileManager.default.removeItem(at: url("first.csv"))
        let third = try train("3", "three.csv", after: "2")
        #expect(third.findings.stages?.remarks.contains { $0.contains("cannot be read any more") } == true)
        #expect(third.findings.stages?.matrix[2][0] == nil && third.findings.stages?.matrix[0][0] != nil)
    }

    @Test func whatSumsCannotTellIsRefused() throws {
        let loss = #expect(throws: BraidError.self) { try small.plain("analytic", ["head.label_smoothing=0.1"]) }
        #expect(loss?.description.contains("knows its rows by sums alone") == true)
        try train("1", "one.csv")
        let refit = #expect(throws: BraidError.self) { try train("2", "two.csv", after: "1", ["training.refit=false"]) }
        #expect(refit?.description.contains("training.refit: true in 1, false here") == true)
        let method = #expect(throws: BraidError.self) { try train("3", "two.csv", after: "1", ["fusion.analytic=lda"]) }
        #expect(method?.description.contains("fusion.analytic: ridge there, lda here") == true)
        try FileManager.default.removeItem(at: url("1/model/continual"))
        let none = #expect(throws: BraidError.self) { try train("4", "two.csv", after: "1") }
        #expect(none?.description.contains("has no continual/analytic") == true)
    }

    @Test(arguments: ["multilabel", "regression", "binary"]) func otherTasksAddUpToo(task: String) throws {
        let label: (Int) -> String = { index in
            switch task {
            case "multilabel": return ["a", "a|b", "b", "|"][index % 4]
            case "regression": return "\(index % 4)"
            default: return index % 4 < 2 ? "no" : "yes"
            }
        }
        for (name, rows) in [("all.csv", 0..<64), ("first.csv", 0..<32), ("second.csv", 32..<64)] {
            try manifest(name, label: label, holds: rows.contains)
        }
        let keys = ["head.task=\(task)"]
        try train("joint", "all.csv", keys)
        try train("1", "first.csv", keys)
        try train("2", "second.csv", after: "1", keys)
        let said = try ["joint", "2"].map { run in
            try Inference(
                model: url(run), manifest: url("all.csv"), rows: .all, needsLabels: true, Inference.Options(device: .cpu)
            ).predict().primary.values.flatMap { $0 }
        }
        #expect(zip(said[0], said[1]).allSatisfy { abs($0 - $1) < 5e-6 })
        #expect(Set(said[0]).count >= 2)
    }
}
