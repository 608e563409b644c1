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
    /// Keys that mean the same parameter as another key of the file.
    public internal(set) var doubled: [String] = []

    /// Throws one error that lists everything that does not fit.
    ///
    /// - Throws: `LoadError` where something is missing, of another shape, or read by nobody: what may be left unread is said with
    ///   `Scope.ignore`.
    public func check() throws(LoadError) {
        guard missing.isEmpty, mismatched.isEmpty, unused.isEmpty else { throw LoadError(report: self) }
    }

    /// One line for a person to read, for example `62 applied, 0 missing, 2 unused (fc.bias, fc.weight), 0 mismatched`.
    public var summary: String {
        let names = unused.isEmpty ? "" : " (\(unused.prefix(4).joined(separator: ", "))\(unused.count > 4 ? ", …" : ""))"
        return "\(applied) applied, \(missing.count) missing, \(unused.count) unused\(names), \(mismatched.count) mismatched"
    }
}

/// A checkpoint does not fit the model it was loaded into.
public struct LoadError: Error, CustomStringConvertible, Sendable {
    /// What did and what did not fit.
    public let report: LoadReport

    /// Several lines for a person to read: a summary, then a line for each key that does not fit.
    public var description: String {
        var lines = ["\(report.file): the weights do not fit the model: \(report.summary)"]
        for key in report.missing {
            let near = nearest(to: key, in: report.unused).map { "; the file has \($0)" } ?? ""
            lines.append("  missing: \(key)\(near)")
        }
        for mismatch in report.mismatched {
            lines.append("  shape: \(mismatch.key) is \(mismatch.found), expected \(mismatch.expected)")
        }
        for key in report.doubled { lines.append("  twice: \(key) means the same parameter as another key") }
        for key in report.unused.prefix(20) { lines.append("  unused: \(key)") }
        if report.unused.count > 20 { lines.append("  … and \(report.unused.count - 20) more unused") }
        return lines.joined(separator: "\n")
    }
}
