internal import Foundation

/// The mean of figures that items and seeds cross in, with the 95 % interval that both leave: other items would have been drawn, and other
/// seeds would have trained other models.
///
/// The variance of the mean is that of the items' means over their number, plus that of the seeds' means over theirs, less what both count of
/// the rest (the two-way random-effects model; degrees of freedom by Satterthwaite 1946). A single seed, or seeds that do not differ,
/// leave the items alone.
public struct CrossedMean: Sendable, Equatable {
    /// The mean of all figures.
    public let mean: Double
    /// Its standard error; nil where there is a single item.
    public let error: Double?
    /// What the error is known with.
    public let degreesOfFreedom: Double

    /// - Parameters:
    ///   - values: Figures by seed and item, `[K][N]`, both at least one.
    ///   - pseudo: Items that are added where the error is estimated, so that it is not zero where few items all say the same.
    public init(_ values: [[Double]], pseudo: [Double] = []) {
        let (k, n) = (Double(values.count), Double(values.first?.count ?? 0))
        mean = values.joined().reduce(0, +) / max(1, k * n)
        var items = (values.first ?? []).indices.map { item in values.reduce(0) { $0 + $1[item] } / k }
        items += pseudo
        let m = Double(items.count)
        guard n > 0, m > 1 else {
            (error, degreesOfFreedom) = (nil, 0)
            return
        }
        let ofItems = Self.variance(items) / m
        let seeds = values.map { $0.reduce(0, +) / n }
        guard values.count > 1, n > 1 else {
            (error, degreesOfFreedom) = (ofItems.squareRoot(), m - 1)
            return
        }
        let ofSeeds = Self.variance(seeds) / k
        let center = mean
        let rest = values.enumerated().reduce(0.0) { sum, seed in
            sum + seed.element.enumerated().reduce(0.0) { $0 + pow($1.element - items[$1.offset] - seeds[seed.offset] + center, 2) }
        }
        let both = rest / ((n - 1) * (k - 1)) / (n * k)
        let added = max(0, ofSeeds - both)
        error = (ofItems + added).squareRoot()
        let spread = ofItems * ofItems / (m - 1) + ofSeeds * ofSeeds / (k - 1) + both * both / ((n - 1) * (k - 1))
        degreesOfFreedom = spread > 0 ? pow(ofItems + added, 2) / spread : m - 1
    }

    /// Half the width of the 95 % interval; nil where there is a single item.
    public var halfWidth: Double? {
        error.map { StudentT.quantile(0.975, degreesOfFreedom: max(1, degreesOfFreedom)) * $0 }
    }

    /// The two-sided p-value of a mean of zero, by Student's t; nil where there is a single item. 1 where every figure is zero.
    public var p: Double? {
        guard let error else { return nil }
        guard error > 0 else { return mean == 0 ? 1 : nil }
        return 2 * StudentT.cumulative(-abs(mean) / error, degreesOfFreedom: max(1, degreesOfFreedom))
    }

    private static func variance(_ values: [Double]) -> Double {
        let mean = values.reduce(0, +) / Double(values.count)
        return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
    }
}

/// The exact test of whether signs of differences are chance: McNemar's, where each is 1, 0 or -1.
public enum SignFlip {
    /// More items than these are told by the normal approximation as well.
    static let mostItems = 2000

    /// The two-sided p-value of the sum of whole numbers under all choices of their signs; nil for more items than can be gone through.
    public static func p(_ differences: [Int]) -> Double? {
        let sizes = differences.map(abs).filter { $0 > 0 }
        if sizes.allSatisfy({ $0 == 1 }) {
            return McNemar.p(onlyFirst: differences.count { $0 > 0 }, onlySecond: differences.count { $0 < 0 })
        }
        guard sizes.count <= mostItems else { return nil }
        let total = sizes.reduce(0, +)
        // The chance of each sum, from -total to total.
        var chances = Array(repeating: 0.0, count: 2 * total + 1)
        chances[total] = 1
        var reach = 0
        for size in sizes {
            var next = Array(repeating: 0.0, count: chances.count)
            for place in (total - reach)...(total + reach) where chances[place] > 0 {
                next[place - size] += chances[place] / 2
                next[place + size] += chances[place] / 2
            }
            chances = next
            reach += size
        }
        let found = abs(differences.reduce(0, +))
        guard found > 0 else { return 1 }
        return min(1, 2 * chances[(total + found)...].reduce(0, +))
    }
}
