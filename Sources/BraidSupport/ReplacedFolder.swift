package import Foundation

/// A folder that is written anew as a whole: a crash leaves the old one or the new one, and `recover` finds which.
package struct ReplacedFolder {
    package let url: URL

    package init(_ url: URL) { self.url = url }

    private var fresh: URL { sibling("new") }
    private var old: URL { sibling("old") }
    private func sibling(_ suffix: String) -> URL {
        url.deletingLastPathComponent().appendingPathComponent(".\(url.lastPathComponent).\(suffix)")
    }

    /// Writes the folder's content by `body`, which is given an empty folder, and puts it in place.
    package func write(_ body: (URL) throws -> Void) throws {
        let files = FileManager.default
        try recover()
        if files.fileExists(atPath: fresh.path) { try files.removeItem(at: fresh) }
        try files.createDirectory(at: fresh, withIntermediateDirectories: true)
        try body(fresh)
        if files.fileExists(atPath: url.path) { try files.moveItem(at: url, to: old) }
        try files.moveItem(at: fresh, to: url)
        if files.fileExists(atPath: old.path) { try files.removeItem(at: old) }
    }

    /// Brings the old folder back where a crash came between the two renames.
    package func recover() throws {
        let files = FileManager.default
        guard files.fileExists(atPath: old.path) else { return }
        if files.fileExists(atPath: url.path) { try files.removeItem(at: old) } else { try files.moveItem(at: old, to: url) }
    }
}
