internal import Foundation
internal import Synchronization
internal import Torch

/// What the first blocks of one encoder gave of media, on disk, by content: a file of many tensors each, named by the key of the medium.
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
        for name in file.entries.keys { if let key = EmbeddingKey(hexadecimal: name) { index[key] = segments.count } }
        segments.append(file)
        stored += bytes
    }

    /// Whether something is kept of a medium.
    func holds(_ key: EmbeddingKey) -> Bool { lock.withLock { _ in buffer[key] != nil || index[key] != nil } }

    /// What is kept of a medium, in float32; nil where nothing is.
    func activations(of key: EmbeddingKey) throws -> Tensor? {
        let (waiting, file) = lock.withLock { _ in (buffer[key], index[key].map { segments[$0] }) }
        return try (waiting ?? file?.tensor(key.hexadecimal))?.converted(to: .float32)
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
        let (size, gone, reason) = lock.withLock { _ in
            write()
            return (stored, leftOut, failed)
        }
        cache.evict()
        let missing = gone > 0 ? ", \(gone) media have no room and are encoded anew in each epoch" : ""
        return ByteCount.text(Double(size)) + missing + (reason.map { ": \($0)" } ?? "")
    }

    /// A cache that cannot be written to, because the disk is full or another's, does not end a run: what it lacks is computed anew.
    private func write() {
        guard !buffer.isEmpty, failed == nil else { return }
        do {
            try FileFault.makeFolder(folder)
            let note = folder.appendingPathComponent(CacheShard.labelName)
            if !FileManager.default.fileExists(atPath: note.path) { try AtomicFile.write(label, to: note) }
            let url = folder.appendingPathComponent("\(UUID().uuidString).safetensors")
            try SafetensorsWriter.write(buffer.map { ($0.key.hexadecimal, $0.value) }.sorted { $0.0 < $1.0 }, to: url)
            take(try SafetensorsFile(url), bytes: buffered)
        } catch {
            failed = "\(error)"
            leftOut += buffer.count
        }
        (buffer, buffered) = ([:], 0)
    }
}
