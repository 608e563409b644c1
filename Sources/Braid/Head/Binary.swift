public import Torch

extension TaskKind {
    /// One of two classes.
    public static let binary = TaskKind("binary", Binary.self)
}

/// One of two classes, by one output and the sigmoid.
public struct Binary: LearningTask {
    /// A label is one of two classes that exclude each other.
    public static let form = LabelForm.classes
    private let settings: ClassificationSettings
    /// The positive class; nil: the second in the alphabet, as scikit-learn has it.
    private let positiveName: String?

    /// The task with plain settings, or those given. `positive` is the positive class; nil: the second in the alphabet.
    public init(_ settings: ClassificationSettings = ClassificationSettings(), positive: String? = nil) {
        (self.settings, positiveName) = (settings, positive)
    }

    /// Reads the keys of the loss and of calibration, and the positive class.
    public init(_ reader: inout ConfigurationReader, at path: String) {
        settings = ClassificationSettings(&reader, at: path)
        positiveName = reader.optionalString("\(path).positive", "The positive class. Default: the second in the alphabet.")
    }

    /// The cell itself.
    public func names(in text: String) -> [String] { [text] }

    /// The negative and then the positive class: exactly two.
    public func learn(_ labels: [String]) throws(TargetError) -> Target.Scale {
        let classes = Set(labels).sorted()
        guard classes.count >= 2 else { throw .fewClasses(classes.count) }
        guard classes.count == 2 else {
            throw .lacking("head.task is binary, and the train split has \(classes.count) classes; use multiclass, or two classes")
        }
        guard let positiveName else { return Target.Scale(classes: classes) }
        guard classes.contains(positiveName) else {
            throw .lacking("head.positive is \(positiveName), which is neither \(classes[0]) nor \(classes[1])")
        }
        return Target.Scale(classes: classes.filter { $0 != positiveName } + [positiveName])
    }

    /// One: the positive class's.
    public func outputs(_ scale: Target.Scale) -> Int { 1 }

    /// The class's number: 1 for the positive one.
    public func value(of text: String, _ scale: Target.Scale) throws(TargetError) -> LabelValue {
        .index(try scale.index(of: text))
    }

    /// 1 where the positive class is true, float32 `[N, 1]`.
    public func tensor(_ labels: LabelledValues) throws -> Tensor {
        try Tensor(labels.indices.map { Float($0 == 1 ? 1 : 0) }, shape: [labels.count, 1])
    }

    /// Binary cross-entropy, smoothed and focused as asked.
    public func loss(_ logits: Tensor, _ values: Tensor, balance: OutputBalance?) throws -> Tensor {
        try settings.binaryLoss(logits, values, balance: balance)
    }

    /// Binary cross-entropy.
    public func plainLoss(_ logits: Tensor, _ values: Tensor) throws -> Tensor {
        try ClassificationSettings().binaryLoss(logits, values, balance: nil)
    }

    /// Weights as of scikit-learn's `class_weight="balanced"`, where asked.
    public func outputBalance(_ labels: LabelledValues, device: Device) throws -> OutputBalance? {
        settings.classWeights == .balanced ? try labels.balancedOutputs(labels.indices.map { [$0 == 1] }, device) : nil
    }

    /// The probabilities of the negative and of the positive class.
    public func answers(_ logits: Tensor, _ scale: Target.Scale) throws -> Tensor {
        let positive = try logits.sigmoid()
        return try .concatenate([positive.scaled(by: -1).adding(1), positive], 1)
    }

    /// The true class's probability.
    public func likelihood(_ logits: Tensor, _ values: Tensor) throws -> Tensor {
        try ClassificationSettings.binaryLikelihood(logits, values)
    }

    /// Whether temperatures are asked for.
    public var isCalibrated: Bool { settings.calibration == .temperature }

    /// The temperature of least binary cross-entropy.
    public func temperature(_ logits: [[Float]], _ labels: LabelledValues, known: [Int]) -> Double {
        let classes = labels.indices
        return TemperatureScaling.fit(logits, flags: known.map { [classes[$0] == 1] })
    }

    /// The second class.
    public var positive: Int? { 1 }
}
