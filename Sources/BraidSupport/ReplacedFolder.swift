package import Foundation

/// A folder that is written anew as a whole: a crash leaves the old one or the new one.
///
/// Where the file system can exchange two names, there is no moment without the folder. Where it cannot, a crash between two renames leaves it
/// under another name, which `readable` finds, and the next writer puts back.
package struct ReplacedFolder {
    package let url: URL

    package init(_ url: URL) { self.url = url }

    private var parent: URL { url.deletingLastPathComponent() }
    private var old: URL { parent.appendingPathComponent(".\(url.lastPathComponent).old") }

    /// Where the folder's content is to be read. Looks, and changes nothing: a reader may lack the right to, and a writer may be at work.
    package var readable: URL { Self.exists(url) || !Self.exists(old) ? url : old }

    /// Writes the folder's content by `body`, which is given an empty folder, and puts it in place. Where it fails the old folder stays, and nothing else.
    package func write(_ body: (URL) throws -> Void) throws {
        try FileFault.makeFolder(parent)
        try recover()
        Leftovers.remove(in: parent, prefix: "\(url.lastPathComponent).")
        let fresh = parent.appendingPathComponent(".\(url.lastPathComponent).\(UUID().uuidString).new")
        // Nobody else's until it is whole.
        guard mkdir(fresh.path, 0o700) == 0 else { throw FileFault.last(url) }
        // Tells whoever tidies up that the writer lives.
        let descriptor = open(fresh.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { if descriptor >= 0 { close(descriptor) } }
        flock(descriptor, LOCK_EX | LOCK_NB)
        do {
            try named(fresh) { try body(fresh) }
            chmod(fresh.path, AtomicFile.usualFolderMode)
            Self.sync(fresh)
            try put(fresh)
        } catch {
            try? FileManager.default.removeItem(at: fresh)
            throw error
        }
        AtomicFile.sync(parent)
        // What was exchanged for the new folder. That it stays where it cannot be deleted is no failure: the new one is in place.
        for past in [fresh, old] where Self.exists(past) { try? FileManager.default.removeItem(at: past) }
    }

    /// Runs `body`; what cannot be written in `fresh` is named by the place that it would have had.
    private func named(_ fresh: URL, _ body: () throws -> Void) throws {
        do { try FileFault.naming(url) { try body() } } catch let error as FileWriteError
            where error.path.hasPrefix(fresh.path + "/")
        {
            throw FileWriteError(path: url.path + error.path.dropFirst(fresh.path.count), message: error.message)
        }
    }

    private func put(_ fresh: URL) throws {
        guard Self.exists(url) else { return try Self.rename(fresh, url) }
        guard !Self.exchange(fresh, url) else { return }
        try Self.rename(url, old)
        do { try Self.rename(fresh, url) } catch {
            try? Self.rename(old, url)
            throw error
        }
    }

    /// Brings the old folder back where a crash came between the two renames. For whoever writes, and so has the folder for itself.
    package func recover() throws {
        guard Self.exists(old) else { return }
        if Self.exists(url) { try FileManager.default.removeItem(at: old) } else { try Self.rename(old, url) }
    }

    /// Brings everything below `folder` to the disk, which files that were copied are not yet.
    private static func sync(_ folder: URL) {
        for case let file as URL in FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil) ?? .init() {
            AtomicFile.sync(file)
        }
        AtomicFile.sync(folder)
    }

    private static func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }

    private static func rename(_ from: URL, _ to: URL) throws {
        guard Foundation.rename(from.path, to.path) == 0 else { throw FileFault.last(to) }
    }

    /// Exchanges the two names at once; false where system or file system cannot.
    private static func exchange(_ one: URL, _ other: URL) -> Bool {
        typealias Call = @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
        // Not in the headers that Swift sees.
        guard let found = dlsym(nil, "renameat2") else { return false }
        return unsafeBitCast(found, to: Call.self)(AT_FDCWD, one.path, AT_FDCWD, other.path, 2) == 0
    }
}
