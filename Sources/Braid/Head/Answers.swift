/// How the labels and the answers of a task compare: what metrics, tables and pages go by.
public enum LabelForm: Sendable, Hashable, CaseIterable {
    /// One of several classes that exclude each other.
    case classes
    /// Each class by itself applies or does not.
    case flags
    /// A number.
    case number
}

/// What a head said of labelled samples, beside the truth.
public enum Answers: Sendable {
    /// Of a head whose labels are one of several classes.
    case classes(ClassAnswers)
    /// Of a head that says yes or no for each class.
    case flags(FlagAnswers)
    /// Of a head whose labels are numbers, compared already.
    case number(RegressionScores)
}

/// Answers that are one of several classes.
public struct ClassAnswers: Sendable {
    /// The true class of each sample, by number.
    public let truth: [Int]
    /// A probability a class, `[N][C]`.
    public let values: [[Float]]
    /// The class that figures of one class are of, by number; nil where they are means over all classes.
    public let positive: Int?
    /// Counts of true against likeliest classes.
    public let confusion: ConfusionMatrix

    /// - Parameters:
    ///   - labels: The classes' names.
    ///   - truth: The true class of each sample, by number.
    ///   - values: A probability a class, `[N][C]`.
    ///   - positive: The positive class of a task that has one.
    public init(labels: [String], truth: [Int], values: [[Float]], positive: Int? = nil) {
        (self.truth, self.values, self.positive) = (truth, values, positive)
        confusion = ConfusionMatrix(labels: labels, truth: truth, predicted: values.map(\.likeliest))
    }

    /// The probabilities in double precision, `[N][C]`.
    public var probabilities: [[Double]] { values.map { $0.map(Double.init) } }

    /// Whether each class is the true one, `[N][C]`.
    public var flags: [[Bool]] { truth.map { index in confusion.labels.indices.map { $0 == index } } }
}

/// Answers that are yes or no for each class.
public struct FlagAnswers: Sendable {
    /// Which classes apply to each sample, `[N][C]`.
    public let truth: [[Bool]]
    /// A probability a class, `[N][C]`.
    public let values: [[Float]]
    /// The figures of the answers that are likelier than not.
    public let scores: MultilabelScores

    /// - Parameters:
    ///   - labels: The classes' names.
    ///   - truth: Which classes apply to each sample, `[N][C]`.
    ///   - values: A probability a class, `[N][C]`.
    public init(labels: [String], truth: [[Bool]], values: [[Float]]) {
        (self.truth, self.values) = (truth, values)
        scores = MultilabelScores(labels: labels, truth: truth, predicted: values.map { row in row.map { $0 > 0.5 } })
    }

    /// The probabilities in double precision, `[N][C]`.
    public var probabilities: [[Double]] { values.map { $0.map(Double.init) } }
}

extension Array where Element == Float {
    /// The number of the largest value; the first of several, 0 where there is none.
    var likeliest: Int { indices.max { self[$0] < self[$1] } ?? 0 }
}
