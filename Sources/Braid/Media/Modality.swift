internal import Synchronization

/// One input of a model: its name, and what kind of thing it is. What a kind means, and how it is shown, is in its `ModalityKind`.
///
/// A kind's own name is a modality too, the plain one: `image`, `text`, `audio`, `tabular`, and then those that other targets register. A
/// configuration names further ones, `modalities: {title: {kind: text}}`. Their order is that of columns, embeddings and tables everywhere:
/// by kind, the plain one of a kind first, then by name.
public struct Modality: RawRepresentable, Hashable, Sendable, Comparable, CodingKeyRepresentable, Codable, CaseIterable,
    CustomStringConvertible
{
    /// What manifests and configurations call it.
    public let rawValue: String
    /// What its kind is called.
    let kindName: String

    /// The plain modality of that name; nil where there is no such kind.
    public init?(rawValue: String) {
        guard Self.kinds.withLock({ $0.contains(rawValue) }) else { return nil }
        self.init(known: rawValue)
    }

    private init(known name: String, kind: String? = nil) { (rawValue, kindName) = (name, kind ?? name) }

    /// Pictures.
    public static let image = Modality(known: "image")
    /// Written words.
    public static let text = Modality(known: "text")
    /// Recordings.
    public static let audio = Modality(known: "audio")
    /// Columns of numbers and categories.
    public static let tabular = Modality(known: "tabular")

    private static let kinds = Mutex(["image", "text", "audio", "tabular"])

    /// Makes a kind known, behind all others.
    static func adding(_ name: String) -> Modality {
        kinds.withLock { kinds in if !kinds.contains(name) { kinds.append(name) } }
        return Modality(known: name)
    }

    /// The plain modality of every kind, in their order.
    public static var allCases: [Modality] { kinds.withLock { $0 }.map { Modality(known: $0) } }

    /// One more of the same kind, called `name`.
    public func named(_ name: String) -> Modality { Modality(known: name, kind: kindName) }

    /// The plain modality of the same kind: the one whose encoders and augmentations are this one's too.
    public var plain: Modality { Modality(known: kindName) }

    /// Whether it is the plain one of its kind.
    var isPlain: Bool { rawValue == kindName }

    /// By kind, the plain one first, then by name.
    public static func < (left: Modality, right: Modality) -> Bool {
        guard left.kindName == right.kindName else {
            let kinds = kinds.withLock { $0 }
            return (kinds.firstIndex(of: left.kindName) ?? kinds.count) < (kinds.firstIndex(of: right.kindName) ?? kinds.count)
        }
        return left.isPlain != right.isPlain ? left.isPlain : left.rawValue < right.rawValue
    }

    /// The name.
    public var description: String { rawValue }
}

extension Modality {
    /// Reads what `encode` writes.
    public init(from decoder: any Swift.Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let modality = Modality(stored: text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(text) is not a modality")
        }
        self = modality
    }

    /// Writes the name, and of one that is not plain the kind behind it: `title:text`.
    public func encode(to encoder: any Swift.Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(stored)
    }

    /// Reads what `stored` gives; nil where there is no such kind.
    init?(stored text: String) {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        guard let kind = parts.last.flatMap(Modality.init(rawValue:)) else { return nil }
        self = parts.count == 2 ? kind.named(parts[0]) : kind
    }

    /// The name, and of one that is not plain the kind behind it.
    var stored: String { isPlain ? rawValue : "\(rawValue):\(kindName)" }
}

extension Sequence<Modality> {
    /// The one of that name, as options and files give it; nil where there is none.
    public func named(_ name: String) -> Modality? { first { $0.rawValue == name } }
}
