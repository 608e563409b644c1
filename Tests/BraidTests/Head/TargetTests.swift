import TestSupport
import Testing
import Torch

@testable import Braid

@Suite struct TargetTests {
    private func samples(_ labels: [String], _ split: Split = .train) -> [Sample] {
        labels.enumerated().map { Sample(id: "\($0)", line: $0 + 2, split: split, label: $1) }
    }

    private func head(_ kind: TaskKind, positive: String? = nil) -> HeadSettings {
        HeadSettings(kind, positive.map { Binary(positive: $0) })
    }

    @Test func classesAreSortedAndThePositiveOneIsLast() throws {
        let labels = samples(["no", "yes", "no"])
        #expect(try Target.fit(head(.binary), labels, file: "m").classes == ["no", "yes"])
        #expect(try Target.fit(head(.binary, positive: "no"), labels, file: "m").classes == ["yes", "no"])
        #expect(try Target.fit(head(.multiclass), samples(["c", "a", "b"]), file: "m").classes == ["a", "b", "c"])
    }

    @Test func multilabelCellsAreNamesOrNone() throws {
        let target = try Target.fit(head(.multilabel), samples(["a|b", "|", "c", " b | c"]), file: "m")
        #expect(target.classes == ["a", "b", "c"])
        #expect(try target.value(of: "c|a") == .flags([true, false, true]))
        #expect(try target.value(of: "|") == .flags([false, false, false]))
        #expect(throws: TargetError.self) { try target.value(of: "a||b") }
        #expect(throws: TargetError.self) { try target.value(of: "a|a") }
        #expect(throws: TargetError.self) { try target.value(of: "d") }
    }

    @Test func regressionIsStandardisedByTheTrainSplit() throws {
        let all = samples(["1", "3"]) + samples(["1000"], .test)
        let target = try Target.fit(head(.regression), all, file: "m")
        #expect(target.scale.mean == 2 && target.scale.deviation == 1)
        let values = try LabelledValues(all, target, "m").tensor().array(of: Float.self)
        #expect(values == [-1, 1, 998])
    }

    @Test(arguments: [
        (TaskKind.multiclass, ["a", "a"], "at least two classes"), (.binary, ["a", "b", "c"], "has 3 classes"),
        (.regression, ["1", "x"], "\"x\" is not a number"), (.regression, ["2", "2"], "do not differ"),
        (.multilabel, ["|", "|"], "no sample of the train split has a class"), (.multilabel, ["a||b", "a"], "has an empty name"),
    ])
    func whatCannotBeLearntIsRefused(_ task: TaskKind, _ labels: [String], _ part: String) throws {
        let error = #expect(throws: BraidError.self) { try Target.fit(head(task), samples(labels), file: "m.csv") }
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }

    @Test func classesOfOtherSplitsMustBeKnown() throws {
        let all = samples(["a", "b"]) + samples(["c"], .val)
        let error = #expect(throws: BraidError.self) { try Target.fit(head(.multiclass), all, file: "m.csv") }
        #expect(error?.faults.count == 1)
    }
}
