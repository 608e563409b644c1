internal import Foundation

/// Fisher's exact test (1922): whether a share differs between two sets.
public enum FisherExact {
    /// What two equally likely tables may differ by, in the logarithm, from rounding.
    private static let rounding = 1e-9

    /// The two-sided p-value, `scipy.stats.fisher_exact`: the chance of a table that is no likelier than the one found.
    ///
    /// - Parameters:
    ///   - first: How many of the first set have the property.
    ///   - ofFirst: How many the first set has, at least `first`.
    ///   - second: How many of the second set have the property.
    ///   - ofSecond: How many the second set has, at least `second`.
    public static func p(_ first: Int, of ofFirst: Int, _ second: Int, of ofSecond: Int) -> Double {
        let (having, total) = (first + second, ofFirst + ofSecond)
        let ways = { (n: Int, k: Int) in lgamma(Double(n) + 1) - lgamma(Double(k) + 1) - lgamma(Double(n - k) + 1) }
        let likelihood = { (count: Int) in ways(ofFirst, count) + ways(ofSecond, having - count) - ways(total, having) }
        let found = likelihood(first)
        let tables = max(0, having - ofSecond)...min(ofFirst, having)
        return min(1, tables.map(likelihood).filter { $0 <= found + rounding }.reduce(0) { $0 + exp($1) })
    }
}
