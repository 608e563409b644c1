public import Foundation

/// A file that cannot be written, and why.
public struct FileWriteError: Error, CustomStringConvertible, Sendable {
    /// The file that was to be written.
    public let path: String
    /// What is wrong, without the path.
    public let message: String

    /// One line for a person to read: the path and what is wrong.
    public var description: String { Fault(message, file: path).description }
}

/// Files that appear whole or not at all.
public enum AtomicFile {
    /// Writes to a temporary name in the same folder, syncs, and renames: a crash leaves the old file or the new one.
    ///
    /// Until it is whole nobody else can read it, and its name cannot be foreseen, so that nobody can put a link in its way.
    ///
    /// - Parameters:
    ///   - url: The file to make, or to replace.
    ///   - body: Writes the content to the handle it is given.
    /// - Throws: `FileWriteError` where the file cannot be written, and whatever else `body` throws; the old file is then untouched.
    public static func write(to url: URL, _ body: (FileHandle) throws -> Void) throws {
        let folder = url.deletingLastPathComponent()
        // A name of its own for each writer: two threads of one process may write one file at once.
        let temporary =
            folder
            .appendingPathComponent(
                ".\(url.lastPathComponent.prefix(80)).\(UUID().uuidString).tmp")
        let descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw FileFault.last(url)
        }
        // Tells whoever tidies up that the writer lives.
        flock(descriptor, LOCK_EX | LOCK_NB)
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try FileFault.naming(url) { try body(file) }
            guard fchmod(descriptor, usualMode) == 0, fsync(descriptor) == 0, rename(temporary.path, url.path) == 0 else {
                throw FileFault.last(url)
            }
            try file.close()
        } catch {
            unlink(temporary.path)
            throw error
        }
        sync(folder)
    }

    /// Writes `text` as UTF-8, whole or not at all.
    ///
    /// - Throws: `FileWriteError` where the file cannot be written.
    public static func write(_ text: String, to url: URL) throws {
        try write(to: url) { try $0.write(contentsOf: Data(text.utf8)) }
    }

    /// Writes the bytes of `data`, whole or not at all.
    ///
    /// - Throws: `FileWriteError` where the file cannot be written.
    public static func write(_ data: Data, to url: URL) throws {
        try write(to: url) { try $0.write(contentsOf: data) }
    }

    /// Brings a folder's names, or a file's content, to the disk, as far as the file system can. What it cannot do is no failure: the file is
    /// whole, and a loss of power may bring the old one back.
    static func sync(_ url: URL) {
        let descriptor = open(url.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    /// Who may read and write a file that any program makes: all whom the user's mask leaves.
    static let usualMode: mode_t = 0o666 & ~mask

    /// The same of a folder.
    static let usualFolderMode: mode_t = 0o777 & ~mask

    private static let mask: mode_t = {
        // Asking for the mask by umask(2) sets it for a moment, in which another thread may make a file.
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("Umask:") }
        let mask = line?.split(whereSeparator: \.isWhitespace).last.flatMap { mode_t($0, radix: 8) }
        return mask ?? 0o022
    }()
}
