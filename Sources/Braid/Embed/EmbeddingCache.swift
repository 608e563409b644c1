public import Foundation
internal import Torch

/// Embeddings on disk, by content, shared by all runs of a user.
///
/// What is stored is what a medium's bytes gave with certain weights, a front end and a precision. There is a folder for each
/// encoder, in it files of many embeddings each (`CacheShard`). Files appear whole and never change, so that any number of
/// processes can read, write and delete at once; what a crash leaves is a temporary file, which is removed later. Beyond the
/// limit the files that no run used for longest are deleted.
public struct EmbeddingCache: Sendable {
    /// The folder that holds all encoders' folders; it need not exist.
    public let folder: URL
    /// The most bytes that all files together may take, once a run has embedded its samples.
    public let limit: Int

    /// Makes one from its parts.
    public init(folder: URL, limit: Int) {
        self.folder = folder
        self.limit = limit
    }

    /// The user's own cache.
    ///
    /// It lies in `BRAID_CACHE`, else `XDG_CACHE_HOME/braid`, else `~/.cache/braid`. `BRAID_CACHE_GB` limits its size, to 20
    /// gigabytes where it is not given.
    ///
    /// - Throws: `BraidError` where the limit is no number.
    public static func standard(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws -> EmbeddingCache {
        let given = { (name: String) in environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let text = given("BRAID_CACHE_GB") ?? "20"
        guard let size = Double(text), size.isFinite, size >= 0, size < 1e9 else {
            throw BraidError(.usage, "BRAID_CACHE_GB is \(text); expected a number of gigabytes, 0 or more")
        }
        return EmbeddingCache(folder: UserCache.folder(environment).appendingPathComponent("embeddings"), limit: Int(size * 1e9))
    }

    /// What frozen blocks of encoders that are trained have given, which lies beside it. How much it may take each training says.
    var activations: EmbeddingCache {
        EmbeddingCache(folder: folder.deletingLastPathComponent().appendingPathComponent("activations"), limit: .max)
    }

    /// The shard of `encoder`'s embeddings; nil where they mean nothing to another run, because its weights are random, or are made sooner
    /// than found.
    ///
    /// - Parameter tokens: The most tokens of a sample that are kept; nil for pooled embeddings only.
    func shard(for encoder: ModalityEncoder, tokens: Int?) throws -> CacheShard? {
        guard !encoder.isParameterless, let fingerprint = try encoder.fingerprint() else { return nil }
        let identity = [
            "\(Self.version)", encoder.modality.plain.rawValue, encoder.architecture, fingerprint, encoder.frontEnd.summary,
            encoder.int8Identity ?? encoder.parameters.inference?.rawValue ?? "plain", "\(tokens ?? 0)",
        ]
        let name = Fingerprint.of(identity.joined(separator: "\n"))
        let label = "\(encoder.modality): \(encoder.architecture), \(encoder.name)"
        return try CacheShard(
            cache: self, folder: folder.appendingPathComponent(String(name.prefix(32))), modality: encoder.modality, label: label,
            dimension: encoder.encoder.dimension, tokens: tokens.map { _ in encoder.encoder.tokenDimension })
    }

    /// To be raised when the same media and weights give other embeddings than before.
    private static let version = 2
}

// MARK: - Upkeep

extension EmbeddingCache {
    /// What the cache holds of one encoder.
    public struct Entry: Sendable, Codable {
        /// What made the embeddings: the modality, the architecture and the weights.
        public let encoder: String
        /// How many embeddings there are.
        public let embeddings: Int
        /// How many bytes their files take.
        public let bytes: Int
        /// When a run last read or wrote one of them.
        public let lastUsed: Date

        private enum CodingKeys: String, CodingKey {
            case encoder, embeddings, bytes
            case lastUsed = "last_used"
        }
    }

    /// What there is, encoder by encoder, the latest used first.
    ///
    /// - Throws: Foundation's error where the folder cannot be listed.
    public func entries() throws -> [Entry] {
        try shards().compactMap { shard in
            let files = segments(in: shard)
            guard let newest = files.map(\.used).max() else { return nil }
            let label = try? InputFile.data(shard.appendingPathComponent(CacheShard.labelName).path, most: 100_000)
            let counts = files.map { file in
                guard let entries = (try? SafetensorsFile(file.url))?.entries else { return 0 }
                // Activations are a tensor each.
                return entries["keys"]?.shape.first ?? entries.count
            }
            return Entry(
                encoder: label.map { String(decoding: $0, as: UTF8.self) } ?? shard.lastPathComponent,
                embeddings: counts.reduce(0, +),
                bytes: files.reduce(0) { $0 + $1.bytes }, lastUsed: newest)
        }.sorted { $0.lastUsed > $1.lastUsed }
    }

    /// Deletes everything, activations too.
    ///
    /// - Throws: `FileWriteError` where a folder cannot be deleted.
    public func clear() throws {
        try delete()
        try activations.delete()
    }

    private func delete() throws {
        guard FileManager.default.fileExists(atPath: folder.path) else { return }
        try FileFault.naming(folder, "deleted") { try FileManager.default.removeItem(at: folder) }
    }

    /// Deletes the files that were not used for longest until the rest fits the limit, and what crashes left.
    func evict() {
        guard let shards = try? shards() else { return }
        var files = shards.flatMap(segments)
        var size = files.reduce(0) { $0 + $1.bytes }
        // Of what was used in the future, by a clock that was set back since, it is not known when; the next use says it.
        let latest = Date(timeIntervalSinceNow: Self.day)
        let used = { (file: Segment) in file.used > latest ? Date.distantPast : file.used }
        files.sort { used($0) < used($1) }
        for file in files where size > limit {
            // Another process may have been faster.
            if (try? FileManager.default.removeItem(at: file.url)) != nil { size -= file.bytes }
        }
        for shard in shards { removeLeftovers(in: shard) }
    }

    struct Segment {
        let url: URL
        let bytes: Int
        let used: Date
    }

    /// The files of one encoder.
    func segments(in shard: URL) -> [Segment] {
        let keys: Set<URLResourceKey> = [.fileSizeKey, .contentModificationDateKey]
        let files = (try? FileManager.default.contentsOfDirectory(at: shard, includingPropertiesForKeys: Array(keys))) ?? []
        return files.filter { $0.pathExtension == "safetensors" && !$0.lastPathComponent.hasPrefix(".") }.compactMap { url in
            guard let values = try? url.resourceValues(forKeys: keys) else { return nil }
            return Segment(url: url, bytes: values.fileSize ?? 0, used: values.contentModificationDate ?? .distantPast)
        }
    }

    private func shards() throws -> [URL] {
        guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { !$0.lastPathComponent.hasPrefix(".") }
    }

    private static let day = 86_400.0

    /// Temporary files that nobody has written to for a day, by whichever clock.
    private func removeLeftovers(in shard: URL) {
        let files = (try? FileManager.default.contentsOfDirectory(at: shard, includingPropertiesForKeys: nil)) ?? []
        for file in files where file.pathExtension == "tmp" {
            let changed = try? file.resourceValues(forKeys: [.contentModificationDateKey]).contentModificationDate
            if let changed, abs(changed.timeIntervalSinceNow) > Self.day { try? FileManager.default.removeItem(at: file) }
        }
    }
}
