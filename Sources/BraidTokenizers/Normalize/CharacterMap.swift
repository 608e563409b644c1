internal import BraidSupport

/// The rewriting rules that a SentencePiece model carries, compiled into a double-array trie.
struct CharacterMap: Sendable {
    /// The double array of Darts-clone, as the file has it.
    private let units: [UInt32]
    /// What the rules write, each ended by a 0.
    private let texts: [UInt8]
    /// The most bytes of a key that are looked at: the trie of a damaged file may lead in circles.
    private let longestKey: Int
    /// The ASCII bytes that some rule begins with.
    let isASCIIKey: [Bool]

    /// - Parameters:
    ///   - bytes: The trie's size, the trie, and the texts.
    ///   - fault: Makes an error of what is wrong.
    init(_ bytes: [UInt8], _ fault: (String) -> any Error) throws {
        guard bytes.count >= 4 else { throw fault("must be a compiled map") }
        func word(_ at: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << UInt32($1 * 8) } }
        let size = Int(word(0)) / 4 * 4
        guard size > 0, size <= bytes.count - 4 else {
            throw fault("says that its trie has \(size) bytes; it has \(bytes.count - 4)")
        }
        units = stride(from: 4, to: 4 + size, by: 4).map(word)
        texts = Array(bytes[(4 + size)...])
        guard String(validating: texts, as: UTF8.self) != nil else { throw fault("must write UTF-8") }
        longestKey = Limit.tokenBytes.value
        let longest = texts.split(separator: 0).map(\.count).max() ?? 0
        guard longest <= longestKey else {
            throw fault(Limit.tokenBytes.fault("writes a text of \(longest) bytes", bound: longestKey).message)
        }
        let units = units
        isASCIIKey = (UInt8(0)..<0x80).map { byte in
            guard byte > 0, let at = Self.child(Self.offset(units[0]), byte, units) else { return false }
            return Self.label(units[at]) == UInt32(byte)
        }
    }

    /// Writes a rule's text.
    func write(_ rule: Int, into output: inout [UInt8]) {
        var index = rule
        while index < texts.count, texts[index] != 0 {
            output.append(texts[index])
            index += 1
        }
    }

    /// The rule of the shortest key that `key` begins with.
    func shortest(_ key: Bytes) -> Int? {
        var found: Int?
        walk(key, from: 0) { rule, _ in
            found = rule
            return false
        }
        return found
    }

    /// The rule of the longest key that `text` goes on with at `start`, and the key's length.
    func longest(_ text: Bytes, from start: Int) -> (rule: Int, length: Int)? {
        if start < text.count, text[start] < 0x80, !isASCIIKey[Int(text[start])] { return nil }
        var found: (rule: Int, length: Int)?
        walk(text, from: start) { rule, length in
            found = (rule, length)
            return true
        }
        return found
    }

    /// Gives the rules of all keys that stand at `start`, the shortest first, until it is told to stop.
    private func walk(_ text: Bytes, from start: Int, _ body: (_ rule: Int, _ length: Int) -> Bool) {
        var position = Self.offset(units[0])
        for index in start..<min(text.count, start + longestKey) {
            let byte = text[index]
            guard byte != 0, let at = Self.child(position, byte, units) else { return }
            let unit = units[at]
            guard Self.label(unit) == UInt32(byte) else { return }
            position = UInt32(at) ^ Self.offset(unit)
            guard unit >> 8 & 1 == 1 else { continue }
            guard Int(position) < units.count else { return }
            let rule = Int(units[Int(position)] & 0x7FFF_FFFF)
            // A rule that begins inside a scalar is one of a damaged file.
            guard rule <= texts.count, rule == texts.count || texts[rule] & 0xC0 != 0x80 else { return }
            guard body(rule, index + 1 - start) else { return }
        }
    }

    @inline(__always)
    private static func child(_ position: UInt32, _ byte: UInt8, _ units: [UInt32]) -> Int? {
        let at = Int(position ^ UInt32(byte))
        return at < units.count ? at : nil
    }

    @inline(__always)
    private static func label(_ unit: UInt32) -> UInt32 { unit & 0x8000_00FF }

    @inline(__always)
    private static func offset(_ unit: UInt32) -> UInt32 { (unit >> 10) << ((unit & (1 << 9)) >> 6) }
}
