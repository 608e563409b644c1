/// Reads little-endian numbers and byte ranges, each checked against the end.
struct ByteReader {
    let bytes: UnsafeRawBufferPointer
    private(set) var position: Int
    /// What an error calls these bytes, for example `the pickle`.
    private let name: String

    /// - Throws: Where `position` is not within `bytes`.
    init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0, name: String) throws(Refusal) {
        guard position >= 0, position <= bytes.count else { throw .damaged("\(name) begins behind the end of the file") }
        self.bytes = bytes
        self.position = position
        self.name = name
    }

    var remaining: Int { bytes.count - position }

    /// The next `count` bytes, as a range of `bytes`.
    mutating func take(_ count: Int) throws(Refusal) -> Range<Int> {
        guard count >= 0, count <= remaining else {
            throw Refusal("is damaged or cut off: \(name) needs \(count) bytes at \(position), and \(remaining) are left")
        }
        defer { position += count }
        return position..<position + count
    }

    mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type) throws(Refusal) -> Value {
        let range = try take(MemoryLayout<Value>.size)
        return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: Value.self))
    }

    mutating func byte() throws(Refusal) -> UInt8 { try integer(UInt8.self) }

    /// An unsigned number of `type` as a length or offset; one that no file is long enough for is refused.
    mutating func size<Value: UnsignedInteger & FixedWidthInteger & BitwiseCopyable>(
        _ type: Value.Type
    ) throws(Refusal) -> Int {
        let value = try integer(type)
        guard let size = Int(exactly: value) else { throw .damaged("\(name) claims a length of \(value) bytes") }
        return size
    }

    /// The text up to the next line feed, which is skipped.
    mutating func line() throws(Refusal) -> String {
        let longest = 1000
        guard let length = bytes[position...].prefix(longest).firstIndex(of: UInt8(ascii: "\n")) else {
            throw Refusal("is damaged or cut off: \(name) has a name without an end at \(position)")
        }
        let range = position..<length
        position = length + 1
        return String(decoding: bytes[range], as: UTF8.self)
    }

    func text(_ range: Range<Int>) -> String? { String(validating: bytes[range], as: UTF8.self) }
}
