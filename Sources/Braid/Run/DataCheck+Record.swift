extension DataCheck {
    /// What a check found, for programs.
    public struct Record: Encodable, Sendable {
        /// The samples of the manifest that have no fault of their own.
        public let samples: Int
        /// Samples by head, split and class; of regression heads by split alone, the class empty.
        public let counts: [String: [String: [String: Int]]]
        /// Samples that lack each modality.
        public let missing: [String: Int]
        /// What makes training impossible or its figures wrong, every one.
        public let errors: [String]
        /// What a user should know and may accept, every one.
        public let warnings: [String]
    }

    /// All of it, for programs.
    public var record: Record {
        let counts = counts.map { head, splits in
            (head, Dictionary(uniqueKeysWithValues: splits.map { ($0.key.rawValue, $0.value) }))
        }
        return Record(
            samples: total, counts: Dictionary(counts, uniquingKeysWith: { $1 }),
            missing: Dictionary(uniqueKeysWithValues: missing.map { ($0.key.rawValue, $0.value) }), errors: errors,
            warnings: warnings)
    }

    /// Every error and every warning, one a line.
    public var faultLines: String {
        (errors.map { "error: \($0)\n" } + warnings.map { "warning: \($0)\n" }).joined()
    }
}
