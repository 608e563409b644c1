public import Torch

extension TaskKind {
    /// One of several classes.
    public static let multiclass = TaskKind("multiclass", Multiclass.self)
}

/// One of several classes, by softmax.
public struct Multiclass: LearningTask {
    /// A label is one of several classes that exclude each other.
    public static let form = LabelForm.classes
    private let settings: ClassificationSettings

    /// The task with plain settings, or those given.
    public init(_ settings: ClassificationSettings = ClassificationSettings()) { self.settings = settings }

    /// Reads the keys of the loss and of calibration.
    public init(_ reader: inout ConfigurationReader, at path: String) { settings = ClassificationSettings(&reader, at: path) }

    /// The cell itself.
    public func names(in text: String) -> [String] { [text] }

    /// The classes in alphabetical order, at least two.
    public func learn(_ labels: [String]) throws(TargetError) -> Target.Scale {
        let classes = Set(labels).sorted()
        guard classes.count >= 2 else { throw .fewClasses(classes.count) }
        return Target.Scale(classes: classes)
    }

    /// One a class.
    public func outputs(_ scale: Target.Scale) -> Int { scale.classes.count }

    /// The class's number.
    public func value(of text: String, _ scale: Target.Scale) throws(TargetError) -> LabelValue {
        .index(try scale.index(of: text))
    }

    /// Class numbers, int64 `[N]`.
    public func tensor(_ labels: LabelledValues) throws -> Tensor {
        try Tensor(labels.indices.map(Int64.init), shape: [labels.count])
    }

    /// Cross-entropy, smoothed and focused as asked.
    public func loss(_ logits: Tensor, _ values: Tensor, balance: OutputBalance?) throws -> Tensor {
        let rows = try logits.crossEntropyPerRow(values, labelSmoothing: settings.labelSmoothing)
        guard settings.loss == .focal else { return rows }
        let chosen = try likelihood(logits, values)
        return try chosen.scaled(by: -1).adding(1).clamped(atLeast: ClassificationSettings.smallest).power(settings.focalGamma)
            * rows
    }

    /// Cross-entropy.
    public func plainLoss(_ logits: Tensor, _ values: Tensor) throws -> Tensor {
        try logits.crossEntropyPerRow(values, labelSmoothing: 0)
    }

    /// Weights as of scikit-learn's `class_weight="balanced"`, where asked.
    public func sampleWeights(_ labels: LabelledValues) -> [Double]? {
        guard settings.classWeights == .balanced else { return nil }
        let weights = labels.balancedWeights()
        return labels.indices.map { weights[$0] }
    }

    /// Softmax.
    public func answers(_ logits: Tensor, _ scale: Target.Scale) throws -> Tensor { try logits.softmax() }

    /// The true class's probability.
    public func likelihood(_ logits: Tensor, _ values: Tensor) throws -> Tensor {
        try logits.softmax(1).gathered(values.unsqueezed(1)).squeezed(1)
    }

    /// Whether temperatures are asked for.
    public var isCalibrated: Bool { settings.calibration == .temperature }

    /// The temperature of least cross-entropy.
    public func temperature(_ logits: [[Float]], _ labels: LabelledValues, known: [Int]) -> Double {
        let classes = labels.indices
        return TemperatureScaling.fit(logits, classes: known.map { classes[$0] })
    }
}
