public import Torch

/// What a head learns: how labels are read, what the loss is, and how logits become answers.
///
/// One more is a file with a type that conforms, and its line in `TaskKind.registry`. A task holds what the configuration says of it;
/// what the train split teaches, classes or a scale, is in `Target`.
public protocol LearningTask: Sendable {
    /// How its labels and answers compare. Metrics, tables and pages follow from it.
    static var form: LabelForm { get }

    /// Reads the task's own keys, under `path`.
    init(_ reader: inout ConfigurationReader, at path: String)

    /// The names that a cell of the manifest holds, before any class is known; none where labels are numbers.
    ///
    /// - Throws: `TargetError` where the cell cannot be a label.
    func names(in text: String) throws(TargetError) -> [String]

    /// Learns classes or a scale from the labels of the train split, each of which `names(in:)` has let pass.
    ///
    /// - Throws: `TargetError.lacking` that says what the split lacks.
    func learn(_ labels: [String]) throws(TargetError) -> Target.Scale

    /// How many logits a head of such a target gives.
    func outputs(_ scale: Target.Scale) -> Int

    /// What a cell of the manifest means.
    ///
    /// - Throws: `TargetError` that says what was expected.
    func value(of text: String, _ scale: Target.Scale) throws(TargetError) -> LabelValue

    /// Labels as the loss takes them: int64 `[N]`, or float32 `[N, C]`. Rows without a label may hold anything.
    func tensor(_ labels: LabelledValues) throws -> Tensor

    /// The training loss of each sample, `[B]`, from logits `[B, C]` and what `tensor` made of labels.
    ///
    /// `balance` is what each output counts, where classes are balanced output by output.
    func loss(_ logits: Tensor, _ values: Tensor, balance: OutputBalance?) throws -> Tensor

    /// The loss that records show of each sample, `[B]`: without smoothing, focusing or balancing.
    func plainLoss(_ logits: Tensor, _ values: Tensor) throws -> Tensor

    /// What each sample counts, `[N]`, where classes are balanced sample by sample; nil where all count alike.
    func sampleWeights(_ labels: LabelledValues) -> [Double]?

    /// What each output counts, where classes are balanced output by output; nil where all count alike.
    func outputBalance(_ labels: LabelledValues, device: Device) throws -> OutputBalance?

    /// Logits `[N, C]`, calibrated, to answers `[N, K]`: a probability a class, or the number in the label's own unit.
    func answers(_ logits: Tensor, _ scale: Target.Scale) throws -> Tensor

    /// How sure of the truth logits are, `[B]`, from 0 to 1: what OGM-GE compares modalities by.
    func likelihood(_ logits: Tensor, _ values: Tensor) throws -> Tensor

    /// Whether the loss has a slope everywhere, which fusions that are fitted and not trained need.
    var isSmooth: Bool { get }

    /// Whether the task's probabilities are calibrated by temperatures.
    var isCalibrated: Bool { get }

    /// The temperature at which `logits`, the rows `known` of `labels`, say the truth best.
    func temperature(_ logits: [[Float]], _ labels: LabelledValues, known: [Int]) -> Double

    /// The class that figures of one class are of, by number; nil where they are means over all classes.
    var positive: Int? { get }

    /// What tables show, the figure that the task goes by first.
    var standardMetrics: [Metric] { get }

    /// What early stopping goes by where nothing else is asked.
    var stoppingMetric: Metric { get }
}

extension LearningTask {
    /// None: all samples count alike.
    public func sampleWeights(_ labels: LabelledValues) -> [Double]? { nil }

    /// None: all outputs count alike.
    public func outputBalance(_ labels: LabelledValues, device: Device) throws -> OutputBalance? { nil }

    /// Yes, as most losses have.
    public var isSmooth: Bool { true }

    /// No: nothing is calibrated.
    public var isCalibrated: Bool { false }

    /// 1: nothing is calibrated.
    public func temperature(_ logits: [[Float]], _ labels: LabelledValues, known: [Int]) -> Double { 1 }

    /// None: figures are means over classes.
    public var positive: Int? { nil }

    /// The usual figures of the form.
    public var standardMetrics: [Metric] {
        switch Self.form {
        case .classes: [.accuracy, .macroF1, .weightedF1]
        case .flags: [.microF1, .macroF1, .weightedF1, .accuracy]
        case .number: [.r2, .rmse, .mae]
        }
    }

    /// `macro_f1` where labels are classes, else `rmse`.
    public var stoppingMetric: Metric { Self.form == .number ? .rmse : .macroF1 }
}

/// What each output of a head counts where its class applies, and where it does not: `[C]` each.
public struct OutputBalance {
    /// Where the class applies.
    public let positive: Tensor
    /// Where it does not.
    public let negative: Tensor
}

/// A label as losses and metrics take it.
public enum LabelValue: Equatable, Sendable {
    /// A class by number.
    case index(Int)
    /// Whether each class applies.
    case flags([Bool])
    /// A number in the label's own unit.
    case number(Double)
}

/// A task that configurations may name.
public struct TaskKind: Registrable, Hashable, CustomStringConvertible {
    /// What errors call one of them.
    public static let noun = "a task"

    /// What `head.task` calls it.
    public let name: String
    /// How its labels and answers compare.
    public let form: LabelForm
    /// Reads the task's keys under the path.
    let read: @Sendable (inout ConfigurationReader, String) -> any LearningTask

    /// - Parameters:
    ///   - name: What `head.task` calls it; unique among all tasks.
    ///   - task: The type that reads the task's keys and does what it asks.
    public init(_ name: String, _ task: (some LearningTask).Type) {
        self.name = name
        form = task.form
        read = { task.init(&$0, at: $1) }
    }

    /// Two kinds of one name are one.
    public static func == (left: TaskKind, right: TaskKind) -> Bool { left.name == right.name }

    /// Hashes the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }

    /// The name.
    public var description: String { name }

    /// Every task there is.
    public static let registry = Registry<TaskKind>([.binary, .multiclass, .multilabel, .regression])
}
