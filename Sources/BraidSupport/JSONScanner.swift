/// Reads JSON byte by byte, where Foundation's reader is too slow or takes canonically equivalent keys for one.
///
/// What it meets must be JSON already, else it throws; no text makes it trap.
package struct JSONScanner {
    /// Where the text is not what was asked for, and what was.
    package struct Fault: Error {
        package let expected: String
        package let offset: Int
    }

    let bytes: UnsafeBufferPointer<UInt8>
    package var offset = 0

    package init(_ bytes: UnsafeBufferPointer<UInt8>, from offset: Int = 0) {
        self.bytes = bytes
        self.offset = offset
    }

    package func fault(_ expected: String) -> Fault { Fault(expected: expected, offset: offset) }

    /// The next byte that is no white space; 0 at the end.
    package mutating func peek() -> UInt8 {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x09, 0x0A, 0x0D: offset += 1
            case let byte: return byte
            }
        }
        return 0
    }

    /// Skips `character` where it comes next.
    package mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    package mutating func expect(_ character: Unicode.Scalar) throws(Fault) {
        guard skip(character) else { throw fault("a \(character)") }
    }

    /// Skips the comma between two elements; false at `end`, which is skipped too.
    package mutating func more(until end: Unicode.Scalar) throws(Fault) -> Bool {
        if skip(",") { return true }
        try expect(end)
        return false
    }

    /// Skips one value, however deep.
    package mutating func skipValue() throws(Fault) {
        var depth = 0
        var ignored: [UInt8] = []
        repeat {
            switch peek() {
            case UInt8(ascii: "\""):
                ignored.removeAll(keepingCapacity: true)
                try string(into: &ignored)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                offset += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard depth > 0 else { throw fault("a value") }
                depth -= 1
                offset += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"):
                guard depth > 0 else { throw fault("a value") }
                offset += 1
            case 0: throw fault("a value")
            default: try skipWord()
            }
        } while depth > 0
    }

    private mutating func skipWord() throws(Fault) {
        let start = offset
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "E"),
                UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
                offset += 1
            default:
                if offset == start { throw fault("a value") }
                return
            }
        }
    }

    /// Appends the text of a string, its escapes resolved.
    package mutating func string(into text: inout [UInt8]) throws(Fault) {
        try expect("\"")
        while offset < bytes.count {
            let start = offset
            while offset < bytes.count, bytes[offset] != UInt8(ascii: "\""), bytes[offset] != UInt8(ascii: "\\") { offset += 1 }
            text.append(contentsOf: bytes[start..<offset])
            guard offset < bytes.count else { break }
            offset += 1
            if bytes[offset - 1] == UInt8(ascii: "\"") { return }
            try escape(into: &text)
        }
        throw fault("a \"")
    }

    private mutating func escape(into text: inout [UInt8]) throws(Fault) {
        guard offset < bytes.count else { throw fault("an escape") }
        let byte = bytes[offset]
        offset += 1
        switch byte {
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "u"):
            let first = try codeUnit()
            guard first & 0xF800 == 0xD800 else { return append(first, to: &text) }
            guard first < 0xDC00, offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "\\"),
                bytes[offset + 1] == UInt8(ascii: "u")
            else { throw fault("both halves of a surrogate pair") }
            offset += 2
            let second = try codeUnit()
            guard second & 0xFC00 == 0xDC00 else { throw fault("both halves of a surrogate pair") }
            append(0x10000 + (first & 0x3FF) << 10 + second & 0x3FF, to: &text)
        default: throw fault("an escape")
        }
    }

    /// No surrogate comes here.
    private func append(_ scalar: UInt32, to text: inout [UInt8]) {
        if let scalar = Unicode.Scalar(scalar) { text.append(contentsOf: Character(scalar).utf8) }
    }

    private mutating func codeUnit() throws(Fault) -> UInt32 {
        guard offset + 4 <= bytes.count else { throw fault("four hexadecimal digits") }
        var value: UInt32 = 0
        for byte in bytes[offset..<offset + 4] {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt32(byte - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt32(byte - UInt8(ascii: "A") + 10)
            default: throw fault("four hexadecimal digits")
            }
        }
        offset += 4
        return value
    }
}
