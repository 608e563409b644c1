internal import Foundation

/// A mean, and the 95 % interval of Student's t around it.
public struct Interval: Sendable, Equatable, Codable {
    /// The mean of the values; 0 where there are none.
    public let mean: Double
    /// Half the interval's width; nil with fewer than two values.
    public let halfWidth: Double?
    /// The standard deviation, with N - 1 as divisor; nil with fewer than two values.
    public let deviation: Double?
    /// How many values there are.
    public let count: Int

    private enum CodingKeys: String, CodingKey {
        case mean, deviation, count
        case halfWidth = "half_width"
    }

    /// Computes mean and interval of values, which are taken as independent.
    public init(_ values: [Double]) {
        count = values.count
        let mean = values.reduce(0, +) / Double(max(1, values.count))
        self.mean = mean
        guard values.count > 1 else {
            (halfWidth, deviation) = (nil, nil)
            return
        }
        let n = Double(values.count)
        let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1)).squareRoot()
        self.deviation = deviation
        halfWidth = StudentT.quantile(0.975, degreesOfFreedom: n - 1) * deviation / n.squareRoot()
    }

    /// The lower end of the interval; the mean itself for a single value.
    public var lower: Double { mean - (halfWidth ?? 0) }
    /// The upper end of the interval; the mean itself for a single value.
    public var upper: Double { mean + (halfWidth ?? 0) }
}

/// McNemar's exact test (1947): whether two classifiers differ on the same samples.
public enum McNemar {
    /// The two-sided p-value, from how many samples only the first and how many only the second classifier got right.
    public static func p(onlyFirst: Int, onlySecond: Int) -> Double {
        let total = onlyFirst + onlySecond
        guard total > 0 else { return 1 }
        let n = Double(total)
        let tail = (0...min(onlyFirst, onlySecond)).reduce(0.0) { sum, k in
            let choose = lgamma(n + 1) - lgamma(Double(k) + 1) - lgamma(n - Double(k) + 1)
            return sum + exp(choose - n * log(2))
        }
        return min(1, 2 * tail)
    }
}
