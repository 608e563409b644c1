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

    /// Looks into `cache`.
    ///
    /// - Throws: Foundation's error where the folder cannot be listed.
    public init(_ cache: EmbeddingCache) throws {
        encoders = try cache.entries()
        folder = cache.folder.path
        limitBytes = cache.limit
        bytes = encoders.reduce(0) { $0 + $1.bytes }
        embeddings = encoders.reduce(0) { $0 + $1.embeddings }
    }

    /// For example `12.3 MB`.
    public var size: String { ByteCount.text(Double(bytes)) }

    /// A line an encoder, and the sum.
    public var table: String {
        var lines = ["\(folder): \(embeddings) embeddings, \(size) of at most \(ByteCount.text(Double(limitBytes)))"]
        let day = DateFormatter()
        day.dateFormat = "yyyy-MM-dd HH:mm"
        for entry in encoders {
            let count = TextTable.trailing("\(entry.embeddings)", 10)
            let size = TextTable.trailing(ByteCount.text(Double(entry.bytes)), 10)
            lines.append("\(count)  \(size)  last used \(day.string(from: entry.lastUsed))  \(entry.encoder)")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
