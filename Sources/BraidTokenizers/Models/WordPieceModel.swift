internal import BraidSupport

/// BERT's: the longest token first, then the longest continuations; unknown where that gets stuck.
struct WordPieceModel: TokenModel {
    let name = "WordPiece"
    let largestID: Int32
    private let trie: ByteTrie
    private let unknown: Int32
    /// Where the walks of continuations start, after their prefix; negative where there are none.
    private let continuation: Int
    /// In scalars.
    private let maxWordLength: Int

    init(_ file: TokenizerFile) throws {
        let settings = file.model
        try settings.allow("vocab", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word")
        (trie, largestID) = try ModelReader.vocabulary(file)
        unknown = try ModelReader.unknown(file, trie, settings.string("unk_token"))
        let trie = trie
        continuation = try settings.bytes("continuing_subword_prefix").withUnsafeBufferPointer { trie.walk($0) }
        maxWordLength = try settings.int("max_input_chars_per_word")
        guard maxWordLength >= 0 else { throw settings.fault("max_input_chars_per_word must be 0 or more") }
    }

    var count: Int { trie.count }

    func id(of token: [UInt8]) -> Int32? { trie.id(of: token) }

    func tokenize(_ pieces: Pieces, room: Int, _ scratch: inout ModelScratch, into ids: inout [Int32]) {
        pieces.bytes.withUnsafeBufferPointer { text in
            for piece in pieces.all {
                tokenize(text, piece, into: &ids)
                if ids.count >= room { break }
            }
        }
    }

    private func tokenize(_ text: Bytes, _ word: Pieces.Piece, into ids: inout [Int32]) {
        if word.end - word.start > maxWordLength {
            var length = 0
            for byte in text[word.start..<word.end] where byte & 0xC0 != 0x80 { length += 1 }
            if length > maxWordLength { return ids.append(unknown) }
        }
        let before = ids.count
        var start = word.start
        while start < word.end {
            var node = start == word.start ? ByteTrie.root : continuation
            var end = start
            var found: Int32 = -1
            var index = start
            while index < word.end, node >= 0 {
                node = trie.step(node, text[index])
                index += 1
                guard node >= 0 else { break }
                let id = trie.id(at: node)
                if id >= 0 { (found, end) = (id, index) }
            }
            guard found >= 0 else {
                ids.removeLast(ids.count - before)
                return ids.append(unknown)
            }
            ids.append(found)
            start = end
        }
    }
}

/// Whole words only.
struct WordLevelModel: TokenModel {
    let name = "WordLevel"
    let largestID: Int32
    private let trie: ByteTrie
    private let unknown: Int32

    init(_ file: TokenizerFile) throws {
        try file.model.allow("vocab", "unk_token")
        (trie, largestID) = try ModelReader.vocabulary(file)
        unknown = try ModelReader.unknown(file, trie, file.model.string("unk_token"))
    }

    var count: Int { trie.count }

    func id(of token: [UInt8]) -> Int32? { trie.id(of: token) }

    func tokenize(_ pieces: Pieces, room: Int, _ scratch: inout ModelScratch, into ids: inout [Int32]) {
        pieces.bytes.withUnsafeBufferPointer { text in
            for piece in pieces.all { ids.append(trie.id(of: text.part(piece.start, piece.end)) ?? unknown) }
        }
    }
}
