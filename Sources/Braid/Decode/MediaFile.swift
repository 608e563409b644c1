internal import Foundation

/// What can be said of a media file before it is opened.
enum MediaFile {
    /// Why `url` cannot be read as a file, or nil. A pipe or a device is refused: reading one may never end.
    static func fault(of url: URL) -> String? {
        guard let values = try? url.resolvingSymlinksInPath().resourceValues(forKeys: [.isRegularFileKey, .isDirectoryKey]) else {
            return "no such file"
        }
        if values.isDirectory == true { return "is a folder; expected a file" }
        return values.isRegularFile == true ? nil : "is not a regular file"
    }

    /// - Throws: `DecodeError` with that reason.
    static func check(_ url: URL) throws {
        if let reason = fault(of: url) { throw DecodeError(path: url.path, reason: reason) }
    }
}
