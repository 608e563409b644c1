internal import BraidSupport

/// A token that is found in the text itself, before the model sees any of it.
struct AddedToken: Sendable {
    let content: [UInt8]
    /// Not inside a word.
    let isSingleWord: Bool
    /// Takes the white space before it.
    let stripsLeft: Bool
    /// Takes the white space behind it.
    let stripsRight: Bool
    /// Found in normalised text, as its own content normalised.
    let isNormalized: Bool

    init(_ settings: JSONObject) throws {
        // The reference gives ids by itself: see AddedVocabulary.
        _ = try settings.id("id")
        try settings.allow("id", "content", "single_word", "lstrip", "rstrip", "normalized", "special")
        content = try settings.shortBytes("content")
        isSingleWord = try settings.bool("single_word")
        stripsLeft = try settings.bool("lstrip")
        stripsRight = try settings.bool("rstrip")
        isNormalized = try settings.bool("normalized")
        // Tells decoders what to leave out.
        _ = try settings.bool("special")
    }
}

/// The added tokens that are found in text as it is, or those that are found in normalised text.
struct AddedTokenFinder: Sendable {
    /// A stretch of text: an added token, or what lies between two.
    enum Part {
        case token(Int32)
        case text(Int, Int)
    }

    /// Each content's index in `tokens`.
    private let trie: ByteTrie
    private let tokens: [(token: AddedToken, id: Int32)]
    /// The bytes that some content begins with.
    private let isFirst: [Bool]

    /// `contents` are what is looked for, no two equal and none empty.
    init(_ tokens: [(token: AddedToken, id: Int32)], contents: [[UInt8]]) {
        var builder = ByteTrieBuilder()
        var isFirst = [Bool](repeating: false, count: 256)
        for (index, content) in contents.enumerated() {
            isFirst[Int(content[0])] = true
            _ = content.withUnsafeBufferPointer { builder.insert($0, Int32(index)) }
        }
        trie = builder.build()
        self.tokens = tokens
        self.isFirst = isFirst
    }

    /// Gives the parts of `text` in order, until `body` returns false: of tokens at one place the longest, and none overlapping.
    func forEachPart(of text: Bytes, _ body: (Part) -> Bool) {
        var end = 0
        var index = tokens.isEmpty ? text.count : 0
        while index < text.count {
            guard isFirst[Int(text[index])], let (found, length) = longest(text, at: index) else {
                index += 1
                continue
            }
            var (start, stop) = (index, index + length)
            index = stop
            let (token, id) = tokens[found]
            if token.isSingleWord && (isWord(text, before: start) || isWord(text, at: stop)) { continue }
            if token.stripsLeft {
                while start > end, isSpace(text.scalar(before: start).value) { start -= text.scalar(before: start).length }
            }
            if token.stripsRight {
                // Up to where the token before has stripped there is nothing else.
                stop = max(stop, end)
                while stop < text.count, isSpace(text.scalar(at: stop).value) { stop += text.scalar(at: stop).length }
            }
            if end < start, !body(.text(end, start)) { return }
            if !body(.token(id)) { return }
            end = stop
        }
        if end < text.count { _ = body(.text(end, text.count)) }
    }

    private func longest(_ text: Bytes, at start: Int) -> (index: Int, length: Int)? {
        var node = ByteTrie.root
        var index = start
        var found: (index: Int, length: Int)?
        while index < text.count {
            node = trie.step(node, text[index])
            if node < 0 { break }
            index += 1
            if trie.id(at: node) >= 0 { found = (Int(trie.id(at: node)), index - start) }
        }
        return found
    }

    private func isSpace(_ scalar: UInt32) -> Bool { UnicodeTables.shared.traits(scalar).contains(.space) }

    private func isWord(_ text: Bytes, before index: Int) -> Bool {
        index > 0 && UnicodeTables.shared.traits(text.scalar(before: index).value).contains(.word)
    }

    private func isWord(_ text: Bytes, at index: Int) -> Bool {
        index < text.count && UnicodeTables.shared.traits(text.scalar(at: index).value).contains(.word)
    }
}
