package import Foundation

/// What a failure of the file system means to whoever ran a command: the file, the reason as the system gives it, and what to do.
public enum FileFault {
    /// Runs `body`, which writes `url` or below it; a failure of the file system becomes a `FileWriteError` that names the file.
    package static func naming<Value>(
        _ url: URL, _ verb: String = "written", _ body: () throws -> Value
    ) throws -> Value {
        do { return try body() } catch {
            guard let number = number(of: error) else { throw error }
            throw FileWriteError(path: url.path, message: "cannot be \(verb): \(reason(number))")
        }
    }

    /// Makes a folder, and those it lies in, where they are not there.
    ///
    /// - Throws: `FileWriteError` where it cannot be made.
    package static func makeFolder(_ url: URL) throws {
        try naming(url, "created") {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        }
    }

    /// Copies a file, or what a link leads to.
    ///
    /// - Throws: `BraidError` where it cannot be read, `FileWriteError` where the copy cannot be written.
    package static func copy(_ file: URL, to target: URL) throws {
        let original = file.resolvingSymlinksInPath()
        try naming(target) {
            do { try FileManager.default.copyItem(at: original, to: target) } catch {
                guard FileManager.default.isReadableFile(atPath: original.path) else {
                    throw BraidError(
                        .noInput,
                        faults: [
                            Fault("cannot be read any more: it was there when the command began", file: file.path)
                        ])
                }
                throw error
            }
        }
    }

    /// The error of the last call that failed, about the file `url`.
    package static func last(_ url: URL, _ verb: String = "written") -> FileWriteError {
        FileWriteError(path: url.path, message: "cannot be \(verb): \(reason(errno))")
    }

    /// The system's reason, and what can be done about it.
    package static func reason(_ number: Int32) -> String {
        String(cString: strerror(number)) + (remedies[number].map { "; \($0)" } ?? "")
    }

    private static let remedies: [Int32: String] = [
        ENOSPC: "free some room, or name a folder on another disk",
        EDQUOT: "free some room, or name a folder on another disk",
        EFBIG: "raise the limit on the size of files (ulimit -f)",
        EROFS: "name a folder that can be written to",
        EACCES: "allow writing there, or name another folder",
        EPERM: "allow writing there, or name another folder",
        EMFILE: "raise the limit on open files (ulimit -n)",
    ]

    /// The number of the system's error that `error` comes of; nil where it is none of the file system's.
    package static func number(of error: any Error) -> Int32? {
        let error = error as NSError
        if error.domain == NSPOSIXErrorDomain { return Int32(exactly: error.code) }
        guard error.domain == NSCocoaErrorDomain else { return nil }
        return (error.userInfo[NSUnderlyingErrorKey] as? any Error).flatMap(number)
    }

    /// One line for a person about an error of Foundation's, whose own description is for programmers; nil where it is none of the file system's.
    public static func describe(_ error: any Error) -> String? {
        guard let number = number(of: error) else { return nil }
        let info = (error as NSError).userInfo
        let path = info[NSFilePathErrorKey] as? String ?? (info[NSURLErrorKey] as? URL)?.path
        return Fault(reason(number), file: path).description
    }
}
