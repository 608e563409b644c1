internal import Crypto
internal import Foundation

/// What a medium is, whatever its file is called: SHA-256 of its bytes, of a recording's together with the stretch taken.
struct EmbeddingKey: Hashable, Sendable {
    private let words: SIMD4<UInt64>

    /// nil where the medium cannot be read; whoever decodes it says why.
    init?(_ sample: Sample, _ modality: Modality) {
        guard let medium = sample.media[modality] else { return nil }
        var hash = SHA256()
        switch medium.content {
        case .file(let url): guard hash.update(file: url) else { return nil }
        case .bytes(let data): hash.update(data: data)
        case .text(let text): hash.update(data: Data(text.utf8))
        }
        if modality.plain == .audio || medium.start != nil || medium.end != nil {
            hash.update(data: Data("\(medium.start ?? 0) \(medium.end.map { "\($0)" } ?? "")".utf8))
        }
        words = hash.finalize().withUnsafeBytes { $0.loadUnaligned(as: SIMD4<UInt64>.self) }
    }

    /// Half of it: enough to tell one manifest's media apart.
    var short: SIMD2<UInt64> { words.lowHalf }

    static let size = 32

    init(_ bytes: UnsafeRawBufferPointer) { words = bytes.loadUnaligned(as: SIMD4<UInt64>.self) }

    var bytes: [UInt8] { withUnsafeBytes(of: words) { Array($0) } }

    /// 64 digits.
    var hexadecimal: String { bytes.map { String(format: "%02x", $0) }.joined() }

    /// nil where the text is not as `hexadecimal` writes it.
    init?(hexadecimal text: String) {
        let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == 2 * Self.size, text.utf8.count == digits.count else { return nil }
        let bytes = (0..<Self.size).map { UInt8(digits[2 * $0] << 4 | digits[2 * $0 + 1]) }
        self = bytes.withUnsafeBytes { EmbeddingKey($0) }
    }
}

extension SHA256 {
    /// Takes a regular file's bytes, in pieces; says whether they could be read.
    fileprivate mutating func update(file url: URL) -> Bool {
        guard let size = InputFile.size(of: url.path) else { return false }
        // What says that it is empty may wait for ever where it is read: the system's own files do.
        guard size > 0 else { return true }
        guard let file = try? FileHandle(forReadingFrom: url) else { return false }
        defer { try? file.close() }
        do {
            while let piece = try file.read(upToCount: 1 << 18), !piece.isEmpty { update(data: piece) }
            return true
        } catch { return false }
    }
}
