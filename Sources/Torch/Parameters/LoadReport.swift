internal import BraidSupport

/// What loading a checkpoint did with each key: applied, missing, unused, or of another shape.
public struct LoadReport: Sendable {
    public struct Mismatch: Sendable {
        public let key: String
        public let expected: [Int]
        public let found: [Int]
    }

    public let file: String
    public let applied: Int
    public let missing: [String]
    public let unused: [String]
    public let mismatched: [Mismatch]
    /// Keys that mean the same parameter as another key of the file.
    public internal(set) var doubled: [String] = []

    /// Throws one error that lists everything that does not fit.
    ///
    /// - Parameter allowUnused: Whether keys that nothing here reads are fine, as a classifier's head is to an encoder.
    public func check(allowUnused: Bool) throws(LoadError) {
        guard missing.isEmpty, mismatched.isEmpty, allowUnused || unused.isEmpty else { throw LoadError(report: self) }
    }

    /// For example `62 applied, 0 missing, 2 unused (fc.bias, fc.weight), 0 mismatched`.
    public var summary: String {
        let names = unused.isEmpty ? "" : " (\(unused.prefix(4).joined(separator: ", "))\(unused.count > 4 ? ", …" : ""))"
        return "\(applied) applied, \(missing.count) missing, \(unused.count) unused\(names), \(mismatched.count) mismatched"
    }
}

/// A checkpoint does not fit the model it was loaded into.
public struct LoadError: Error, CustomStringConvertible, Sendable {
    public let report: LoadReport

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
