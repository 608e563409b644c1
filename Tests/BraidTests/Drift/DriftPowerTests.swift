import Foundation
import Testing
import Torch

@testable import Braid

/// What the tests of drift say where nothing has moved, and where something has.
@Suite struct DriftPowerTests {
    /// Normal rows, some of them moved.
    private func rows(_ old: Int, _ new: Int, shift: Double, spread: Double = 1, _ random: inout RandomSource) throws -> Tensor {
        let size = 4
        let values = (0..<(old + new)).flatMap { row in
            (0..<size).map { _ in
                let radius = (-2 * log(Double.random(in: 1e-12..<1, using: &random))).squareRoot()
                let normal = radius * cos(2 * Double.pi * Double.random(in: 0..<1, using: &random))
                return row < old ? normal : spread * normal + shift
            }
        }
        return try Tensor(values, shape: [old + new, size])
    }

    /// The p-value of Kolmogorov's and Smirnov's test against the uniform distribution.
    private func uniformity(_ values: [Double]) -> Double {
        let n = Double(values.count)
        var distance = 0.0
        for (place, value) in values.sorted().enumerated() {
            distance = max(distance, Double(place + 1) / n - value, value - Double(place) / n)
        }
        let scaled: Double = distance * (n.squareRoot() + 0.12 + 0.11 / n.squareRoot())
        var sum = 0.0
        for k in 1...100 {
            let term: Double = 2 * exp(-2 * Double(k * k) * scaled * scaled)
            sum += k % 2 == 1 ? term : -term
        }
        return min(1, max(0, sum))
    }

    @Test func theUniformityTestCanFail() {
        #expect(uniformity((1...200).map { Double($0) / 200 }) > 0.9)
        #expect(uniformity((1...200).map { pow(Double($0) / 200, 1.6) }) < 0.01)
    }

    @Test func pValuesAreUniformWhereNothingMoved() throws {
        var random = RandomSource(seed: 1)
        var found: [(kernel: Double, classifier: Double, classes: Double)] = []
        for pair in 0..<200 {
            let (old, new) = (30, 20)
            let x = try rows(old, new, shift: 0, &random)
            let sides = try PermutedSides(reference: Array(0..<old), new: Array(0..<new), draws: 199, seed: UInt64(pair))
            let classes = (0..<(old + new)).map { _ in Int.random(in: 0..<12, using: &random) }
            found.append(
                (
                    try KernelTest(x, sides).p, try ClassifierTest(x, sides).p,
                    try PredictedClasses.p(classes, classes: 12, sides)
                ))
        }
        for values in [found.map(\.kernel), found.map(\.classifier), found.map(\.classes)] {
            #expect(uniformity(values) > 0.01)
        }
    }

    @Test func whatMovedIsSeen() throws {
        var random = RandomSource(seed: 2)
        let sides = try PermutedSides(reference: Array(0..<60), new: Array(0..<60), draws: 199, seed: 0)
        let moved = try rows(60, 60, shift: 0.9, &random)
        let (kernel, classifier) = (try KernelTest(moved, sides), try ClassifierTest(moved, sides))
        #expect(kernel.p <= 0.01 && classifier.p <= 0.01 && classifier.accuracy > 0.7 && kernel.accuracy > 0.7)
        // Means alike, spreads not: a line tells nothing apart, the kernel does.
        let spread = try rows(60, 60, shift: 0, spread: 3, &random)
        #expect(try KernelTest(spread, sides).p <= 0.01)
        #expect(try ClassifierTest(spread, sides).p > 0.01)
    }

    /// Speakers that differ from each other, the same kind of speakers on both sides: rows alone would call it a drift.
    @Test func groupsMoveTogether() throws {
        var random = RandomSource(seed: 3)
        var (alarms, alarmsByRow) = (0, 0)
        for draw in 0..<20 {
            var values: [Double] = []
            for _ in 0..<8 {
                let speaker = try rows(1, 0, shift: 0, &random).array(of: Double.self)
                for _ in 0..<10 {
                    let row = try rows(1, 0, shift: 0, &random).array(of: Double.self)
                    values += zip(speaker, row).map { 2 * $0 + 0.3 * $1 }
                }
            }
            let x = try Tensor(values, shape: [80, 4])
            let speakers = (0..<40).map { $0 / 10 }
            let sides = try PermutedSides(reference: speakers, new: speakers, draws: 199, seed: UInt64(draw))
            let byRow = try PermutedSides(reference: Array(0..<40), new: Array(0..<40), draws: 199, seed: UInt64(draw))
            alarms += try KernelTest(x, sides).p < 0.05 ? 1 : 0
            alarmsByRow += try KernelTest(x, byRow).p < 0.05 ? 1 : 0
            // A speaker is learnt from and judged on never at once.
            for speaker in 0..<8 { #expect(Set(sides.folds[speaker * 10..<speaker * 10 + 10]).count == 1) }
        }
        #expect(alarms <= 4 && alarmsByRow >= 18)
    }

    @Test func fewRowsAreSaidToNoticeLittle() throws {
        var random = RandomSource(seed: 4)
        let bound = { (count: Int, random: inout RandomSource) in
            let sides = try PermutedSides(reference: Array(0..<count), new: Array(0..<count), draws: 299, seed: 0)
            return try ClassifierTest(rows(count, count, shift: 0, &random), sides).noticed(at: 0.01)
        }
        let (few, many) = (try bound(15, &random), try bound(150, &random))
        #expect(few > many + 0.1 && many > 0.5 && many < 0.65)
        // Three permutations never get below one percent.
        let sides = try PermutedSides(reference: [0, 1], new: [0, 1], draws: 3, seed: 0)
        #expect(try ClassifierTest(rows(2, 2, shift: 0, &random), sides).noticed(at: 0.01) == 1)
    }
}
