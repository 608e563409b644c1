/// How much is augmented where a configuration does not say it key by key.
public enum AugmentationLevel: String, CaseIterable, Sendable {
    /// Nothing.
    case none
    /// What hardly ever hurts.
    case light
    /// What long trainings on few samples need.
    case strong
}

/// Where the keys of a modality's augmentations stand, and what they are where nothing is said of them.
public struct AugmentationKeys: Sendable {
    let path: String
    let level: AugmentationLevel
    let records: Bool

    /// A key's values at each level.
    public struct Values<Value: Sendable>: Sendable {
        /// Where nothing is augmented.
        let none: Value
        let light: Value
        let strong: Value

        /// Makes them of all three.
        public init(none: Value, light: Value, strong: Value) { (self.none, self.light, self.strong) = (none, light, strong) }

        func at(_ level: AugmentationLevel) -> Value {
            switch level {
            case .none: none
            case .light: light
            case .strong: strong
            }
        }

        /// What the levels mean, where they differ.
        var remark: String {
            let texts = ["\(none)", "\(light)", "\(strong)"]
            return Set(texts).count > 1 ? " light: \(light), strong: \(strong)." : ""
        }
    }

    /// Reads a number under `augment`.
    ///
    /// - Parameters:
    ///   - reader: What is read.
    ///   - name: The key.
    ///   - values: What it is at each level.
    ///   - range: What it may be.
    ///   - meaning: What the JSON Schema says of it.
    ///   - other: A key without which it does not act, and whether it acts.
    public func double(
        _ reader: inout ConfigurationReader, _ name: String, _ values: Values<Double>, _ range: ClosedRange<Double>,
        _ meaning: String, with other: (reason: String, acts: Bool)? = nil
    ) -> Double {
        let acts = acts(&reader, name, other)
        return reader.double("\(path).\(name)", values.at(level), range, meaning + values.remark, records: acts)
    }

    /// Reads a whole number under `augment`, as `double` reads others.
    public func int(
        _ reader: inout ConfigurationReader, _ name: String, _ values: Values<Int>, _ range: ClosedRange<Int>,
        _ meaning: String, with other: (reason: String, acts: Bool)? = nil
    ) -> Int {
        let acts = acts(&reader, name, other)
        return reader.int("\(path).\(name)", values.at(level), range, meaning + values.remark, records: acts)
    }

    /// Whether a key is recorded; refuses it where it is given and does not act.
    private func acts(_ reader: inout ConfigurationReader, _ name: String, _ other: (reason: String, acts: Bool)?) -> Bool {
        guard let other else { return records }
        reader.refuse("\(path).\(name)", unless: other.acts, "acts only with \(other.reason)")
        return records && other.acts
    }

    /// Reads a text under `augment`: nil where none is given.
    public func string(_ reader: inout ConfigurationReader, _ name: String, _ meaning: String) -> String? {
        reader.optionalString("\(path).\(name)", meaning)
    }
}

/// An augmentation that configurations may ask for.
///
/// One more is a file with its kind, and a line in `registry`, or a call of `registry.register`.
public struct AugmentationKind: Registrable {
    /// What errors call one of them.
    public static let noun = "an augmentation"

    /// Unique among all of them.
    public let name: String
    /// What it changes.
    public let modality: Modality
    /// Where it is described.
    public let paper: String
    let read: @Sendable (inout ConfigurationReader, AugmentationKeys) -> Augmentation?

    /// - Parameters:
    ///   - name: Unique among all augmentations.
    ///   - modality: What it changes.
    ///   - paper: Where it is described.
    ///   - read: Reads the kind's own keys, under `modalities.….augment`; nil where it is not asked for.
    public init(
        name: String, modality: Modality, paper: String,
        read: @escaping @Sendable (inout ConfigurationReader, AugmentationKeys) -> Augmentation?
    ) {
        (self.name, self.modality, self.paper, self.read) = (name, modality, paper, read)
    }

    /// Every augmentation there is, in the order in which those of one stage are applied.
    public static let registry = Registry<AugmentationKind>([
        .crop, .flip, .jitter, .randAugment, .erasing,
        .speed, .shift, .gain, .noise, .spectrumMasks,
        .wordDeletion, .tokenDropout,
    ])
}
