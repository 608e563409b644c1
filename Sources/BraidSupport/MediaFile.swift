package import Foundation

/// What can be said of a media file before it is opened.
package enum MediaFile {
    /// Why `url` cannot be read as a file, or nil. A pipe or a device is refused: reading one may never end.
    package static func fault(of url: URL) -> String? { InputFile.fault(of: url.path) }

    /// - Throws: `DecodeError` with that reason.
    package static func check(_ url: URL) throws {
        if let reason = fault(of: url) { throw DecodeError(path: url.path, reason: reason) }
    }

    /// The content of a medium's file.
    ///
    /// - Throws: `DecodeError` where it is no regular file, cannot be read, or has more bytes than `limit` lets.
    package static func data(_ url: URL, _ limit: Limit) throws(DecodeError) -> Data {
        do { return try InputFile.data(url.path, most: limit.value) } catch {
            switch error {
            case .unreadable(let reason):
                let isPermission = reason == "no permission"
                throw DecodeError(path: url.path, reason: isPermission ? "cannot be read: no permission" : reason)
            case .tooLarge(let count): throw DecodeError(path: url.path, reason: limit.fault("has \(count) bytes").message)
            }
        }
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
