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

    public var accuracy: Double { Self.ratio(labels.indices.reduce(0) { $0 + counts[$1][$1] }, total) }

    public var classes: [ClassScores] {
        labels.indices.map { index in
            let hits = counts[index][index]
            let support = counts[index].reduce(0, +)
            let guesses = counts.reduce(0) { $0 + $1[index] }
            return ClassScores(
                precision: Self.ratio(hits, guesses), recall: Self.ratio(hits, support),
                f1: Self.ratio(2 * hits, guesses + support), support: support)
        }
    }

    /// The plain mean over classes.
    public var macro: ClassScores { average { _ in 1 } }

    /// The mean over classes, each weighted by its support.
    public var weighted: ClassScores { average { Double($0.support) } }

    private func average(_ weight: (ClassScores) -> Double) -> ClassScores {
        let classes = classes
        let weights = classes.map(weight)
        let sum = weights.reduce(0, +)
        let mean = { (values: [Double]) -> Double in
            sum == 0 ? 0 : zip(weights, values).reduce(0) { $0 + $1.0 * $1.1 } / sum
        }
        return ClassScores(
            precision: mean(classes.map(\.precision)), recall: mean(classes.map(\.recall)), f1: mean(classes.map(\.f1)),
            support: total)
    }

    private static func ratio(_ part: Int, _ whole: Int) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }
}
