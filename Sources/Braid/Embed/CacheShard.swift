internal import Foundation
internal import Synchronization
internal import Torch

/// The cached embeddings of one encoder.
///
/// They lie in `NAME.safetensors` files, each with `keys` uint8 `[N, 32]`, `pooled` float32 `[N, D]`, and, where tokens are
/// kept, `tokens` `[N, T, C]` and `token_mask` uint8 `[N, T]`. Used by several threads at once: Sendable, since
/// everything that changes is touched only while the lock is held.
final class CacheShard: @unchecked Sendable {
    private let cache: EmbeddingCache
    private let folder: URL
    private let label: String
    private let modality: Modality
    private let dimension: Int
    /// The size of a token, C; nil where tokens are not kept.
    private let tokens: Int?
    /// Guards everything that changes.
    private let lock = Mutex<Void>(())

    private struct Place {
        let segment: Int
        let row: Int
    }
    private var segments: [SafetensorsFile] = []
    private var index: [EmbeddingKey: Place] = [:]
    private var isTouched: [Bool] = []

    /// What is not written yet.
    private var buffer: [(keys: [EmbeddingKey], part: EmbeddingPart)] = []
    private var bufferedRows = 0
    private var lastFlush = ContinuousClock.now
    private var failed: String?

    /// Why writing has stopped; nil where it has not.
    var failure: String? { lock.withLock { _ in failed } }

    static let labelName = "encoder.txt"
    /// A file is written after so many rows, or so much time: what a crash can lose.
    private static let rowsAFile = 4096
    private static let longestWait = Duration.seconds(10)

    init(
        cache: EmbeddingCache, folder: URL, modality: Modality, label: String, dimension: Int, tokens: Int?
    ) throws {
        (self.cache, self.folder, self.modality, self.label) = (cache, folder, modality, label)
        (self.dimension, self.tokens) = (dimension, tokens)
        for segment in cache.segments(in: folder) { take(segment.url) }
    }

    /// Makes what a file holds known.
    private func take(_ url: URL) {
        guard let (file, keys) = Self.load(url, dimension: dimension, tokens: tokens) else { return }
        index.reserveCapacity(index.count + keys.count)
        for (row, key) in keys.enumerated() { index[key] = Place(segment: segments.count, row: row) }
        segments.append(file)
        isTouched.append(false)
    }

    /// A file and its keys. One that is damaged, or of another form, is deleted: it is of no use to anybody.
    private static func load(_ url: URL, dimension: Int, tokens: Int?) -> (SafetensorsFile, [EmbeddingKey])? {
        do {
            let file = try SafetensorsFile(url)
            guard let keys = file.entries["keys"], keys.dtype == .uint8, keys.shape.count == 2, keys.shape[1] == EmbeddingKey.size,
                let count = keys.shape.first, file.entries["pooled"]?.shape == [count, dimension],
                tokens == nil || hasTokens(file, count, tokens)
            else {
                try? FileManager.default.removeItem(at: url)
                return nil
            }
            let size = EmbeddingKey.size
            let bytes = try file.tensor("keys").bytes()
            return bytes.withUnsafeBytes { all in
                (file, (0..<count).map { EmbeddingKey(.init(rebasing: all[$0 * size..<($0 + 1) * size])) })
            }
        } catch is SafetensorsError {
            try? FileManager.default.removeItem(at: url)
            return nil
        } catch {
            // Gone already: another process evicted it.
            return nil
        }
    }

    private static func hasTokens(_ file: SafetensorsFile, _ count: Int, _ tokens: Int?) -> Bool {
        guard let shape = file.entries["tokens"]?.shape, shape.count == 3 else { return false }
        return shape[0] == count && shape[2] == tokens && file.entries["token_mask"]?.shape == Array(shape.prefix(2))
    }

    func key(_ sample: Sample) -> EmbeddingKey? { EmbeddingKey(sample, modality) }

    /// Whether what has this key is here.
    func holds(_ key: EmbeddingKey) -> Bool { lock.withLock { _ in index[key] != nil } }

