internal import Synchronization

/// A kind of input, by its name. What it means, its columns and how it is shown, is in its `ModalityKind`.
///
/// The order of modalities is the order of columns, embeddings and tables everywhere: image, text, audio, and then those that other
/// targets register.
public struct Modality: RawRepresentable, Hashable, Sendable, Comparable, CodingKeyRepresentable, Codable, CaseIterable,
    CustomStringConvertible
{
    /// What manifests and configurations call it.
    public let rawValue: String

    /// The modality of that name; nil where there is none.
    public init?(rawValue: String) {
        guard Self.names.withLock({ $0.contains(rawValue) }) else { return nil }
        self.rawValue = rawValue
    }

    private init(known name: String) { rawValue = name }

    /// Pictures.
    public static let image = Modality(known: "image")
    /// Written words.
    public static let text = Modality(known: "text")
    /// Recordings.
    public static let audio = Modality(known: "audio")

    private static let names = Mutex(["image", "text", "audio"])

    /// Makes a name known, behind all others.
    static func adding(_ name: String) -> Modality {
        names.withLock { names in if !names.contains(name) { names.append(name) } }
        return Modality(known: name)
    }

    /// Every modality, in their order.
    public static var allCases: [Modality] { names.withLock { $0 }.map(Modality.init(known:)) }

    /// By their order.
    public static func < (left: Modality, right: Modality) -> Bool {
        let names = names.withLock { $0 }
        return (names.firstIndex(of: left.rawValue) ?? names.count) < (names.firstIndex(of: right.rawValue) ?? names.count)
    }

    /// The name.
    public var description: String { rawValue }
}
