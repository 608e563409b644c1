internal import BraidSupport

/// What loading a checkpoint did with each key: applied, missing, unused, or of another shape.
public struct LoadReport: Sendable {
    /// A key whose tensor has another shape than the model's parameter.
    public struct Mismatch: Sendable {
        /// The key in the checkpoint.
        public let key: String
        /// The shape that the model asked for.
        public let expected: [Int]
        /// The shape that the checkpoint has.
        public let found: [Int]
    }

    /// The checkpoint's path; empty where weights are random.
    public let file: String
    /// How many keys of the checkpoint the model asked for, those of a wrong shape included.
    public let applied: Int
    /// Paths of the model's parameters and buffers that the checkpoint lacks, in the order of their declaration.
    public let missing: [String]
    /// Keys of the checkpoint that nothing in the model reads, sorted; those left out on purpose are not among them.
    public let unused: [String]
    /// Keys whose tensors have another shape than the model asked for.
    public let mismatched: [Mismatch]
    /// Keys whose values cannot be weights, each with what is wrong with them: NaN or infinity, a variance below 0, whole numbers.
    public internal(set) var damaged: [String] = []
    /// Keys that mean the same parameter as another key of the file.
    public internal(set) var doubled: [String] = []
    /// What all keys of the checkpoint began with, and was left out: `module.`, for example.
    public internal(set) var wrapper = ""

    /// Throws one error that lists everything that does not fit.
    ///
    /// - Throws: `LoadError` where something is missing, damaged, of another shape, or read by nobody: what may be left unread is said
    ///   with `Scope.ignore`.
    public func check() throws(LoadError) {
        guard missing.isEmpty, mismatched.isEmpty, unused.isEmpty, damaged.isEmpty else { throw LoadError(report: self) }
    }

    /// Whether every key went where it belongs, under its own name.
    public var isComplete: Bool {
        missing.isEmpty && unused.isEmpty && mismatched.isEmpty && damaged.isEmpty && doubled.isEmpty && wrapper.isEmpty
    }

    /// What was loaded of which file, for who asks for everything: `image: …/model.safetensors: 65 applied, …`.
    package func line(for what: some CustomStringConvertible) -> String { "\(what): \(file): \(summary)" }

    /// One line for a person to read, for example `62 applied, 0 missing, 2 unused (fc.bias, fc.weight), 0 mismatched`.
    public var summary: String {
        let names = unused.isEmpty ? "" : " (\(unused.prefix(4).joined(separator: ", "))\(unused.count > 4 ? ", …" : ""))"
        let unwrapped = wrapper.isEmpty ? "" : "; keys read without their prefix \(wrapper)"
        return
            "\(applied) applied, \(missing.count) missing, \(unused.count) unused\(names), \(mismatched.count) mismatched\(unwrapped)"
    }
}

/// A checkpoint does not fit the model it was loaded into.
public struct LoadError: Error, CustomStringConvertible, Sendable {
    /// What did and what did not fit.
    public let report: LoadReport

    /// Several lines for a person to read: a summary, then a line for each key that does not fit.
    public var description: String {
        let fits = report.missing.isEmpty && report.mismatched.isEmpty && report.unused.isEmpty && report.doubled.isEmpty
        var lines = ["\(report.file): the weights \(fits ? "are damaged" : "do not fit the model"): \(report.summary)"]
        if let reason { lines.append("  \(reason)") }
        for fault in report.damaged.prefix(Self.shown) { lines.append("  damaged: \(fault)") }
        if report.damaged.count > Self.shown { lines.append("  … and \(report.damaged.count - Self.shown) more damaged") }
        let candidates = report.unused.prefix(Self.compared)
        for key in report.missing.prefix(Self.shown) {
            let near = nearest(to: key, in: candidates).map { "; the file has \($0)" } ?? ""
            lines.append("  missing: \(key)\(near)")
        }
        if report.missing.count > Self.shown { lines.append("  … and \(report.missing.count - Self.shown) more missing") }
        for mismatch in report.mismatched.prefix(Self.shown) {
            lines.append("  shape: \(mismatch.key) is \(mismatch.found), expected \(mismatch.expected)")
        }
        if report.mismatched.count > Self.shown {
            lines.append("  … and \(report.mismatched.count - Self.shown) more of another shape")
        }
        for key in report.doubled { lines.append("  twice: \(key) means the same parameter as another key") }
        for key in report.unused.prefix(Self.shown) { lines.append("  unused: \(key)") }
        if report.unused.count > Self.shown { lines.append("  … and \(report.unused.count - Self.shown) more unused") }
        return lines.joined(separator: "\n")
    }

    private static let shown = 20
    /// The most keys among which a name that is like a missing one is looked for.
    private static let compared = 2_000

    /// What is most likely the matter; nil where that is not plain.
    private var reason: String? {
        if !report.damaged.isEmpty, report.missing.isEmpty, report.unused.isEmpty, report.mismatched.isEmpty {
            return "no model computes with such values: get the file anew, or train again with a lower rate"
        }
        if report.unused.contains(where: { $0.contains(".lora_A.") || $0.contains(".lora_B.") }) {
            return
                "the file holds an adapter (LoRA) beside or in place of a model: merge it into its base first, as peft's merge_and_unload does"
        }
        if report.applied == 0, !report.unused.isEmpty {
            return "none of its keys is known: it is of another architecture, or of a layout that Braid does not read"
        }
        if report.mismatched.count > report.applied / 2 {
            return "most shapes differ: it is of the same family and of another size; name that with encoder, or in config.json"
        }
        if !report.missing.isEmpty, report.unused.isEmpty, report.mismatched.isEmpty {
            return "it is a part of the model: the file was cut short, or one of several is missing"
        }
        return nil
    }
}
