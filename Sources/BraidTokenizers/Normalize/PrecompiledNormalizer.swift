internal import BraidSupport
internal import Foundation

/// The rewriting rules that a SentencePiece model carries, compiled into a double-array trie.
///
/// Follows the reference in applying the rule of the shortest key that a grapheme cluster of less than six bytes begins with
/// to the whole cluster, and else the rules of its single scalars.
struct PrecompiledNormalizer: Normalizer {
    private let rules: CharacterMap
    private let tables = UnicodeTables.shared
    /// As the reference aligns what it writes with what it read.
    let movesOrigin = true

    init(_ settings: JSONObject) throws {
        try settings.allow("precompiled_charsmap")
        guard let data = Data(base64Encoded: try settings.string("precompiled_charsmap")), data.count >= 4 else {
            throw settings.fault("precompiled_charsmap must be base64 of a compiled map")
        }
        rules = try CharacterMap(Array(data)) { settings.fault("precompiled_charsmap \($0)") }
    }

    func normalize(_ text: Bytes, into output: inout [UInt8], most: Int) {
        output.reserveCapacity(text.count + text.count / 4)
        var index = 0
        while index < text.count, output.count <= most {
            // Most of most texts: ASCII that no rule names, before ASCII.
            let start = index
            while index + 1 < text.count, text[index] < 0x80, text[index + 1] < 0x80, !rules.isASCIIKey[Int(text[index])] {
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
        if cluster.count < 6, let rule = rules.shortest(cluster) { return rules.write(rule, into: &output) }
        var index = 0
        while index < cluster.count {
            let length = cluster.scalar(at: index).length
            let part = cluster.part(index, index + length)
            if let rule = rules.shortest(part) {
                rules.write(rule, into: &output)
            } else {
                output.append(contentsOf: part)
            }
            index += length
        }
    }
}
