internal import BraidSupport
internal import Foundation

/// The rewriting rules that a SentencePiece model carries, compiled into a double-array trie.
///
/// Follows the reference in applying the rule of the shortest key that a grapheme cluster of less than six bytes begins with
/// to the whole cluster, and else the rules of its single scalars.
struct PrecompiledNormalizer: Normalizer {
    /// The double array of Darts-clone, as the file has it.
    private let units: [UInt32]
    /// What the rules write, each ended by a 0.
    private let texts: [UInt8]
    /// The ASCII bytes that some rule begins with.
    private let isASCIIKey: [Bool]
    private let tables = UnicodeTables.shared
    /// As the reference aligns what it writes with what it read.
    let movesOrigin = true

    init(_ settings: JSONObject) throws {
        try settings.allow("precompiled_charsmap")
        guard let data = Data(base64Encoded: try settings.string("precompiled_charsmap")), data.count >= 4 else {
            throw settings.fault("precompiled_charsmap must be base64 of a compiled map")
        }
        let bytes = Array(data)
        func word(_ at: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << UInt32($1 * 8) } }
        let size = Int(word(0)) / 4 * 4
        guard size > 0, size <= bytes.count - 4 else {
            throw settings.fault("precompiled_charsmap says that its trie has \(size) bytes; it has \(bytes.count - 4)")
        }
        units = stride(from: 4, to: 4 + size, by: 4).map(word)
        texts = Array(bytes[(4 + size)...])
        guard String(validating: texts, as: UTF8.self) != nil else {
            throw settings.fault("precompiled_charsmap must write UTF-8")
        }
        let units = units
        isASCIIKey = (UInt8(0)..<0x80).map { byte in
            guard byte > 0, let at = Self.child(Self.offset(units[0]), byte, units) else { return false }
            return Self.label(units[at]) == UInt32(byte)
        }
    }

    func normalize(_ text: Bytes, into output: inout [UInt8]) {
        output.reserveCapacity(text.count + text.count / 4)
        var index = 0
        while index < text.count {
            // Most of most texts: ASCII that no rule names, before ASCII.
            let start = index
            while index + 1 < text.count, text[index] < 0x80, text[index + 1] < 0x80, !isASCIIKey[Int(text[index])] {
                index += 1
            }
            if index > start { output.append(contentsOf: text.part(start, index)) }
            index = cluster(text, at: index, into: &output)
        }
    }

    /// Normalises the grapheme cluster at `start`, or several; returns their end.
    private func cluster(_ text: Bytes, at start: Int, into output: inout [UInt8]) -> Int {
        var previous = text.scalar(at: start).value
        var end = start + text.scalar(at: start).length
        var isPlain = true
        while end < text.count {
            let (next, length) = text.scalar(at: end)
            let bond = bond(previous, next)
            if bond == .none { break }
            if bond == .unsure { isPlain = false }
            end += length
            previous = next
        }
        if isPlain {
            rewrite(text.part(start, end), into: &output)
        } else {
            for character in String(decoding: text.part(start, end), as: UTF8.self) {
                var character = String(character)
                character.withUTF8 { rewrite($0, into: &output) }
            }
        }
        return end
    }

    private enum Bond { case none, sure, unsure }

    /// Whether a cluster goes on from one scalar to the next; where that takes more than the two, Swift's own rules are asked.
    private func bond(_ first: UInt32, _ second: UInt32) -> Bond {
        if first < 0x80 && second < 0x80 { return first == 0x0D && second == 0x0A ? .sure : .none }
        let (before, after) = (tables.traits(first), tables.traits(second))
        if before.contains(.breaker) || after.contains(.breaker) { return .none }
        if after.contains(.extender) { return .sure }
        if before.contains(.prepender) { return .unsure }
        let isSyllable = first >= 0xAC00 && first < 0xD7A4
        if after.contains(.bindable) && (isSyllable || !before.isDisjoint(with: [.extender, .bindable])) { return .unsure }
        return before.contains(.bindable) && second >= 0xAC00 && second < 0xD7A4 ? .unsure : .none
    }

    private func rewrite(_ cluster: Bytes, into output: inout [UInt8]) {
        if cluster.count < 6, let rule = rule(for: cluster) { return write(rule, into: &output) }
        var index = 0
        while index < cluster.count {
            let length = cluster.scalar(at: index).length
            let part = cluster.part(index, index + length)
            if let rule = rule(for: part) {
                write(rule, into: &output)
            } else {
                output.append(contentsOf: part)
            }
            index += length
        }
    }

    private func write(_ rule: Int, into output: inout [UInt8]) {
        var index = rule
        while index < texts.count, texts[index] != 0 {
            output.append(texts[index])
            index += 1
        }
    }

    /// Where the text of the shortest key that `key` begins with stands in `texts`.
    private func rule(for key: Bytes) -> Int? {
        var position = Self.offset(units[0])
        for byte in key {
            guard byte != 0, let at = Self.child(position, byte, units) else { return nil }
            let unit = units[at]
            guard Self.label(unit) == UInt32(byte) else { return nil }
            position = UInt32(at) ^ Self.offset(unit)
            guard unit >> 8 & 1 == 1 else { continue }
            guard Int(position) < units.count else { return nil }
            let rule = Int(units[Int(position)] & 0x7FFF_FFFF)
            // A rule that begins inside a scalar is one of a damaged file.
            return rule <= texts.count && (rule == texts.count || texts[rule] & 0xC0 != 0x80) ? rule : nil
        }
        return nil
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
