internal import Foundation
public import Torch

extension TaskKind {
    /// Any of several classes at once.
    public static let multilabel = TaskKind("multilabel", Multilabel.self)
}

/// Any of several classes at once, each by a sigmoid of its own. A cell holds names joined by `|` or another separator, or a list of JSON or Python.
public struct Multilabel: LearningTask {
    /// A label says of each class whether it applies.
    public static let form = LabelForm.flags
    private let settings: ClassificationSettings
    /// What stands between two names.
    private let separator: String

    /// The task with plain settings, or those given.
    public init(_ settings: ClassificationSettings = ClassificationSettings(), separator: String = "|") {
        (self.settings, self.separator) = (settings, separator)
    }

    /// Reads the keys of the loss and of calibration, and the separator.
    public init(_ reader: inout ConfigurationReader, at path: String) {
        settings = ClassificationSettings(&reader, at: path)
        separator = reader.string("\(path).separator", "|", "What stands between two names in a cell.")
        if separator.isEmpty { reader.fault("is empty; expected what stands between two names", "\(path).separator") }
    }

    /// The names of a list, or those that the separator joins; none where the cell is a lone separator.
    public func names(in text: String) throws(TargetError) -> [String] {
        guard text != separator else { return [] }
        let parts = NameList.names(in: text) ?? text.split(separator: separator, omittingEmptySubsequences: false).map(String.init)
        let names = parts.map { $0.trimmingCharacters(in: .whitespaces) }
        guard !names.contains("") else { throw .emptyName(text, separator) }
        guard Set(names).count == names.count else { throw .doubledName(text) }
        return names
    }

    /// The classes in alphabetical order, at least one.
    public func learn(_ labels: [String]) throws(TargetError) -> Target.Scale {
        var classes: Set<String> = []
        for label in labels { classes.formUnion(try names(in: label)) }
        guard !classes.isEmpty else { throw .lacking("no sample of the train split has a class") }
        return Target.Scale(classes: classes.sorted())
    }

    /// One a class.
    public func outputs(_ scale: Target.Scale) -> Int { scale.classes.count }

    /// Whether each class applies.
    public func value(of text: String, _ scale: Target.Scale) throws(TargetError) -> LabelValue {
        var flags = Array(repeating: false, count: scale.classes.count)
        for name in try names(in: text) { flags[try scale.index(of: name)] = true }
        return .flags(flags)
    }

    /// 1 where a class applies, float32 `[N, C]`.
    public func tensor(_ labels: LabelledValues) throws -> Tensor {
        try Tensor(labels.flags.flatMap { $0.map { Float($0 ? 1 : 0) } }, shape: [labels.count, labels.target.outputs])
    }

    /// The mean of binary cross-entropies, smoothed and focused as asked.
    public func loss(_ logits: Tensor, _ values: Tensor, balance: OutputBalance?) throws -> Tensor {
        try settings.binaryLoss(logits, values, balance: balance)
    }

    /// The mean of binary cross-entropies.
    public func plainLoss(_ logits: Tensor, _ values: Tensor) throws -> Tensor {
        try ClassificationSettings().binaryLoss(logits, values, balance: nil)
    }

    /// Weights as of scikit-learn's `class_weight="balanced"` of each class by itself, where asked.
    public func outputBalance(_ labels: LabelledValues, device: Device) throws -> OutputBalance? {
        settings.classWeights == .balanced ? try labels.balancedOutputs(labels.flags, device) : nil
    }

    /// Sigmoids.
    public func answers(_ logits: Tensor, _ scale: Target.Scale) throws -> Tensor { try logits.sigmoid() }

    /// The mean over classes of the probability given to what is true.
    public func likelihood(_ logits: Tensor, _ values: Tensor) throws -> Tensor {
        try ClassificationSettings.binaryLikelihood(logits, values)
    }

    /// Whether temperatures are asked for.
    public var isCalibrated: Bool { settings.calibration == .temperature }

    /// The temperature of least binary cross-entropy.
    public func temperature(_ logits: [[Float]], _ labels: LabelledValues, known: [Int]) -> Double {
        let flags = labels.flags
        return TemperatureScaling.fit(logits, flags: known.map { flags[$0] })
    }
}
