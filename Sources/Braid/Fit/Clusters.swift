// Lloyd 1982, "Least squares quantization in PCM"; Arthur and Vassilvitskii 2007, "k-means++".
internal import BraidSupport
internal import Torch

/// Groups of rows that lie near each other, by k-means: the best of several beginnings, each drawn by k-means++.
struct Clusters {
    /// The group of each row, from 0.
    let groups: [Int]
    /// The mean squared distance of a row to the middle of its group.
    let spread: Double

    private static let (beginnings, rounds) = (5, 100)

    /// - Parameters:
    ///   - rows: `[N, D]`.
    ///   - count: How many groups; fewer where there are fewer rows.
    ///   - seed: What beginnings are drawn from.
    init(_ rows: Tensor, count: Int, seed: UInt64) throws {
        let rows = try rows.moved(to: .cpu).converted(to: .float32)
        var random = RandomSource(seed: seed)
        var best: (groups: [Int], spread: Double)?
        for _ in 0..<Self.beginnings {
            var middles = try Self.drawn(rows, min(count, rows.shape[0]), &random)
            var found = try Self.nearest(rows, middles)
            for _ in 0..<Self.rounds {
                middles = try Self.middles(rows, found.groups, instead: middles)
                let next = try Self.nearest(rows, middles)
                let isStill = next.groups == found.groups
                found = next
                if isStill { break }
            }
            if found.spread < best?.spread ?? .infinity { best = found }
        }
        (groups, spread) = best ?? (Array(repeating: 0, count: rows.shape[0]), 0)
    }

    /// Rows drawn one after another, each as likely as it is far from those drawn already.
    private static func drawn(_ rows: Tensor, _ count: Int, _ random: inout RandomSource) throws -> Tensor {
        var chosen = [Int.random(in: 0..<rows.shape[0], using: &random)]
        var far = try distances(rows, rows.picking(chosen)).array(of: Float.self).map(Double.init)
        while chosen.count < count {
            let total = far.reduce(0, +)
            var left = Double.random(in: 0..<1, using: &random) * total
            let next = far.firstIndex { distance in
                left -= distance
                return left < 0
            }
            // All rows that are left lie on some that are drawn.
            guard let next, total > 0 else { break }
            chosen.append(next)
            let other = try distances(rows, rows.picking([next])).array(of: Float.self)
            far = zip(far, other).map { min($0, Double($1)) }
        }
        return try rows.picking(chosen)
    }

    private static func distances(_ rows: Tensor, _ middles: Tensor) throws -> Tensor {
        let (own, other) = (try rows.power(2).sum([1], keep: true), try middles.power(2).sum([1], keep: true))
        return try (own + other.transposed(0, 1) - rows.matmul(middles.transposed(0, 1)).scaled(by: 2)).clamped(atLeast: 0)
    }

    private static func nearest(_ rows: Tensor, _ middles: Tensor) throws -> (groups: [Int], spread: Double) {
        let near = try distances(rows, middles).scaled(by: -1)
        let groups = try near.argmax(1).array(of: Int64.self).map(Int.init)
        return (groups, try -near.maximum([1]).mean().item())
    }

    /// The mean of each group; a group without rows stays where it is.
    private static func middles(_ rows: Tensor, _ groups: [Int], instead: Tensor) throws -> Tensor {
        let count = instead.shape[0]
        var flags = Array(repeating: Float(0), count: count * groups.count)
        for (row, group) in groups.enumerated() { flags[group * groups.count + row] = 1 }
        let isIn = try Tensor(flags, shape: [count, groups.count])
        let sizes = try isIn.sum([1], keep: true)
        let isEmpty = try sizes.less(than: 0.5)
        return try instead.where(isEmpty, else: isIn.matmul(rows) / sizes.clamped(atLeast: 1))
    }
}
