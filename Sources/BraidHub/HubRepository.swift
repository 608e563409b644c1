internal import BraidSupport

/// A model on the hub at one revision: `org/name`, `name` (legacy), `org/name@REVISION`.
public struct HubRepository: Hashable, Sendable, CustomStringConvertible {
    /// The model's id: `org/name`, or the `name` alone of the hub's first models.
    public let id: String
    /// A branch, a tag, or a commit's hash; `main` where nothing else was asked for.
    public let revision: String

    /// Names a model at a revision; the hub is not asked whether it has it.
    ///
    /// - Throws: `BraidError` (`.noInput`) where `id` or `revision` is none that the hub could have.
    public init(id: String, revision: String = "main") throws {
        guard Self.isID(id) else {
            throw BraidError(
                .noInput,
                "\(id) is not a Hugging Face id: expected org/name of letters, digits, '-', '_' and '.', at most 96 characters each"
            )
        }
        guard Self.isRevision(revision) else {
            throw BraidError(.noInput, "\(id)@\(revision): \(revision) is not a branch, a tag or a commit")
        }
        self.id = id
        self.revision = revision
    }

    /// Reads `org/name` or `org/name@REVISION`.
    ///
    /// - Throws: `BraidError` (`.noInput`) where the text is none of these.
    public init(_ text: String) throws {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        try self.init(id: String(parts[0]), revision: parts.count == 2 ? String(parts[1]) : "main")
    }

    /// The model as `init(_:)` reads it: `org/name@REVISION`, without the revision where that is `main`.
    public var description: String { revision == "main" ? id : "\(id)@\(revision)" }

    /// The revision, where it is a whole commit hash: its content never changes.
    var commit: String? { Self.isCommit(revision) ? revision : nil }

    static func isCommit(_ text: String) -> Bool { text.utf8.count == 40 && isHex(text) }

    static func isHex(_ text: String) -> Bool {
        text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    /// As `huggingface_hub.utils.validate_repo_id` has it.
    private static func isID(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), !text.contains("--"), !text.contains(".."), !text.hasSuffix(".git") else {
            return false
        }
        return parts.allSatisfy { part in
            guard let first = part.first, let last = part.last, part.count <= 96 else { return false }
            guard !"-.".contains(first), !"-.".contains(last) else { return false }
            return part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
        }
    }

    /// git's rules for the name of a reference, as far as they guard the path it becomes.
    private static func isRevision(_ text: String) -> Bool {
        guard text.utf8.count <= 200, isPath(text), !text.contains(".."), !text.hasPrefix("-") else { return false }
        return text.unicodeScalars.allSatisfy { !$0.properties.isWhitespace && !"~^:?*[".unicodeScalars.contains($0) }
    }

    /// Whether `text` is a path that stays within the folder it is taken from.
    package static func isPath(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else { return false }
        return text.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 && $0 != "\\" }
    }
}
