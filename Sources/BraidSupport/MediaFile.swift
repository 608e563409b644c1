package import Foundation

/// What can be said of a media file before it is opened.
package enum MediaFile {
    /// Why `url` cannot be read as a file, or nil. A pipe or a device is refused: reading one may never end.
    package static func fault(of url: URL) -> String? {
        guard let values = try? url.resolvingSymlinksInPath().resourceValues(forKeys: [.isRegularFileKey, .isDirectoryKey]) else {
            return "no such file"
        }
        if values.isDirectory == true { return "is a folder; expected a file" }
        return values.isRegularFile == true ? nil : "is not a regular file"
    }

    /// - Throws: `DecodeError` with that reason.
    package static func check(_ url: URL) throws {
        if let reason = fault(of: url) { throw DecodeError(path: url.path, reason: reason) }
    }
}

/// A media file that cannot be decoded, and why.
public struct DecodeError: Error, CustomStringConvertible, Sendable {
    /// The file, or what stands for it where the medium came as bytes.
    public let path: String
    /// What is wrong, and what to do, without the path.
    public let reason: String

    /// Makes one from its parts.
    ///
    /// - Parameters:
    ///   - path: What the medium is called.
    ///   - reason: What is wrong with it.
    public init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    /// One line for a person to read: the path and the reason.
    public var description: String { Fault(reason, file: path).description }
}
