/// Counts of true against predicted classes, and the figures that scikit-learn derives from them.
public struct ConfusionMatrix: Sendable, Equatable {
    /// The names of the classes.
    public let labels: [String]
    /// How many samples of a true class were predicted as each class, `[true][predicted]`.
    public let counts: [[Int]]

    /// Counts the samples by their true and predicted class, both given as indices into `labels`.
    public init(labels: [String], truth: [Int], predicted: [Int]) {
        var counts = Array(repeating: Array(repeating: 0, count: labels.count), count: labels.count)
        for (actual, guess) in zip(truth, predicted) { counts[actual][guess] += 1 }
        self.labels = labels
        self.counts = counts
    }

    /// The figures of one class, or of several together; an undefined ratio is 0, as with scikit-learn's `zero_division=0`.
    public struct ClassScores: Sendable, Equatable {
        /// The share of the samples predicted as this class that belong to it.
        public let precision: Double
        /// The share of this class's samples that were predicted as it.
        public let recall: Double
        /// The harmonic mean of precision and recall.
        public let f1: Double
        /// How many samples belong to this class.
        public let support: Int
    }

    /// How many samples were counted.
    public var total: Int { counts.reduce(0) { $0 + $1.reduce(0, +) } }

    /// The share of samples whose class was predicted right; 0 where there are none.
    public var accuracy: Double {
        total == 0 ? 0 : Double(labels.indices.reduce(0) { $0 + counts[$1][$1] }) / Double(total)
    }

    /// The figures of each class, in the order of `labels`.
    public var classes: [ClassScores] {
        labels.indices.map { index in
            let hits = counts[index][index]
            let support = counts[index].reduce(0, +)
            let guesses = counts.reduce(0) { $0 + $1[index] }
            return ClassScores(hits: hits, guesses: guesses, support: support)
        }
    }

    /// The mean of each figure over classes, all of the same weight: scikit-learn's `average="macro"`.
    public var macro: ClassScores { .average(classes) { _ in 1 } }

    /// The mean of each figure over classes, each weighted by its support: scikit-learn's `average="weighted"`.
    public var weighted: ClassScores { .average(classes) { Double($0.support) } }

    /// The figures over all answers at once: where a sample has one class, all three are the accuracy.
    public var micro: ClassScores { ClassScores(precision: accuracy, recall: accuracy, f1: accuracy, support: total) }
}

extension ConfusionMatrix.ClassScores {
    /// Makes the figures from counts: answers that were right, answers that were given, and samples that belong to the class.
    init(hits: Int, guesses: Int, support: Int) {
        let ratio = { (part: Int, whole: Int) in whole == 0 ? 0 : Double(part) / Double(whole) }
        self.init(
            precision: ratio(hits, guesses), recall: ratio(hits, support), f1: ratio(2 * hits, guesses + support), support: support)
    }

    /// The weighted mean of each figure; the support is the sum.
    static func average(_ classes: [Self], _ weight: (Self) -> Double) -> Self {
        let weights = classes.map(weight)
        let sum = weights.reduce(0, +)
        let mean = { (values: [Double]) -> Double in
            sum == 0 ? 0 : zip(weights, values).reduce(0) { $0 + $1.0 * $1.1 } / sum
        }
        return Self(
            precision: mean(classes.map(\.precision)), recall: mean(classes.map(\.recall)), f1: mean(classes.map(\.f1)),
            support: classes.reduce(0) { $0 + $1.support })
    }
}
