import TestSupport
import Testing
import Torch

@testable import Braid

/// Against NumPy, SciPy and scikit-learn: scripts/references/drift.py.
@Suite struct DriftParityTests {
    private struct Cases: Decodable {
        struct TwoSamples: Decodable {
            let x: [[Double]], folds: [Int], sides: [[Int]], mmd: [Double], kernelAccuracy: Double, margins: [[Double]]
        }
        struct Fisher: Decodable { let counts: [Int], p: Double }
        struct Correction: Decodable { let p, adjusted: [Double] }
        struct Predicted: Decodable { let predicted: [Int], old, new, classes: Int, statistic: Double }
        struct Shift: Decodable { let confusion: [[Int]], predicted: [Int], before, after: [Double] }
        let twoSamples: [TwoSamples], fisher: [Fisher], holm: Correction, predictedClasses: [Predicted], labelShift: Shift
    }

    private func cases() throws -> Cases { try Fixtures.json("drift.json") }

    private func sides(_ columns: [[Int]], _ folds: [Int]) throws -> PermutedSides {
        let flags = folds.indices.flatMap { row in columns.map { Double($0[row]) } }
        return PermutedSides(
            isNew: try Tensor(flags, shape: [folds.count, columns.count]), folds: folds, count: (folds.max() ?? 0) + 1)
    }

    @Test func discrepanciesAreNumPys() throws {
        for one in try cases().twoSamples {
            let x = try Tensor(one.x.flatMap { $0 }, shape: [one.x.count, one.x[0].count])
            let sides = try sides(one.sides, one.folds)
            let found = try KernelTest.discrepancies(KernelTest.kernel(x), sides.isNew)
            for (value, expected) in zip(found, one.mmd) { #expect(abs(value - expected) < 1e-10) }
            let test = try KernelTest(x, sides)
            #expect(abs(test.accuracy - one.kernelAccuracy) < 1e-12 && test.discrepancy == found[0])
            #expect(test.p == Double(one.mmd.count { $0 >= one.mmd[0] }) / Double(one.mmd.count))
        }
    }

    @Test func theClassifierIsScikitLearns() throws {
        for one in try cases().twoSamples {
            let x = try Tensor(one.x.flatMap { $0 }, shape: [one.x.count, one.x[0].count])
            let sides = try sides(one.sides, one.folds)
            let found = try ClassifierTest.margins(ClassifierTest.whitened(x), sides)
            let expected = one.folds.indices.flatMap { row in one.margins.map { $0[row] } }
            #expect(try maxDifference(found, Tensor(expected, shape: found.shape)) < 1e-8)
            let rows = { (side: Int) in one.folds.indices.filter { one.sides[0][$0] == side } }
            let right = [0, 1].map { side in
                Double(rows(side).count { (one.margins[0][$0] > 0) == (side == 1) }) / Double(rows(side).count)
            }
            #expect(abs(try ClassifierTest(x, sides).accuracy - (right[0] + right[1]) / 2) < 1e-12)
        }
    }

    @Test func exactTestsAreSciPys() throws {
        let cases = try cases()
        for one in cases.fisher {
            let p = FisherExact.p(one.counts[0], of: one.counts[1], one.counts[2], of: one.counts[3])
            #expect(abs(p - one.p) < 1e-9 * max(1, one.p), "\(one)")
        }
        for (found, expected) in zip(Holm.adjusted(cases.holm.p), cases.holm.adjusted) { #expect(abs(found - expected) < 1e-12) }
        for one in cases.predictedClasses {
            let sides = try PermutedSides(
                reference: Array(0..<one.old), new: Array(0..<one.new), draws: 1, seed: 0)
            let found = try PredictedClasses.statistics(one.predicted, classes: one.classes, sides.isNew)
            #expect(abs(found[0] - one.statistic) < 1e-9)
        }
    }

    @Test func sharesAreThoseThatSolveTheEquations() throws {
        let one = try cases().labelShift
        let found = try #require(LabelShift(confusion: one.confusion, predicted: one.predicted, seed: 0))
        for (value, expected) in zip(found.after, one.after) { #expect(abs(value - expected) < 1e-10) }
        for (value, expected) in zip(found.before, one.before) { #expect(abs(value - expected) < 1e-12) }
        for (interval, truth) in zip(found.intervals, [0.2, 0.7, 0.1]) { #expect(interval.contains(truth)) }
        // A class that is never predicted cannot be told.
        #expect(LabelShift(confusion: [[5, 0], [5, 0]], predicted: [7, 0], seed: 0) == nil)
    }
}
