internal import BraidSupport
internal import Foundation

/// The standard cache of one repository, which every Hugging Face library shares:
/// `models--ORG--NAME/{refs/REVISION, blobs/ETAG, snapshots/COMMIT/FILE}`, files being links into `blobs`.
struct HubCache {
    let root: URL
    let folder: URL

    init(_ root: URL, _ repository: HubRepository) {
        self.root = root
        let name = (["models"] + repository.id.components(separatedBy: "/")).joined(separator: "--")
        folder = root.appendingPathComponent(name)
    }

    func snapshot(_ commit: String) -> URL { folder.appendingPathComponent("snapshots/\(commit)") }
    func blob(_ etag: String) -> URL { folder.appendingPathComponent("blobs/\(etag)") }
    private func ref(_ revision: String) -> URL { folder.appendingPathComponent("refs/\(revision)") }

    /// Whether the snapshot has the file, with its content.
    func has(_ name: String, at commit: String) -> Bool {
        FileManager.default.fileExists(atPath: snapshot(commit).appendingPathComponent(name).path)
    }

    /// The commit that the repository's revision was when it was last asked for.
    func commit(of repository: HubRepository) -> String? {
        if let commit = repository.commit { return commit }
        let data = try? InputFile.data(ref(repository.revision).path, most: 1000)
        return data.map { String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) }.flatMap {
            HubRepository.isCommit($0) ? $0 : nil
        }
    }

    // MARK: Writing

    /// Notes what the revision is now.
    func remember(_ commit: String, as repository: HubRepository) throws {
        guard repository.commit == nil, self.commit(of: repository) != commit else { return }
        let file = ref(repository.revision)
        try Self.writing(file) {
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(commit.utf8).write(to: file, options: .atomic)
        }
    }

    /// Puts a blob into a snapshot under a file's name: a relative link.
    func link(_ name: String, at commit: String, to etag: String) throws {
        let file = snapshot(commit).appendingPathComponent(name)
        let up = String(repeating: "../", count: name.filter { $0 == "/" }.count + 2)
        let target = "\(up)blobs/\(etag)"
        try Self.writing(file) {
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            guard (try? FileManager.default.destinationOfSymbolicLink(atPath: file.path)) != target else { return }
            // Made beside it and renamed, since a link that is there may be another's or lead nowhere.
            let fresh = file.deletingLastPathComponent().appendingPathComponent(".\(UUID().uuidString).link")
            try FileManager.default.createSymbolicLink(atPath: fresh.path, withDestinationPath: target)
            try rename(fresh, to: file)
        }
    }

    /// Prepares the folders, and refuses early where `bytes` more do not fit on the disk.
    func prepare(for bytes: Int) throws {
        let blobs = folder.appendingPathComponent("blobs")
        try Self.writing(blobs) { try FileManager.default.createDirectory(at: blobs, withIntermediateDirectories: true) }
        let tag = root.appendingPathComponent("CACHEDIR.TAG")
        if !FileManager.default.fileExists(atPath: tag.path) {
            // Tells backup programs to pass by: https://bford.info/cachedir/
            let text = "Signature: 8a477f597d28d172789f06886806bc55\n# This file is a cache directory tag.\n"
            try Self.writing(tag) { try Data(text.utf8).write(to: tag, options: .atomic) }
        }
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: blobs.path)
        guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.intValue, free < bytes else { return }
        throw BraidError(
            .cannotCreate,
            "\(blobs.path): \(ByteCount.text(Double(bytes))) are to be downloaded and \(ByteCount.text(Double(free))) are free; make room, or set HF_HUB_CACHE to another folder"
        )
    }

    /// Renames, replacing what is there.
    func rename(_ file: URL, to target: URL) throws {
        guard Foundation.rename(file.path, target.path) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    }

    /// Runs `body` while no other process that keeps to the same rule works on the blob.
    func locked<Value>(_ etag: String, reporter: any Reporter, _ body: () throws -> Value) throws -> Value {
        let file = root.appendingPathComponent(".locks/\(folder.lastPathComponent)/\(etag).lock")
        let descriptor = try Self.writing(file) {
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            let descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
            return descriptor
        }
        defer { close(descriptor) }
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            reporter.note("waiting for another process that downloads the same file (\(file.path))")
            while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
        }
        return try body()
    }

    /// Runs `body`, whose failure is one of the disk.
    static func writing<Value>(_ file: URL, _ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let error as BraidError { throw error } catch {
            let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error
            let reason =
                ((cause ?? error) as? POSIXError).map { String(cString: strerror($0.code.rawValue)) } ?? error.localizedDescription
            throw BraidError(
                .cannotCreate,
                "\(file.path): cannot be written: \(reason). Make room or allow writing there, or set HF_HUB_CACHE to another folder"
            )
        }
    }
}
