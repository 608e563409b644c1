public import Foundation

/// Files that a user names, and their content where it is read whole: regular files alone, and no more of them than a limit lets.
public enum InputFile {
    /// Why a file is not read, or nil. A pipe or a device is refused: reading one may never end.
    ///
    /// By the system's own call: a manifest may name a million files.
    package static func fault(of path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0 else {
            return errno == EACCES ? "cannot be reached: no permission" : errno == ELOOP ? "is a link in a circle" : "no such file"
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return nil
        case S_IFDIR: return "is a folder; expected a file"
        default: return "is not a regular file"
        }
    }

    /// The bytes of a regular file; nil where there is none.
    package static func size(of path: String) -> Int? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    /// Why a file was not read.
    package enum Refusal: Error {
        /// It is no regular file, is not there, or cannot be read: in words.
        case unreadable(String)
        /// It has more bytes than the limit lets: so many.
        case tooLarge(Int)
    }

    /// The bytes of a regular file.
    ///
    /// What says that it has no bytes is not asked for any: the system's own files, as those of `/proc`, wait for what may never come.
    ///
    /// - Parameter most: How many bytes it may have.
    package static func data(_ path: String, most: Int) throws(Refusal) -> Data {
        if let reason = fault(of: path) { throw .unreadable(reason) }
        // Whatever stands there by now, opening does not wait for anybody.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard file >= 0 else { throw .unreadable(errno == EACCES ? "no permission" : String(cString: strerror(errno))) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw .unreadable("is not a regular file") }
        guard status.st_size <= most else { throw .tooLarge(Int(status.st_size)) }
        var data = Data(count: Int(status.st_size))
        var count = 0
        while count < data.count {
            let taken = data.withUnsafeMutableBytes { read(file, $0.baseAddress.map { $0 + count }, $0.count - count) }
            if taken < 0, errno == EINTR { continue }
            guard taken >= 0 else { throw .unreadable(String(cString: strerror(errno))) }
            guard taken > 0 else { break }
            count += taken
        }
        return count == data.count ? data : data.prefix(count)
    }

    /// The bytes of a document that the user names.
    ///
    /// - Parameters:
    ///   - url: Where it lies.
    ///   - what: What errors call it: `the configuration`.
    ///   - code: The kind of error where there is no such file.
    ///   - most: How many bytes it may have.
    /// - Throws: `BraidError` where it is no regular file, cannot be read, or is larger than the limit `document-bytes`.
    public static func document(
        _ url: URL, _ what: String, code: BraidError.Code = .noInput, most: Int = Limit.documentBytes.value
    ) throws(BraidError) -> Data {
        try bytes(of: url, within: .documentBytes, what, code: code, most: most)
    }

    /// The bytes of a file, no more than `limit` lets.
    ///
    /// - Parameters:
    ///   - what: What errors call it.
    ///   - code: The kind of error where there is no such file.
    ///   - most: How many bytes it may have; nil for what the limit says.
    /// - Throws: `BraidError` where it is no regular file, cannot be read, or is larger.
    package static func bytes(
        of url: URL, within limit: Limit, _ what: String = "", code: BraidError.Code = .noInput, most: Int? = nil
    ) throws(BraidError) -> Data {
        let bound = most ?? limit.value
        do { return try data(url.path, most: bound) } catch {
            switch error {
            case .unreadable(let reason):
                throw BraidError(code, "\(url.path): \(what.isEmpty ? "" : "\(what) ")cannot be read: \(reason)")
            case .tooLarge(let count):
                throw limit.exceeded("\(count) bytes", file: url.path, bound: bound)
            }
        }
    }
}
