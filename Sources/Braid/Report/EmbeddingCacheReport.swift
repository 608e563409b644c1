internal import Foundation

/// What is in the cache of embeddings.
public struct EmbeddingCacheReport: Encodable, Sendable {
    /// The path of the cache's folder.
    public let folder: String
    /// How large the cache may become, in bytes.
    public let limitBytes: Int
    /// How large it is, in bytes.
    public let bytes: Int
    /// How many embeddings it holds, of all encoders together.
    public let embeddings: Int
    /// The latest used first.
    public let encoders: [EmbeddingCache.Entry]
    /// What frozen blocks of encoders that were trained have given, the latest used first.
    public let activations: [EmbeddingCache.Entry]

    private enum CodingKeys: String, CodingKey {
        case folder, bytes, embeddings, encoders, activations
        case limitBytes = "limit_bytes"
    }

    /// Looks into `cache`.
    ///
    /// - Throws: Foundation's error where the folder cannot be listed.
    public init(_ cache: EmbeddingCache) throws {
        encoders = try cache.entries()
        activations = try cache.activations.entries()
        folder = cache.folder.path
        limitBytes = cache.limit
        bytes = encoders.reduce(0) { $0 + $1.bytes }
        embeddings = encoders.reduce(0) { $0 + $1.embeddings }
    }

    /// Of the activations, for example `12.3 MB`.
    public var activationsSize: String { ByteCount.text(Double(activations.reduce(0) { $0 + $1.bytes })) }

    /// For example `12.3 MB`.
    public var size: String { ByteCount.text(Double(bytes)) }

    /// A line an encoder, and the sum.
    public var table: String {
        var lines = ["\(folder): \(embeddings) embeddings, \(size) of at most \(ByteCount.text(Double(limitBytes)))"]
        let day = DateFormatter()
        day.dateFormat = "yyyy-MM-dd HH:mm"
        let activationsTitle =
            "Activations of frozen blocks: \(activations.reduce(0) { $0 + $1.embeddings }) media, \(activationsSize)"
        for (title, entries) in [(nil, encoders), (activationsTitle, activations)] where title == nil || !entries.isEmpty {
            if let title { lines.append(title) }
            for entry in entries {
                let count = TextTable.trailing("\(entry.embeddings)", 10)
                let size = TextTable.trailing(ByteCount.text(Double(entry.bytes)), 10)
                lines.append("\(count)  \(size)  last used \(day.string(from: entry.lastUsed))  \(entry.encoder)")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
