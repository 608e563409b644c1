/// Wilson's interval (1927) for a share of counted rows, which stays within 0 and 1 and holds for few rows too.
public enum Proportion {
    /// The 0.975 quantile of the normal distribution.
    private static let z = 1.959963984540054

    /// The 95 % interval of `hits` of `count`; 0 to 1 where nothing was counted.
    public static func interval(hits: Double, of count: Int) -> ClosedRange<Double> {
        guard count > 0 else { return 0...1 }
        let n = Double(count)
        let (p, square) = (min(1, max(0, hits / n)), z * z)
        let middle = (p + square / (2 * n)) / (1 + square / n)
        let half = z / (1 + square / n) * (p * (1 - p) / n + square / (4 * n * n)).squareRoot()
        return max(0, middle - half)...min(1, middle + half)
    }

    /// The 95 % interval of an F1 score: F1 grows with the share of hits among hits, misses and false alarms, whose interval is Wilson's.
    public static func interval(f1 scores: ConfusionMatrix.ClassScores, hits: Int, guesses: Int) -> ClosedRange<Double> {
        let shares = interval(hits: Double(hits), of: scores.support + guesses - hits)
        let f1 = { (share: Double) in 2 * share / (1 + share) }
        return f1(shares.lowerBound)...f1(shares.upperBound)
    }
}
