package import Foundation
internal import Synchronization

/// Keeps other processes from writing into a folder, until it is released or the process ends, however it ends.
///
/// The lock lies on a file in the folder, which holds the process's number and is deleted at the release. What only reads needs none.
package final class FolderLock: Sendable {
    private let folder: URL
    private let file: URL
    private let isMade: Bool
    private let descriptor: Mutex<Int32?>

    /// The file's name.
    package static let fileName = ".braid.lock"

    /// Takes the lock of `folder`, which is made where it is not there.
    ///
    /// - Throws: `BraidError` (`.cannotCreate`) where another process has it, or another training of this one; `FileWriteError` where the folder
    ///   cannot be written to.
    package init(_ folder: URL) throws {
        self.folder = folder
        file = folder.appendingPathComponent(Self.fileName)
        isMade = !FileManager.default.fileExists(atPath: folder.path)
        try FileFault.makeFolder(folder)
        descriptor = Mutex(try Self.take(file, of: folder))
        // As deep as `checkpoints/last`.
        Leftovers.remove(in: folder, depth: 2)
    }

    deinit { release() }

    /// Runs `body` while nobody else writes into `folder`.
    package static func holding<Value>(_ folder: URL, _ body: () throws -> Value) throws -> Value {
        let lock = try FolderLock(folder)
        defer { lock.release() }
        return try body()
    }

    /// Lets others write. A folder that was made for the lock, and into which nothing came, goes too.
    package func release() {
        descriptor.withLock { held in
            guard let descriptor = held else { return }
            // While it is held, so that nobody else's is deleted.
            unlink(file.path)
            close(descriptor)
            if isMade { rmdir(folder.path) }
            held = nil
        }
    }

    private static func take(_ file: URL, of folder: URL) throws -> Int32 {
        while true {
            let descriptor = open(file.path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { throw FileFault.last(folder, "written to") }
            if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
                let number = errno
                // A file system without locks: as before there were any.
                guard number == EWOULDBLOCK || number == EINTR else { return descriptor }
                let other = holder(descriptor)
                close(descriptor)
                if number == EINTR { continue }
                throw BraidError(
                    .cannotCreate,
                    "\(folder.path) is being written by another braid\(other): wait until it has ended, or name another folder with --out"
                )
            }
            // Who held it may have deleted it between the two calls: then it is no longer the one that others find.
            var (held, found) = (stat(), stat())
            if fstat(descriptor, &held) == 0, lstat(file.path, &found) == 0, held.st_ino == found.st_ino,
                held.st_dev == found.st_dev
            {
                ftruncate(descriptor, 0)
                let number = Array("\(getpid())\n".utf8)
                _ = write(descriptor, number, number.count)
                return descriptor
            }
            close(descriptor)
        }
    }

    /// The process that holds the lock, as it has written itself down.
    private static func holder(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = read(descriptor, &bytes, bytes.count)
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).trimmingCharacters(
            in: .whitespacesAndNewlines)
        return Int32(text).map { " (process \($0))" } ?? ""
    }
}
