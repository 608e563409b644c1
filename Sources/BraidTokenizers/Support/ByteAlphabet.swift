/// The printable character that stands for each byte in byte-level vocabularies.
///
/// GPT-2's `bytes_to_unicode`: printable bytes stand for themselves, the others for U+0100 and on.
enum ByteAlphabet {
    /// The scalar of each byte.
    static let scalars: [UInt32] = {
        var next: UInt32 = 0x100
        return (UInt32(0)..<0x100).map { byte in
            if (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE { return byte }
            next += 1
            return next - 1
        }
    }()

    static func append(_ byte: UInt8, to output: inout [UInt8]) { output.append(scalar: scalars[Int(byte)]) }
}
