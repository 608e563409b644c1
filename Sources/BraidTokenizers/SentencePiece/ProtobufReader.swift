/// Reads the fields of a protocol buffer's message, one after the other, and throws where bytes are damaged.
///
/// Reference: protobuf.dev/programming-guides/encoding.
struct ProtobufReader {
    /// What a field holds.
    enum Value {
        /// A number, a truth value or one of an enumeration.
        case number(UInt64)
        /// Four bytes, a float's among others.
        case word(UInt32)
        /// The place of a text, of bytes or of a message.
        case bytes(Range<Int>)
        /// Eight bytes, which nothing here asks for.
        case wide
    }

    /// What was expected, and where.
    struct Fault: Error {
        let expected: String
        let offset: Int
    }

    private let bytes: [UInt8]
    private let end: Int
    private(set) var offset: Int

    /// - Parameters:
    ///   - bytes: The file.
    ///   - range: The place of the message; nil for all.
    init(_ bytes: [UInt8], _ range: Range<Int>? = nil) {
        self.bytes = bytes
        (offset, end) = (range?.lowerBound ?? 0, range?.upperBound ?? bytes.count)
    }

    /// The next field's number and value; nil at the message's end.
    mutating func next() throws(Fault) -> (field: Int, value: Value)? {
        guard offset < end else { return nil }
        let key = try number()
        guard let field = Int(exactly: key >> 3), field > 0 else { throw fault("a field's number") }
        switch key & 7 {
        case 0: return (field, .number(try number()))
        case 1:
            _ = try take(8)
            return (field, .wide)
        case 2:
            guard let count = Int(exactly: try number()) else { throw fault("a length") }
            return (field, .bytes(try take(count)))
        case 5: return (field, .word(try take(4).reversed().reduce(0) { $0 << 8 | UInt32(bytes[$1]) }))
        default: throw fault("a field of a known wire type")
        }
    }

    private mutating func number() throws(Fault) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard offset < end else { throw fault("the rest of a number") }
            let byte = bytes[offset]
            offset += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw fault("a number of at most ten bytes")
    }

    private mutating func take(_ count: Int) throws(Fault) -> Range<Int> {
        guard count >= 0, count <= end - offset else { throw fault("\(count) bytes more") }
        defer { offset += count }
        return offset..<offset + count
    }

    private func fault(_ expected: String) -> Fault { Fault(expected: expected, offset: offset) }
}