    /// What is here of the samples at `places`, and the places of those that are not.
    func look(_ places: [Int], _ keys: [Int: EmbeddingKey]) throws -> (found: [EmbeddingPart], missing: [Int]) {
        var missing: [Int] = []
        var wanted: [Int: [(place: Int, row: Int)]] = [:]
        let files = lock.withLock { _ in
            for place in places {
                guard let found = keys[place].flatMap({ index[$0] }) else {
                    missing.append(place)
                    continue
                }
                wanted[found.segment, default: []].append((place, found.row))
                touch(found.segment)
            }
            return segments
        }
        let parts = try wanted.sorted { $0.key < $1.key }.map { segment, rows in
            let file = files[segment]
            // Rows are copied. Of a file that stays mapped nothing has to stay in memory, which would grow with the rows.
            defer { for name in ["pooled", "tokens", "token_mask"] { file.discard(name) } }
            let order = try Tensor(rows.map { Int64($0.row) }, shape: [rows.count])
            return EmbeddingPart(
                places: rows.map(\.place), pooled: try file.tensor("pooled").rows(order),
                tokens: try tokens.map { _ in try file.tensor("tokens").rows(order) },
                tokenMask: try tokens.map { _ in try file.tensor("token_mask").rows(order).converted(to: .bool) })
        }
        return (parts, missing)
    }

    /// Marks a file as used, once a run: what eviction goes by.
    private func touch(_ segment: Int) {
        guard !isTouched[segment] else { return }
        isTouched[segment] = true
        utimes(segments[segment].path, nil)
    }

    /// Takes what was computed, and writes a file when there is enough of it.
    func put(_ part: EmbeddingPart, _ keys: [Int: EmbeddingKey]) throws {
        let rows = part.places.indices.filter { part.isFinite[$0] && keys[part.places[$0]] != nil }
        guard !rows.isEmpty else { return }
        let kept = rows.count == part.places.count ? part : try part.rows(rows)
        lock.withLock { _ in
            buffer.append((kept.places.compactMap { keys[$0] }, kept))
            bufferedRows += rows.count
            if bufferedRows >= Self.rowsAFile || ContinuousClock.now - lastFlush > Self.longestWait { write() }
        }
    }

    /// Writes what is left.
    func flush() { lock.withLock { _ in write() } }

    /// Writes what is left, and keeps the cache within its limit.
    func finish() {
        flush()
        cache.evict()
    }

    /// A cache that cannot be written to, because the disk is full or another's, does not end a run: it is left alone from then
    /// on, and `failure` says why.
    private func write() {
        defer { (buffer, bufferedRows, lastFlush) = ([], 0, .now) }
        guard !buffer.isEmpty, failed == nil else { return }
        do {
            let tensors = try joined()
            try FileFault.makeFolder(folder)
            try writeLabel()
            let url = folder.appendingPathComponent("\(UUID().uuidString).safetensors")
            try SafetensorsWriter.write(tensors, to: url)
            // What comes again is found.
            take(url)
        } catch { failed = "\(error)" }
    }

    /// Writes what made the embeddings, where no other writer has done so.
    private func writeLabel() throws {
        let file = folder.appendingPathComponent(Self.labelName)
        let isThere = { FileManager.default.fileExists(atPath: file.path) }
        guard !isThere() else { return }
        do { try AtomicFile.write(label, to: file) } catch { if !isThere() { throw error } }
    }

    private func joined() throws -> [(name: String, tensor: Tensor)] {
        let parts = buffer.map(\.part)
        let bytes = buffer.flatMap { $0.keys.flatMap(\.bytes) }
        var tensors = [
            (name: "keys", tensor: try Tensor(bytes, shape: [bufferedRows, EmbeddingKey.size])),
            (name: "pooled", tensor: try Tensor.concatenate(parts.map(\.pooled), 0)),
        ]
        guard tokens != nil else { return tensors }
        let values = parts.compactMap(\.tokens)
        let masks = parts.compactMap(\.tokenMask)
        let longest = values.map { $0.shape[1] }.max() ?? 1
        tensors.append(
            ("tokens", try .concatenate(values.map { try $0.padded([0, 0, 0, longest - $0.shape[1]]) }, 0)))
        tensors.append(
            (
                "token_mask",
                try .concatenate(masks.map { try $0.converted(to: .uint8).padded([0, longest - $0.shape[1]]) }, 0)
            ))
        return tensors
    }
}
