internal import Foundation

/// Reads rows of JSON Lines in one pass, where they have the form that nearly all have: an object of texts, numbers, truths, nulls and lists.
///
/// What is read here is what `JSONSerialization` gives. A row of any other form is left to that, which takes many times as long.
struct JSONRow {
    /// The row's bytes.
    private let bytes: UnsafeRawBufferPointer
    private var place = 0
    /// Where each key's bytes stand; keys with escapes are not read here.
    private(set) var keys: [Range<Int>] = []
    /// What stands behind each key.
    private(set) var cells: [String] = []

    /// A list is longer than it may be.
    struct TooLong: Error {}

    /// Reads a row; nil where it is not of that form.
    ///
    /// - Parameter mostBytes: How long a list may be.
    /// - Throws: `TooLong`.
    init?(_ bytes: UnsafeRawBufferPointer, mostBytes: Int) throws(TooLong) {
        self.bytes = bytes
        guard takes(UInt8(ascii: "{")) else { return nil }
        if !takes(UInt8(ascii: "}")) {
            repeat {
                skipBlanks()
                guard let key = plainString(), takes(UInt8(ascii: ":")), let cell = try value(mostBytes) else { return nil }
                keys.append(key)
                cells.append(cell)
            } while takes(UInt8(ascii: ","))
            guard takes(UInt8(ascii: "}")) else { return nil }
        }
        skipBlanks()
        if place != bytes.count { return nil }
    }

    /// The bytes of a key.
    func key(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[range]) }

    private mutating func skipBlanks() {
        while place < bytes.count {
            switch bytes[place] {
            case 0x20, 0x09, 0x0A, 0x0D: place += 1
            default: return
            }
        }
    }

    /// Whether `mark` is next, blanks aside; then the reading goes on behind it.
    private mutating func takes(_ mark: UInt8) -> Bool {
        skipBlanks()
        guard place < bytes.count, bytes[place] == mark else { return false }
        place += 1
        return true
    }

    /// Where the bytes of a text without escapes stand; nil where something else is next.
    private mutating func plainString() -> Range<Int>? {
        guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else { return nil }
        var end = place + 1
        while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
            if bytes[end] == UInt8(ascii: "\\") || bytes[end] < 0x20 { return nil }
            end += 1
        }
        guard end < bytes.count else { return nil }
        defer { place = end + 1 }
        return place + 1..<end
    }

    private mutating func value(_ mostBytes: Int) throws(TooLong) -> String? {
        skipBlanks()
        guard place < bytes.count else { return nil }
        switch bytes[place] {
        case UInt8(ascii: "\""): return string()
        case UInt8(ascii: "t"): return literal("true", "true")
        case UInt8(ascii: "f"): return literal("false", "false")
        case UInt8(ascii: "n"): return literal("null", "")
        case UInt8(ascii: "["): return try list(mostBytes)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return number()
        default: return nil
        }
    }

    private mutating func literal(_ word: StaticString, _ cell: String) -> String? {
        let end = place + word.utf8CodeUnitCount
        guard end <= bytes.count else { return nil }
        let isWord = word.withUTF8Buffer { word in bytes[place..<end].elementsEqual(word) }
        place = end
        return isWord ? cell : nil
    }

    private func text(_ range: Range<Int>) -> String? {
        String(validating: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self)
    }

    private mutating func string() -> String? {
        let start = place
        if let plain = plainString() { return text(plain) }
        place = start + 1
        var unescaped: [UInt8] = []
        while place < bytes.count {
            let byte = bytes[place]
            switch byte {
            case UInt8(ascii: "\""):
                place += 1
                return String(validating: unescaped, as: UTF8.self)
            case 0..<0x20: return nil
            case UInt8(ascii: "\\"):
                guard let scalar = escape() else { return nil }
                unescaped.append(contentsOf: String(scalar).utf8)
            default:
                unescaped.append(byte)
                place += 1
            }
        }
        return nil
    }

    /// The scalar that an escape stands for; nil where it stands for none by itself.
    private mutating func escape() -> Unicode.Scalar? {
        guard place + 1 < bytes.count else { return nil }
        let letter = bytes[place + 1]
        if letter == UInt8(ascii: "u") { return unicodeEscape() }
        place += 2
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        default: return nil
        }
    }

    private mutating func unicodeEscape() -> Unicode.Scalar? {
        guard let first = hexadecimal() else { return nil }
        guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) }
        guard place + 1 < bytes.count, bytes[place] == UInt8(ascii: "\\"), bytes[place + 1] == UInt8(ascii: "u"),
            let second = hexadecimal(), (0xDC00..<0xE000).contains(second)
        else { return nil }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    }

    /// The number of `\u` and four digits.
    private mutating func hexadecimal() -> UInt32? {
        guard place + 6 <= bytes.count else { return nil }
        var number: UInt32 = 0
        for byte in bytes[place + 2..<place + 6] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            number = number << 4 | UInt32(digit)
        }
        place += 6
        return number
    }

    private mutating func number() -> String? {
        let start = place
        if bytes[place] == UInt8(ascii: "-") { place += 1 }
        let digits = place
        while place < bytes.count, (0x30...0x39).contains(bytes[place]) { place += 1 }
        let isWhole = place == bytes.count || ![0x2E, 0x65, 0x45].contains(bytes[place])
        // Fewer digits than any that does not fit; no zero in front of others, and none that is negative.
        let isPlain = place > digits && (bytes[digits] != 0x30 || place == digits + 1 && digits == start)
        if isWhole, isPlain, place - digits <= 18 { return text(start..<place) }
        while place < bytes.count, "+-.eE0123456789".utf8.contains(bytes[place]) { place += 1 }
        guard place - start <= 400, let list = parsed(start..<place, inList: true), list.count == 1 else { return nil }
        return (list[0] as? NSNumber)?.stringValue
    }

    /// A list, from its bracket to the one that closes it.
    private mutating func list(_ mostBytes: Int) throws(TooLong) -> String? {
        let start = place
        var (depth, isQuoted) = (0, false)
        while place < bytes.count {
            if place - start >= mostBytes { throw TooLong() }
            let byte = bytes[place]
            place += 1
            if isQuoted {
                if byte == UInt8(ascii: "\\") { place += 1 } else if byte == UInt8(ascii: "\"") { isQuoted = false }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isQuoted = true
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            default: continue
            }
            if depth == 0 { return parsed(start..<place, inList: false).flatMap(NameList.text(of:)) }
        }
        return nil
    }

    private func parsed(_ range: Range<Int>, inList: Bool) -> [Any]? {
        let data = Data(bytes[range])
        let whole = inList ? Data("[".utf8) + data + Data("]".utf8) : data
        return (try? JSONSerialization.jsonObject(with: whole)) as? [Any]
    }
}

extension NameList {
    /// The list of texts and numbers as a cell has it; nil where anything else is in it.
    static func text(of list: [Any]) -> String? {
        guard list.allSatisfy({ $0 is String || $0 is NSNumber }) else { return nil }
        return text(list.map { ($0 as? String) ?? "\($0)" })
    }
}
