/// Figures of classes that do not exclude each other, as scikit-learn has them with `zero_division=0`.
public struct MultilabelScores: Sendable, Equatable {
    /// The names of the classes.
    public let labels: [String]
    /// The figures of each class, in the order of `labels`.
    public let classes: [ConfusionMatrix.ClassScores]
    /// The figures over all answers at once: scikit-learn's `average="micro"`.
    public let micro: ConfusionMatrix.ClassScores
    /// The mean over samples of each one's own figures: scikit-learn's `average="samples"`.
    public let samples: ConfusionMatrix.ClassScores
    /// The share of samples all of whose classes are right: scikit-learn's `accuracy_score`.
    public let accuracy: Double
    /// The share of answers that are wrong: scikit-learn's `hamming_loss`.
    public let hammingLoss: Double

    /// Computes the figures of predictions.
    ///
    /// - Parameters:
    ///   - labels: The names of the C classes.
    ///   - truth: What is true, `[N][C]`.
    ///   - predicted: What was predicted, `[N][C]`.
    public init(labels: [String], truth: [[Bool]], predicted: [[Bool]]) {
        typealias Scores = ConfusionMatrix.ClassScores
        func scores(_ pairs: some Sequence<(Bool, Bool)>) -> Scores {
            var (hits, guesses, support) = (0, 0, 0)
            for (actual, guess) in pairs {
                if actual && guess { hits += 1 }
                if guess { guesses += 1 }
                if actual { support += 1 }
            }
            return Scores(hits: hits, guesses: guesses, support: support)
        }
        self.labels = labels
        classes = labels.indices.map { column in scores(zip(truth, predicted).lazy.map { ($0[column], $1[column]) }) }
        micro = scores(zip(truth.joined(), predicted.joined()))
        samples = .average(zip(truth, predicted).map { scores(zip($0, $1)) }) { _ in 1 }
        let count = Double(max(1, truth.count))
        accuracy = zip(truth, predicted).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) } / count
        let wrong = zip(truth.joined(), predicted.joined()).reduce(0) { $0 + ($1.0 == $1.1 ? 0 : 1) }
        hammingLoss = Double(wrong) / (count * Double(max(1, labels.count)))
    }

    /// The mean of each figure over classes, all of the same weight: scikit-learn's `average="macro"`.
    public var macro: ConfusionMatrix.ClassScores { .average(classes) { _ in 1 } }

    /// The mean of each figure over classes, each weighted by its support: scikit-learn's `average="weighted"`.
    public var weighted: ConfusionMatrix.ClassScores { .average(classes) { Double($0.support) } }
}
