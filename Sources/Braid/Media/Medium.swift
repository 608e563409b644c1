public import Foundation

/// One modality of one sample, not decoded yet: a file, bytes, or a text; of a recording perhaps only a stretch.
public struct Medium: Sendable, Equatable {
    /// Where it is.
    public enum Content: Sendable, Equatable {
        /// A file.
        case file(URL)
        /// A file's content, in memory: what a program received, and never wrote down.
        case bytes(Data)
        /// The text itself; of modalities that are no media, the cells of their columns.
        case text(String)
    }

    /// Where it is.
    public let content: Content
    /// Where the stretch begins, in seconds; nil: at the start.
    public let start: Double?
    /// Where the stretch ends, in seconds; nil: at the end.
    public let end: Double?

    /// Makes one from its parts.
    public init(_ content: Content, start: Double? = nil, end: Double? = nil) {
        (self.content, self.start, self.end) = (content, start, end)
    }

    /// A file, or a stretch of the recording in it.
    public init(url: URL, start: Double? = nil, end: Double? = nil) { self.init(.file(url), start: start, end: end) }

    /// A text itself.
    public static func inline(_ text: String) -> Medium { Medium(.text(text)) }

    /// A file.
    public static func file(_ url: URL) -> Medium { Medium(.file(url)) }

    /// A file's content.
    public static func bytes(_ data: Data) -> Medium { Medium(.bytes(data)) }

    /// The file it lies in; nil where it is in memory.
    public var url: URL? { if case .file(let url) = content { url } else { nil } }

    /// What errors call it: the file's path, or that it is in memory.
    public var name: String {
        switch content {
        case .file(let url): url.path
        case .bytes(let data): "\(data.count) bytes in memory"
        case .text: "the text"
        }
    }

    /// The bytes of the file, or those in memory; of a text its UTF-8.
    ///
    /// - Throws: `DecodeError` where the file cannot be read, or has more bytes than the limit `media-bytes` lets.
    public func data() throws -> Data { try data(within: .mediaBytes) }

    private func data(within limit: Limit) throws -> Data {
        switch content {
        case .bytes(let data): return data
        case .text(let text): return Data(text.utf8)
        case .file(let url): return try MediaFile.data(url, limit)
        }
    }

    /// The text: itself, or what the file or the bytes hold.
    ///
    /// - Throws: `DecodeError` where they are not UTF-8, cannot be read, or are more than the limit `text-bytes` lets.
    public func text() throws -> String {
        if case .text(let text) = content { return text }
        guard let text = String(validating: try data(within: .textBytes), as: UTF8.self) else {
            throw DecodeError(path: name, reason: "is not UTF-8; save it as UTF-8")
        }
        return text
    }
}
