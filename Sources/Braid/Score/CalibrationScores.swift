/// Whether probabilities mean what they say.
public enum CalibrationScores {
    /// Answers of about the same confidence.
    public struct Bin: Sendable, Equatable {
        /// Exclusive.
        public let lower: Double
        /// Inclusive.
        public let upper: Double
        public let count: Int
        /// The mean probability of the answers given; 0 in an empty bin.
        public let confidence: Double
        /// The share of them that is right; 0 in an empty bin.
        public let accuracy: Double
    }

    /// scikit-learn's `brier_score_loss`. Two columns: of the second one alone, 0 to 1; more: the sum over classes, 0 to 2.
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

    /// Of independent outputs `[N][C]`: the mean of the squared errors of all.
    public static func brier(probabilities: [[Double]], flags: [[Bool]]) -> Double {
        let errors = zip(probabilities.joined(), flags.joined()).map { $0 - ($1 ? 1 : 0) }
        return errors.reduce(0) { $0 + $1 * $1 } / Double(max(1, errors.count))
    }

    /// The expected calibration error (Guo et al. 2017, arXiv:1706.04599): over 15 bins of the likeliest class's
    /// probability, the mean distance between confidence and accuracy, by count.
    public static func ece(probabilities: [[Double]], truth: [Int]) -> Double {
        error(reliability(probabilities: probabilities, truth: truth))
    }

    /// The same of independent outputs, each answering yes or no with the likelier one's probability.
    public static func ece(probabilities: [[Double]], flags: [[Bool]]) -> Double {
        error(reliability(probabilities: probabilities, flags: flags))
    }

    public static func reliability(probabilities: [[Double]], truth: [Int]) -> [Bin] {
        bins(
            zip(probabilities, truth).map { row, actual in
                let best = row.indices.max { row[$0] < row[$1] } ?? 0
                return (row.isEmpty ? 0 : row[best], best == actual)
            })
    }

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
