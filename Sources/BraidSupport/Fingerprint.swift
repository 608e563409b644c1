internal import Crypto
public import Foundation

/// SHA-256 of what a run was made from.
public enum Fingerprint {
    /// The SHA-256 of the UTF-8 bytes of `text`, as 64 lower-case hexadecimal digits.
    public static func of(_ text: String) -> String { hex(SHA256.hash(data: Data(text.utf8))) }

    /// The SHA-256 of a file's bytes, read in pieces, as 64 lower-case hexadecimal digits.
    ///
    /// - Throws: `BraidError` where it is no regular file, Foundation's error where it cannot be read.
    public static func of(_ url: URL) throws -> String {
        if let reason = InputFile.fault(of: url.path) { throw BraidError(.noInput, "\(url.path): cannot be read: \(reason)") }
        // What says that it is empty may wait for ever where it is read: the system's own files do.
        guard InputFile.size(of: url.path) != 0 else { return of("") }
        let file = try FileHandle(forReadingFrom: url)
        defer { try? file.close() }
        var hash = SHA256()
        while let chunk = try file.read(upToCount: 1 << 20), !chunk.isEmpty { hash.update(data: chunk) }
        return hex(hash.finalize())
    }

    /// A number that depends on `text` alone: the same on every machine and in every run.
    package static func number(_ text: String) -> UInt64 {
        SHA256.hash(data: Data(text.utf8)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func hex(_ digest: SHA256.Digest) -> String {
        digest.map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0\(text)" : text
        }.joined()
    }
}
