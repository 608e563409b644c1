public import Foundation

/// A file that cannot be written, and why.
public struct FileWriteError: Error, CustomStringConvertible, Sendable {
    /// The file that was to be written.
    public let path: String
    /// What is wrong, without the path.
    public let message: String

    /// One line for a person to read: the path and what is wrong.
    public var description: String { "\(path): \(message)" }
}

/// Files that appear whole or not at all.
public enum AtomicFile {
    /// Writes to a temporary name in the same folder, syncs, and renames: a crash leaves the old file or the new one.
    ///
    /// - Parameters:
    ///   - url: The file to make, or to replace.
    ///   - body: Writes the content to the handle it is given.
    /// - Throws: `FileWriteError` where the file cannot be made, and whatever `body` throws; the old file is then untouched.
    public static func write(to url: URL, _ body: (FileHandle) throws -> Void) throws {
        // A name of its own for each writer: two threads of one process may write one file at once.
        let temporary = url.deletingLastPathComponent()
            .appendingPathComponent(".\(url.lastPathComponent).\(UUID().uuidString).tmp")
        let descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw FileWriteError(path: url.path, message: "cannot be written: \(String(cString: strerror(errno)))")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try body(file)
            guard fsync(descriptor) == 0, rename(temporary.path, url.path) == 0 else {
                throw FileWriteError(path: url.path, message: "cannot be written: \(String(cString: strerror(errno)))")
            }
            try file.close()
        } catch {
            unlink(temporary.path)
            throw error
        }
    }

    /// Writes `text` as UTF-8, whole or not at all.
    ///
    /// - Throws: `FileWriteError` where the file cannot be made, or Foundation's error where writing fails.
    public static func write(_ text: String, to url: URL) throws {
        try write(to: url) { try $0.write(contentsOf: Data(text.utf8)) }
    }

    /// Writes the bytes of `data`, whole or not at all.
    ///
    /// - Throws: `FileWriteError` where the file cannot be made, or Foundation's error where writing fails.
    public static func write(_ data: Data, to url: URL) throws {
        try write(to: url) { try $0.write(contentsOf: data) }
    }
}
