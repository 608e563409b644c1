package import Foundation

/// What writers leave that are killed: temporary files of `AtomicFile`, and folders of `ReplacedFolder` that were not put in place yet, or were replaced and not
/// deleted yet. A writer that lives holds a lock on its own.
package enum Leftovers {
    /// Deletes those in `folder` that no process holds.
    ///
    /// - Parameters:
    ///   - prefix: How their names begin behind the dot; empty for all.
    ///   - depth: How many levels of folders below are looked through too.
    package static func remove(in folder: URL, prefix: String = "", depth: Int = 0) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] {
            let place = folder.appendingPathComponent(name)
            if name.hasPrefix("."), name.dropFirst().hasPrefix(prefix), name.hasSuffix(".tmp") || name.hasSuffix(".new") {
                removeIfDead(place)
            } else if depth > 0, !name.hasPrefix("."), isFolder(place) {
                remove(in: place, prefix: prefix, depth: depth - 1)
            }
        }
    }

    private static func removeIfDead(_ place: URL) {
        let descriptor = open(place.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { try? FileManager.default.removeItem(at: place) }
        close(descriptor)
    }

    private static func isFolder(_ place: URL) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder) && isFolder.boolValue
    }
}
