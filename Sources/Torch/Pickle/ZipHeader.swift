/// What stands before an entry of a zip archive, and again in its directory.
struct ZipHeader {
    let name: String
    let flags: UInt16
    let method: UInt16
    private(set) var compressedSize: Int
    private(set) var size: Int
    /// Where the entry's local header begins; 0 in that itself.
    private(set) var offset = 0

    init(central reader: inout ByteReader) throws(Refusal) {
        guard try reader.integer(UInt32.self) == 0x0201_4B50 else {
            throw .damaged("its zip directory has fewer entries than it says")
        }
        _ = try reader.take(4)  // Versions.
        (flags, method) = (try reader.integer(UInt16.self), try reader.integer(UInt16.self))
        _ = try reader.take(8)  // Time, date, CRC-32.
        (compressedSize, size) = (try reader.size(UInt32.self), try reader.size(UInt32.self))
        let lengths = (try reader.size(UInt16.self), try reader.size(UInt16.self), try reader.size(UInt16.self))
        _ = try reader.take(8)  // Disk, attributes.
        offset = try reader.size(UInt32.self)
        name = try Self.name(reader.take(lengths.0), reader)
        try readZip64(extra: reader.take(lengths.1), reader)
        _ = try reader.take(lengths.2)  // Comment.
    }

    init(local reader: inout ByteReader) throws(Refusal) {
        guard try reader.integer(UInt32.self) == 0x0403_4B50 else {
            throw .damaged("a zip entry does not begin where its directory says")
        }
        _ = try reader.take(2)  // Version.
        (flags, method) = (try reader.integer(UInt16.self), try reader.integer(UInt16.self))
        _ = try reader.take(8)  // Time, date, CRC-32.
        (compressedSize, size) = (try reader.size(UInt32.self), try reader.size(UInt32.self))
        let lengths = (try reader.size(UInt16.self), try reader.size(UInt16.self))
        name = try Self.name(reader.take(lengths.0), reader)
        try readZip64(extra: reader.take(lengths.1), reader)
    }

    private static func name(_ range: Range<Int>, _ reader: ByteReader) throws(Refusal) -> String {
        guard let name = reader.text(range) else { throw .damaged("a zip entry's name is not UTF-8") }
        return name
    }

    /// The extra field 1 has, in this order, those of size, compressed size and offset that do not fit 32 bits.
    private mutating func readZip64(extra: Range<Int>, _ reader: ByteReader) throws(Refusal) {
        let saturated = 0xFFFF_FFFF
        guard [size, compressedSize, offset].contains(saturated) else { return }
        let bytes = UnsafeRawBufferPointer(rebasing: reader.bytes[..<extra.upperBound])
        var fields = try ByteReader(bytes, at: extra.lowerBound, name: "a zip entry's extra field")
        while fields.remaining >= 4 {
            let (id, length) = (try fields.integer(UInt16.self), try fields.size(UInt16.self))
            let range = try fields.take(length)
            guard id == 1 else { continue }
            let content = UnsafeRawBufferPointer(rebasing: bytes[..<range.upperBound])
            var values = try ByteReader(content, at: range.lowerBound, name: "a zip64 field")
            if size == saturated { size = try values.size(UInt64.self) }
            if compressedSize == saturated { compressedSize = try values.size(UInt64.self) }
            if offset == saturated { offset = try values.size(UInt64.self) }
            return
        }
    }
}

/// The end of a zip archive: where its directory lies, and how many entries it has.
struct ZipEnd {
    let directory: Range<Int>
    let count: Int

    private static let size = 22
    private static let longestComment = 65_535

    init(_ bytes: UnsafeRawBufferPointer) throws(Refusal) {
        guard let position = Self.position(in: bytes) else {
            throw Refusal("is a zip archive that is cut off: it has no directory at its end")
        }
        var reader = try ByteReader(bytes, at: position + 8, name: "the zip directory")
        _ = try reader.take(2)
        var (count, size) = (try reader.size(UInt16.self), try reader.size(UInt32.self))
        var offset = try reader.size(UInt32.self)
        var end = position
        if count == 0xFFFF || size == 0xFFFF_FFFF || offset == 0xFFFF_FFFF, let zip64 = try Self.zip64(bytes, before: position) {
            (count, size, offset, end) = zip64
        }
        let smallestEntry = 46
        guard offset <= end, size <= end - offset, count <= size / smallestEntry else {
            throw .damaged("its zip directory of \(count) entries, \(size) bytes at \(offset), is not in the file")
        }
        directory = offset..<offset + size
        self.count = count
    }

    /// Behind the record is the archive's comment, and then the end.
    private static func position(in bytes: UnsafeRawBufferPointer) -> Int? {
        let last = bytes.count - size
        guard last >= 0 else { return nil }
        var position = last
        while position >= max(0, last - longestComment) {
            let signature = bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self).littleEndian
            let comment = bytes.loadUnaligned(fromByteOffset: position + 20, as: UInt16.self).littleEndian
            if signature == 0x0605_4B50 && Int(comment) == last - position { return position }
            position -= 1
        }
        return nil
    }

    private static func zip64(
        _ bytes: UnsafeRawBufferPointer, before position: Int
    ) throws(Refusal) -> (count: Int, size: Int, offset: Int, end: Int)? {
        guard position >= 20 else { return nil }
        var locator = try ByteReader(bytes, at: position - 20, name: "the zip64 directory")
        guard try locator.integer(UInt32.self) == 0x0706_4B50 else { return nil }
        _ = try locator.take(4)
        let start = try locator.size(UInt64.self)
        var reader = try ByteReader(bytes, at: start, name: "the zip64 directory")
        guard try reader.integer(UInt32.self) == 0x0606_4B50 else {
            throw .damaged("its zip64 directory does not begin where it says")
        }
        _ = try reader.take(28)
        let count = try reader.size(UInt64.self)
        return (count, try reader.size(UInt64.self), try reader.size(UInt64.self), start)
    }
}
