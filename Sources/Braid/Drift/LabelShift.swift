// Lipton, Wang and Smola 2018, "Detecting and correcting for label shift with black box predictors", arXiv:1802.03916.
internal import Foundation
internal import Torch

/// Black box shift estimation: the shares of the classes among new rows without labels, from what a model answers on them and how it takes
/// classes for each other on rows whose class is known.
///
/// It holds where classes look as they did and only their shares have changed.
struct LabelShift {
    /// The share of each class among the rows whose class is known.
    let before: [Double]
    /// What it is estimated to be among the new ones; not below 0, together 1.
    let after: [Double]
    /// 95 % intervals of `after`, other rows drawn on both sides.
    let intervals: [ClosedRange<Double>]

    /// How often rows are drawn again.
    private static let draws = 500

    /// How far apart the shares lie: half the sum of differences (total variation).
    var distance: Double { Self.distance(before, after) }

    static func distance(_ first: [Double], _ second: [Double]) -> Double {
        zip(first, second).reduce(0) { $0 + abs($1.0 - $1.1) } / 2
    }

    /// - Parameters:
    ///   - confusion: Counts `[true][predicted]` of rows that the model has not learnt from.
    ///   - predicted: Counts of predicted classes among the new rows.
    ///   - seed: Of the intervals.
    /// - Returns: nil where the counts do not tell classes apart: a class has no row, or the confusion matrix cannot be inverted.
    init?(confusion: [[Int]], predicted: [Int], seed: UInt64) {
        let rows = confusion.map { $0.reduce(0, +) }
        let total = rows.reduce(0, +)
        guard total > 0, !rows.contains(0), predicted.contains(where: { $0 > 0 }),
            let found = Self.shares(confusion, predicted)
        else { return nil }
        before = rows.map { Double($0) / Double(total) }
        after = found
        var random = RandomSource(seed: seed)
        let cells = confusion.flatMap { $0 }
        let drawn = (0..<Self.draws).compactMap { _ in
            let again = Self.again(cells, &random)
            let width = confusion.count
            let table = (0..<width).map { Array(again[$0 * width..<($0 + 1) * width]) }
            return Self.shares(table, Self.again(predicted, &random))
        }
        intervals = found.indices.map { index in
            let values = drawn.map { $0[index] }.sorted()
            guard let first = values.first, let last = values.last else { return 0...1 }
            guard values.count >= 40 else { return first...last }
            let end = Double(values.count - 1)
            return values[Int(bounded: (0.025 * end).rounded())]...values[Int(bounded: (0.975 * end).rounded())]
        }
    }

    /// The shares that make the expected predictions those found: `C w = mu` with `C[predicted][true]` the joint shares, times the shares
    /// before.
    private static func shares(_ confusion: [[Int]], _ predicted: [Int]) -> [Double]? {
        let (count, total) = (confusion.count, Double(confusion.joined().reduce(0, +)))
        let new = Double(predicted.reduce(0, +))
        let joint = (0..<count).flatMap { guess in (0..<count).map { Double(confusion[$0][guess]) / total } }
        guard let matrix = try? Tensor(joint, shape: [count, count]),
            let means = try? Tensor(predicted.map { Double($0) / new }, shape: [count, 1]),
            let ratios = try? matrix.solve(means).array(of: Double.self), ratios.allSatisfy(\.isFinite)
        else { return nil }
        let shares = zip(ratios, confusion).map { max(0, $0) * Double($1.reduce(0, +)) / total }
        let sum = shares.reduce(0, +)
        return sum > 0 ? shares.map { $0 / sum } : nil
    }

    /// As many as there are, drawn again with replacement.
    private static func again(_ counts: [Int], _ random: inout RandomSource) -> [Int] {
        let places = counts.indices.flatMap { Array(repeating: $0, count: counts[$0]) }
        var drawn = Array(repeating: 0, count: counts.count)
        for _ in places { drawn[places[Int.random(in: places.indices, using: &random)]] += 1 }
        return drawn
    }
}

/// Whether a model answers differently often on two sides with each of its classes: the chi-squared statistic of the table, by permutation.
enum PredictedClasses {
    /// - Parameters:
    ///   - predicted: The class of each row, by number, the reference's first.
    ///   - classes: How many there are.
    ///   - sides: Of the same rows.
    static func p(_ predicted: [Int], classes: Int, _ sides: PermutedSides) throws -> Double {
        try PermutedSides.p(statistics(predicted, classes: classes, sides.isNew))
    }

    /// The statistic for each column of `isNew`.
    static func statistics(_ predicted: [Int], classes: Int, _ isNew: Tensor) throws -> [Double] {
        let flags = try Transferability.oneHot(predicted, count: classes)
        let totals = try flags.sum([0], keep: true)
        // [columns, K]
        let found = try isNew.transposed(0, 1).matmul(flags)
        let share = try isNew.mean([0]).unsqueezed(1)
        let expected = try share * totals
        // Both rows of the table differ by as much from what is expected.
        let squares = try (found - expected).power(2)
        let rest = try (totals - expected)
        return try (squares / expected.clamped(atLeast: 1e-30) + squares / rest.clamped(atLeast: 1e-30)).sum([1]).array(
            of: Double.self)
    }
}
