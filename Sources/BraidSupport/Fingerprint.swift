internal import Crypto
public import Foundation

/// SHA-256 of what a run was made from.
public enum Fingerprint {
    /// The SHA-256 of the UTF-8 bytes of `text`, as 64 lower-case hexadecimal digits.
    public static func of(_ text: String) -> String { hex(SHA256.hash(data: Data(text.utf8))) }

    /// The SHA-256 of a file's bytes, read in pieces, as 64 lower-case hexadecimal digits.
    ///
    /// - Throws: Foundation's error where the file cannot be read.
    public static func of(_ url: URL) throws -> String {
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

    /// The first 128 bits over `text`: no two texts that there are share them.
    package static func words(_ text: String) -> SIMD2<UInt64> {
        SHA256.hash(data: Data(text.utf8)).withUnsafeBytes { $0.loadUnaligned(as: SIMD2<UInt64>.self) }
    }

    private static func hex(_ digest: SHA256.Digest) -> String {
        digest.map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0\(text)" : text
        }.joined()
    }
}
