package import Foundation

/// A file that is read whole, and no more of it than a limit allows.
package enum BoundedFile {
    /// The bytes of a regular file: nothing waits for a pipe or a device, and a file that is too long is refused by its size.
    ///
    /// - Throws: `BraidError`: `.noInput` where it cannot be read, `.badData` where it is longer than `limit`.
    package static func read(_ url: URL, _ limit: Limit) throws -> Data {
        let unreadable = BraidError(.noInput, "\(url.path): cannot be read")
        let descriptor = open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw unreadable }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw unreadable }
        let bound = limit.value
        guard status.st_size <= bound else {
            throw limit.exceeded("a file of \(status.st_size) bytes", file: url.path, bound: bound)
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        guard let data = try? handle.read(upToCount: Int(status.st_size)) ?? Data() else { throw unreadable }
        return data
    }
}
