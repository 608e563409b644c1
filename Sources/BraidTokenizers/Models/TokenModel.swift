internal import BraidSupport

/// Takes words apart into tokens of a vocabulary.
protocol TokenModel: Sendable {
    /// "WordPiece, 30522 tokens" without the number.
    var name: String { get }
    /// How many tokens the model itself has.
    var count: Int { get }
    var largestID: Int32 { get }
    func id(of token: [UInt8]) -> Int32?
    /// Appends the ids of the pieces, one after the other, until there are `room` of them or more.
    func tokenize(_ pieces: Pieces, room: Int, _ scratch: inout ModelScratch, into ids: inout [Int32])
}

/// What models write to while they work, kept from one text to the next.
struct ModelScratch {
    var words = WordCache()
    var symbols = SymbolList()
    var path: [UnigramModel.Node] = []
    var reversed: [Int32] = []
}

/// Reads the model of a `tokenizer.json`.
enum ModelReader {
    static func read(_ file: TokenizerFile, isByteLevel: Bool) throws -> any TokenModel {
        switch try type(of: file) {
        case "BPE": try BytePairModel(file, isByteLevel: isByteLevel)
        case "Unigram": try UnigramModel(file)
        case "WordLevel": try WordLevelModel(file)
        case "WordPiece": try WordPieceModel(file)
        case let type: throw file.model.unknown("model", type, ["BPE", "Unigram", "WordLevel", "WordPiece"])
        }
    }

    /// Older files do not say it; the reference tells by the fields, in this order.
    private static func type(of file: TokenizerFile) throws -> String {
        if file.model.has("type") { return try file.model.string("type") }
        if file.hasMerges { return "BPE" }
        if file.vocabularyIsList { return "Unigram" }
        if file.model.has("max_input_chars_per_word") { return "WordPiece" }
        if file.model.has("unk_token") { return "WordLevel" }
        throw file.model.fault("type is missing; expected BPE, Unigram, WordLevel or WordPiece")
    }

    /// A vocabulary of tokens and ids.
    static func vocabulary(_ file: TokenizerFile) throws -> (trie: ByteTrie, largestID: Int32) {
        var trie = ByteTrieBuilder(expecting: file.roomForTokens)
        var largest: Int32 = 0
        var size = VocabularySize(file.model.path)
        try file.forEachToken { token, id in
            try size.add(token.count)
            guard trie.insert(token, id) else { throw file.model.fault("vocab is too large") }
            largest = max(largest, id)
        }
        guard trie.count > 0 else { throw file.model.fault("vocab must not be empty") }
        return (trie.build(), largest)
    }

    /// The id of the unknown token, which must be in the vocabulary.
    static func unknown(_ file: TokenizerFile, _ trie: ByteTrie, _ token: String) throws -> Int32 {
        guard let id = trie.id(of: Array(token.utf8)) else {
            throw file.model.fault("vocab lacks the unk_token \(token)")
        }
        return id
    }
}
