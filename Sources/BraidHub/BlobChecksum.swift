internal import BraidSupport
internal import Crypto
internal import Foundation

/// The sum that a blob's name is of its content.
enum BlobChecksum: Sendable {
    /// LFS: SHA-256 of the content.
    case sha256(String)
    /// git: SHA-1 of a header and the content.
    case gitBlob(String)

    /// Nil where the name is no sum.
    init?(etag: String) {
        guard HubRepository.isHex(etag) else { return nil }
        switch etag.utf8.count {
        case 64: self = .sha256(etag)
        case 40: self = .gitBlob(etag)
        default: return nil
        }
    }

    var kind: String {
        switch self {
        case .sha256: "SHA-256"
        case .gitBlob: "git SHA-1"
        }
    }

    var expected: String {
        switch self {
        case .sha256(let sum), .gitBlob(let sum): sum
        }
    }

    /// The file's true sum, read in pieces.
    func found(in file: URL) throws -> String {
        switch self {
        case .sha256: return try Fingerprint.of(file)
        case .gitBlob:
            let handle = try FileHandle(forReadingFrom: file)
            defer { try? handle.close() }
            let size = try handle.seekToEnd()
            try handle.seek(toOffset: 0)
            var hash = Insecure.SHA1()
            hash.update(data: Data("blob \(size)\0".utf8))
            while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty { hash.update(data: piece) }
            return hash.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
    }
}
