/// What is augmented of one modality: `modalities.X.augment`.
public struct AugmentationRecipe: Sendable, Equatable {
    /// In the order of the registry.
    public let all: [Augmentation]

    /// Nothing.
    public static let none = AugmentationRecipe([])

    /// Makes one from its parts.
    public init(_ all: [Augmentation]) { self.all = all }

    /// Whether nothing is augmented.
    public var isEmpty: Bool { all.isEmpty }

    /// What is done, in a line.
    public var summary: String { all.map(\.summary).joined(separator: ", ") }

    /// Reads `augment`: a level's name, or a section with keys of its own, which `--set` may put beside a level. Nothing is read of a
    /// modality without any augmentation.
    ///
    /// - Parameters:
    ///   - modality: Whose it is.
    ///   - path: The modality's section.
    ///   - isTrained: Whether its encoder is; where not, nothing of it acts.
    static func read(
        _ reader: inout ConfigurationReader, _ modality: Modality, _ path: String, isTrained: Bool
    ) -> AugmentationRecipe {
        let kinds = AugmentationKind.registry.all.filter { $0.modality == modality.plain }
        guard !kinds.isEmpty else { return .none }
        let path = "\(path).augment"
        let (first, isGiven) = (reader.keys.count, reader.has(path))
        let level = level(&reader, path)
        let keys = AugmentationKeys(path: path, level: level, records: isGiven && isTrained)
        let all = kinds.compactMap { $0.read(&reader, keys) }
        // Every key by its own name: the section's would stand for keys that are not there.
        for key in reader.keys[first...].map(\.path) where reader.isGiven(key) && !(key == path && level == .none) {
            reader.idle([key], unless: isTrained, reason)
        }
        return AugmentationRecipe(isTrained ? all : [])
    }

    private static let reason =
        "acts only on an encoder that is trained: what a frozen one makes of a sample is computed once, and so it would never see another draw; set train: last:N or all, or leave it out"

    private static func level(_ reader: inout ConfigurationReader, _ path: String) -> AugmentationLevel {
        let names = AugmentationLevel.allCases.map(\.rawValue)
        let level = reader.read(
            path, AugmentationLevel.none,
            "How much is augmented in training: none, light or strong; or a section with the keys below, the others as in none.",
            expected: "one of \(names.joined(separator: ", ")), or a section",
            schema: [
                "type": ["string", "object"], "pattern": "^(\(names.joined(separator: "|")))$", "default": "none",
                "additionalProperties": false,
            ],
            // What it stands for is recorded, key by key.
            records: false, parse: { $0.text.flatMap(AugmentationLevel.init) }, represent: { .text($0.rawValue) })
        return level ?? .none
    }
}
