/// Counts of true against predicted classes, and the figures scikit-learn derives from them.
public struct ConfusionMatrix: Sendable, Equatable {
    public let labels: [String]
    /// `[true][predicted]`.
    public let counts: [[Int]]

    public init(labels: [String], truth: [Int], predicted: [Int]) {
        var counts = Array(repeating: Array(repeating: 0, count: labels.count), count: labels.count)
        for (actual, guess) in zip(truth, predicted) { counts[actual][guess] += 1 }
        self.labels = labels
        self.counts = counts
    }

    /// One class's figures. An undefined ratio is 0, as with scikit-learn's `zero_division=0`.
    public struct ClassScores: Sendable, Equatable {
        public let precision: Double
        public let recall: Double
        public let f1: Double
        public let support: Int
    }

    public var total: Int { counts.reduce(0) { $0 + $1.reduce(0, +) } }

    public var accuracy: Double {
        total == 0 ? 0 : Double(labels.indices.reduce(0) { $0 + counts[$1][$1] }) / Double(total)
    }

    public var classes: [ClassScores] {
        labels.indices.map { index in
            let hits = counts[index][index]
            let support = counts[index].reduce(0, +)
            let guesses = counts.reduce(0) { $0 + $1[index] }
            return ClassScores(hits: hits, guesses: guesses, support: support)
        }
    }

    /// The plain mean over classes.
    public var macro: ClassScores { .average(classes) { _ in 1 } }

    /// The mean over classes, each weighted by its support.
    public var weighted: ClassScores { .average(classes) { Double($0.support) } }

    /// Over all answers at once: where a sample has one class, all three figures are the accuracy.
    public var micro: ClassScores { ClassScores(precision: accuracy, recall: accuracy, f1: accuracy, support: total) }
}

extension ConfusionMatrix.ClassScores {
    /// From counts: what was right, what was said, and what was true.
    init(hits: Int, guesses: Int, support: Int) {
        let ratio = { (part: Int, whole: Int) in whole == 0 ? 0 : Double(part) / Double(whole) }
        self.init(
            precision: ratio(hits, guesses), recall: ratio(hits, support), f1: ratio(2 * hits, guesses + support), support: support)
    }

    /// The mean of each figure, weighted; the support is the sum.
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
