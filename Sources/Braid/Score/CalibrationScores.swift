/// Measures whether probabilities mean what they say: whether answers given with 80 % are right in 80 % of cases.
public enum CalibrationScores {
    /// A bin of a reliability diagram: answers of about the same confidence.
    public struct Bin: Sendable, Equatable {
        /// The lowest confidence of the bin, itself excluded.
        public let lower: Double
        /// The highest confidence of the bin, itself included.
        public let upper: Double
        /// How many answers fall into the bin.
        public let count: Int
        /// The mean probability of these answers; 0 in an empty bin.
        public let confidence: Double
        /// The share of these answers that is right; 0 in an empty bin.
        public let accuracy: Double
    }

    /// The Brier score, scikit-learn's `brier_score_loss`: the mean squared error of the probabilities.
    ///
    /// With two classes it counts the second one alone and lies in 0 ... 1; with more it sums over classes and lies in 0 ... 2.
    ///
    /// - Parameters:
    ///   - probabilities: `[N][C]`.
    ///   - truth: The true class of each sample, by index.
    public static func brier(probabilities: [[Double]], truth: [Int]) -> Double {
        let sum = zip(probabilities, truth).reduce(0) { sum, row in
            guard row.0.count > 2 else {
                let error = (row.0.last ?? 0) - (row.1 == 1 ? 1 : 0)
                return sum + error * error
            }
            return sum
                + row.0.enumerated().reduce(0) {
                    $0 + ($1.element - ($1.offset == row.1 ? 1 : 0)) * ($1.element - ($1.offset == row.1 ? 1 : 0))
                }
        }
        return sum / Double(max(1, truth.count))
    }

    /// The Brier score of outputs that do not exclude each other: the mean squared error over all of them.
    ///
    /// - Parameters:
    ///   - probabilities: `[N][C]`.
    ///   - flags: What is true, `[N][C]`.
    public static func brier(probabilities: [[Double]], flags: [[Bool]]) -> Double {
        let errors = zip(probabilities.joined(), flags.joined()).map { $0 - ($1 ? 1 : 0) }
        return errors.reduce(0) { $0 + $1 * $1 } / Double(max(1, errors.count))
    }

    /// The expected calibration error (Guo et al. 2017, arXiv:1706.04599) of the likeliest classes' probabilities.
    ///
    /// It is the mean distance between confidence and accuracy over 15 bins of equal width, each weighted by its count.
    ///
    /// - Parameters:
    ///   - probabilities: `[N][C]`.
    ///   - truth: The true class of each sample, by index.
    public static func ece(probabilities: [[Double]], truth: [Int]) -> Double {
        error(reliability(probabilities: probabilities, truth: truth))
    }

    /// The expected calibration error of outputs that do not exclude each other.
    ///
    /// Each output answers yes or no, with the probability of the likelier of the two.
    ///
    /// - Parameters:
    ///   - probabilities: `[N][C]`.
    ///   - flags: What is true, `[N][C]`.
    public static func ece(probabilities: [[Double]], flags: [[Bool]]) -> Double {
        error(reliability(probabilities: probabilities, flags: flags))
    }

    /// The 15 bins of a reliability diagram of the likeliest classes' probabilities, from low confidence to high.
    ///
    /// - Parameters:
    ///   - probabilities: `[N][C]`.
    ///   - truth: The true class of each sample, by index.
    public static func reliability(probabilities: [[Double]], truth: [Int]) -> [Bin] {
        bins(
            zip(probabilities, truth).map { row, actual in
                let best = row.indices.max { row[$0] < row[$1] } ?? 0
                return (row.isEmpty ? 0 : row[best], best == actual)
            })
    }

    /// The 15 bins of a reliability diagram of outputs that do not exclude each other, from low confidence to high.
    ///
    /// Each output answers yes or no, with the probability of the likelier of the two.
    ///
    /// - Parameters:
    ///   - probabilities: `[N][C]`.
    ///   - flags: What is true, `[N][C]`.
    public static func reliability(probabilities: [[Double]], flags: [[Bool]]) -> [Bin] {
        bins(zip(probabilities.joined(), flags.joined()).map { (max($0, 1 - $0), ($0 > 0.5) == $1) })
    }

    private static let count = 15

    private static func bins(_ answers: [(confidence: Double, isRight: Bool)]) -> [Bin] {
        var totals = Array(repeating: (count: 0, confidence: 0.0, right: 0), count: count)
        for answer in answers {
            let place = min(count - 1, max(0, Int((answer.confidence * Double(count)).rounded(.up)) - 1))
            totals[place].count += 1
            totals[place].confidence += answer.confidence
            totals[place].right += answer.isRight ? 1 : 0
        }
        return totals.enumerated().map { index, total in
            let n = Double(max(1, total.count))
            return Bin(
                lower: Double(index) / Double(count), upper: Double(index + 1) / Double(count), count: total.count,
                confidence: total.confidence / n, accuracy: Double(total.right) / n)
        }
    }

    private static func error(_ bins: [Bin]) -> Double {
        let total = Double(max(1, bins.reduce(0) { $0 + $1.count }))
        return bins.reduce(0) { $0 + Double($1.count) / total * abs($1.accuracy - $1.confidence) }
    }
}
