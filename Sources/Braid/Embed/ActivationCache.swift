internal import Foundation
internal import Synchronization
internal import Torch

/// What the first blocks of one encoder gave of media, on disk, by content: a file of many tensors each, named by the key of the medium, their
/// checksums in its metadata under the same names.
///
/// Files appear whole and never change, and are mapped into memory: what is read often stays there as long as there is room for it. Used by several
/// threads at once: Sendable, since everything that changes is touched only while the lock is held.
final class ActivationCache: @unchecked Sendable {
    private let cache: EmbeddingCache
    private let folder: URL
    private let label: String
    private let format: ActivationSettings.Format
    /// Whether nobody else can use it: it is deleted at the end.
    private let isOwn: Bool
    /// Guards everything that changes.
    private let lock = Mutex<Void>(())
    private var segments: [SafetensorsFile] = []
    private var index: [EmbeddingKey: Int] = [:]
    private var buffer: [EmbeddingKey: Tensor] = [:]
    private var buffered = 0
    private var stored = 0
    private var failed: String?
    private var leftOut = 0
    /// What was compared with its checksum by this run.
    private var checked: Set<EmbeddingKey> = []
    private var damaged = 0

    /// Bytes after which a file is written.
    private static let fileSize = 64 << 20

    /// Opens what earlier runs left, where `identity` says what made it; without one it lies in a folder of its own for this run alone.
    init(_ settings: ActivationSettings, identity: String?, label: String) throws {
        (format, self.label, isOwn) = (settings.format, label, identity == nil)
        let parent =
            identity == nil
            ? FileManager.default.temporaryDirectory.appendingPathComponent("braid-\(UUID().uuidString)")
            : try EmbeddingCache.standard().activations.folder
        cache = EmbeddingCache(folder: parent, limit: settings.limit)
        folder = parent.appendingPathComponent(
            identity.map { String(Fingerprint.of("\($0)\n\(settings.format)").prefix(32)) } ?? "run")
        for segment in cache.segments(in: folder) {
            // One that is damaged is of no use to anybody; one that is gone was deleted by another process.
            guard let file = try? SafetensorsFile(segment.url) else {
                try? FileManager.default.removeItem(at: segment.url)
                continue
            }
            take(file, bytes: segment.bytes)
            utimes(file.path, nil)
        }
    }

    deinit { if isOwn { try? FileManager.default.removeItem(at: cache.folder) } }

    private func take(_ file: SafetensorsFile, bytes: Int) {
        // Of what an older version wrote no checksum is known.
        for name in file.entries.keys where file.metadata[name] != nil {
            if let key = EmbeddingKey(hexadecimal: name) { index[key] = segments.count }
        }
        segments.append(file)
        stored += bytes
    }

    /// Whether something is kept of a medium.
    func holds(_ key: EmbeddingKey) -> Bool { lock.withLock { _ in buffer[key] != nil || index[key] != nil } }

    /// What is kept of a medium, in float32; nil where nothing is.
    func activations(of key: EmbeddingKey) throws -> Tensor? {
        let (waiting, file, isChecked) = lock.withLock { _ in (buffer[key], index[key].map { segments[$0] }, checked.contains(key))
        }
        if let waiting { return try waiting.converted(to: .float32) }
        guard let file else { return nil }
        let kept = try file.tensor(key.hexadecimal)
        guard try isChecked || Self.checksum(kept) == file.metadata[key.hexadecimal] else {
            forget(key, in: file)
            return nil
        }
        if !isChecked { lock.withLock { _ in _ = checked.insert(key) } }
        return try kept.converted(to: .float32)
    }

    private static func checksum(_ tensor: Tensor) throws -> String {
        try RowChecksum.of([tensor.unsqueezed(0)]).map { String($0) }.joined()
    }

    /// What has changed on the disk is computed anew; the rest of its file by the next run.
    private func forget(_ key: EmbeddingKey, in file: SafetensorsFile) {
        lock.withLock { _ in
            index[key] = nil
            damaged += 1
        }
        try? FileManager.default.removeItem(atPath: file.path)
    }

    /// Keeps what was computed of a medium, where there is room for it.
    ///
    /// - Throws: `BraidError` where a value does not fit the number format.
    func put(_ tensor: Tensor, of key: EmbeddingKey) throws {
        if format == .fp16, try !(tensor.absolute().maximum(Array(0..<tensor.shape.count)).item() <= 65_504) {
            throw BraidError(
                .badData,
                "\(label): activations go beyond what fp16 can hold; set training.activation_cache.precision to bf16 or fp32")
        }
        let value = try tensor.moved(to: .cpu).converted(to: format.dtype).contiguous()
        let size = value.count * format.dtype.size
        lock.withLock { _ in
            guard index[key] == nil, buffer[key] == nil else { return }
            guard failed == nil, stored + buffered + size <= cache.limit else {
                leftOut += 1
                return
            }
            buffer[key] = value
            buffered += size
            if buffered >= Self.fileSize { write() }
        }
    }

    /// Writes what is left, and deletes what others' runs have not used for longest where all together is too large.
    ///
    /// - Returns: What there is to say of it.
    func finish() -> String {
        let (size, gone, reason, lost) = lock.withLock { _ in
            write()
            return (stored, leftOut, failed, damaged)
        }
        cache.evict()
        let missing = gone > 0 ? ", \(gone) media have no room and are encoded anew in each epoch" : ""
        let changed = lost > 0 ? ", \(lost) had changed on the disk and are computed anew" : ""
        return ByteCount.text(Double(size)) + missing + changed + (reason.map { ": \($0)" } ?? "")
    }

    /// A cache that cannot be written to, because the disk is full or another's, does not end a run: what it lacks is computed anew.
    private func write() {
        guard !buffer.isEmpty, failed == nil else { return }
        do {
            try FileFault.makeFolder(folder)
            let note = folder.appendingPathComponent(CacheShard.labelName)
            if !FileManager.default.fileExists(atPath: note.path) { try AtomicFile.write(label, to: note) }
            let url = folder.appendingPathComponent("\(UUID().uuidString).safetensors")
            let tensors = buffer.map { ($0.key.hexadecimal, $0.value) }.sorted { $0.0 < $1.0 }
            let sums = try tensors.map { ($0.0, try Self.checksum($0.1)) }
            try SafetensorsWriter.write(tensors, metadata: Dictionary(sums) { first, _ in first }, to: url)
            take(try SafetensorsFile(url), bytes: buffered)
        } catch {
            failed = "\(error)"
            leftOut += buffer.count
        }
        (buffer, buffered) = ([:], 0)
    }
}
