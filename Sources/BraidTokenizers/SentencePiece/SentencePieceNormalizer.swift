internal import BraidSupport

/// What SentencePiece makes of a text before it looks for pieces: the longest rule at each place, then its handling of spaces.
struct SentencePieceNormalizer: Normalizer {
    private let rules: CharacterMap?
    private let addsSpace: Bool
    private let removesSpaces: Bool
    /// User-defined pieces, which stay as they are.
    private let kept: ByteTrie?

    init(_ file: SentencePieceFile) throws {
        rules = try file.rules.isEmpty ? nil : CharacterMap(file.rules) { file.fault("its precompiled_charsmap \($0)") }
        (addsSpace, removesSpaces) = (file.addsSpace, file.removesSpaces)
        let own = file.pieces.enumerated().filter { $0.element.kind == .userDefined }
        var builder = ByteTrieBuilder(expecting: 1 << 8)
        for (id, piece) in own {
            _ = piece.bytes.withUnsafeBufferPointer { builder.insert($0, Int32(id)) }
        }
        kept = own.isEmpty ? nil : builder.build()
    }

    func normalize(_ text: Bytes, into output: inout [UInt8], most: Int) {
        output.reserveCapacity(text.count + text.count / 4 + 3)
        let start = output.count
        var index = 0
        var part: [UInt8] = []
        // Spaces at the beginning: those are gone before the one in front is written.
        while removesSpaces, index < text.count {
            let length = next(text, index, into: &part)
            guard part == [0x20] else { break }
            index += length
        }
        guard index < text.count else { return }
        if addsSpace { output.append(contentsOf: SentencePieceFile.space) }
        var isBehindSpace = removesSpaces
        while index < text.count, output.count <= most {
            index += next(text, index, into: &part)
            let rest = isBehindSpace ? part.drop { $0 == 0x20 } : part[...]
            for byte in rest {
                if byte == 0x20 { output.append(contentsOf: SentencePieceFile.space) } else { output.append(byte) }
            }
            if let last = rest.last { isBehindSpace = removesSpaces && last == 0x20 }
        }
        guard removesSpaces else { return }
        while output.count - start >= 3, output.suffix(3).elementsEqual(SentencePieceFile.space) { output.removeLast(3) }
    }

    /// What stands for the text at `index`, and of how many bytes.
    private func next(_ text: Bytes, _ index: Int, into part: inout [UInt8]) -> Int {
        part.removeAll(keepingCapacity: true)
        if let kept, let length = kept.longest(text, from: index) {
            part.append(contentsOf: text.part(index, index + length))
            return length
        }
        if let rules, let (rule, length) = rules.longest(text, from: index) {
            rules.write(rule, into: &part)
            return length
        }
        let length = text.scalar(at: index).length
        part.append(contentsOf: text.part(index, index + length))
        return length
    }
}

extension ByteTrie {
    /// How long the longest word is that `text` goes on with at `start`; nil where there is none.
    fileprivate func longest(_ text: Bytes, from start: Int) -> Int? {
        var (node, index, found) = (ByteTrie.root, start, Int?.none)
        while index < text.count {
            node = step(node, text[index])
            if node < 0 { break }
            index += 1
            if id(at: node) >= 0 { found = index - start }
        }
        return found
    }
}
