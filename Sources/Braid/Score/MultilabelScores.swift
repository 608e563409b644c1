/// Figures of classes that do not exclude each other, as scikit-learn has them with `zero_division=0`.
public struct MultilabelScores: Sendable, Equatable {
    public let labels: [String]
    public let classes: [ConfusionMatrix.ClassScores]
    /// Over all answers at once.
    public let micro: ConfusionMatrix.ClassScores
    /// The mean over samples of each one's own figures.
    public let samples: ConfusionMatrix.ClassScores
    /// The share of samples whose classes are all right: `accuracy_score`.
    public let accuracy: Double
    /// The share of answers that are wrong.
    public let hammingLoss: Double

    /// - Parameters:
    ///   - truth: `[N][C]`.
    ///   - predicted: `[N][C]`.
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

    /// The plain mean over classes.
    public var macro: ConfusionMatrix.ClassScores { .average(classes) { _ in 1 } }

    /// The mean over classes, each weighted by its support.
    public var weighted: ConfusionMatrix.ClassScores { .average(classes) { Double($0.support) } }
}
