/// What a sample is used for.
public enum Split: String, CaseIterable, Sendable, Codable {
    /// To learn from.
    case train
    /// To choose the epoch, and to calibrate.
    case val
    /// To be judged on, once.
    case test
}

extension Split {
    /// What people call the splits, in lower case.
    private static let names: [String: Split] = [
        "train": .train, "training": .train, "val": .val, "valid": .val, "validation": .val, "dev": .val, "test": .test,
        "testing": .test,
    ]

    /// The split that a cell names, in whatever case; nil where it names none.
    public init?(named name: String) {
        guard let split = Self.names[name.lowercased()] else { return nil }
        self = split
    }
}
