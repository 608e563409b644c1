internal import BraidSupport

/// Byte-pair encoding (Sennrich et al., 2016): a word's characters, the pair of the lowest rank merged again and again.
struct BytePairModel: TokenModel {
    let name: String
    let largestID: Int32
    private let trie: ByteTrie
    private let merges: MergeTable
    private let unknown: Int32?
    private let fusesUnknown: Bool
    /// The ids of `<0x00>` and on, -1 where one is lacking; nil where unknown characters are not written as bytes.
    private let byteIDs: [Int32]?
    private let prefix: [UInt8]
    private let suffix: [UInt8]
    private let ignoresMerges: Bool

    /// `isByteLevel` says that the model sees the 256 characters of the byte alphabet and no others.
    init(_ file: TokenizerFile, isByteLevel: Bool) throws {
        let settings = file.model
        try settings.allow(
            "vocab", "merges", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk",
            "byte_fallback", "ignore_merges")
        guard try settings.double("dropout", 0) == 0 else {
            throw settings.fault("dropout must be null: ids are not drawn by chance")
        }
        (trie, largestID) = try ModelReader.vocabulary(file)
        prefix = try settings.shortBytes("continuing_subword_prefix", "")
        suffix = try settings.shortBytes("end_of_word_suffix", "")
        fusesUnknown = try settings.bool("fuse_unk", false)
        ignoresMerges = try settings.bool("ignore_merges", false)
        let trie = trie
        byteIDs = try settings.bool("byte_fallback", false) ? Self.byteIDs(trie) : nil
        name = isByteLevel ? "byte-level BPE" : "BPE"
        let needsUnknown = !isByteLevel || !prefix.isEmpty || !suffix.isEmpty || !Self.hasAlphabet(trie)
        if settings.has("unk_token"), needsUnknown {
            unknown = try ModelReader.unknown(file, trie, settings.string("unk_token"))
        } else {
            unknown = nil
        }
        merges = try MergeTable(file, trie, prefixLength: prefix.count)
    }

    var count: Int { trie.count }

    func id(of token: [UInt8]) -> Int32? { trie.id(of: token) }

    func tokenize(_ pieces: Pieces, room: Int, _ scratch: inout ModelScratch, into ids: inout [Int32]) {
        pieces.bytes.withUnsafeBufferPointer { text in
            for piece in pieces.all {
                let word = text.part(piece.start, piece.end)
                let hash = WordCache.hash(word)
                if !scratch.words.append(word, hash, to: &ids) {
                    let before = ids.count
                    tokenize(word, &scratch.symbols, into: &ids)
                    scratch.words.insert(word, hash, ids[before...])
                }
                if ids.count >= room { break }
            }
        }
    }

    private func tokenize(_ word: Bytes, _ symbols: inout SymbolList, into ids: inout [Int32]) {
        if ignoresMerges, let id = trie.id(of: word) { return ids.append(id) }
        symbols.removeAll()
        var pending: Int32?
        var index = 0
        while index < word.count {
            let end = index + word.scalar(at: index).length
            let character = word.part(index, end)
            let (isFirst, isLast) = (index == 0, end == word.count)
            index = end
            if let id = id(of: character, isFirst, isLast) {
                if let unknown = pending { symbols.append(unknown) }
                pending = nil
                symbols.append(id)
            } else if !appendBytes(of: character, isFirst, isLast, &symbols), let unknown {
                if pending != nil && !fusesUnknown { symbols.append(unknown) }
                pending = unknown
            }
        }
        if let unknown = pending { symbols.append(unknown) }
        symbols.merge(merges)
        symbols.forEach { ids.append($0) }
    }

    @inline(__always)
    private func id(of character: Bytes, _ isFirst: Bool, _ isLast: Bool) -> Int32? {
        var node = ByteTrie.root
        if !isFirst, !prefix.isEmpty { node = prefix.withUnsafeBufferPointer { trie.walk($0) } }
        if node >= 0 { node = trie.walk(character, from: node) }
        if node >= 0, isLast, !suffix.isEmpty {
            let before = node
            node = suffix.withUnsafeBufferPointer { trie.walk($0, from: before) }
        }
        guard node >= 0 else { return nil }
        let id = trie.id(at: node)
        return id >= 0 ? id : nil
    }

    /// The character, with the prefix and the suffix it would have, as bytes. An unknown one before it stays pending, as in
    /// the reference.
    private func appendBytes(of character: Bytes, _ isFirst: Bool, _ isLast: Bool, _ symbols: inout SymbolList) -> Bool {
        guard let byteIDs else { return false }
        let bytes = (isFirst ? [] : prefix) + Array(character) + (isLast ? suffix : [])
        guard bytes.allSatisfy({ byteIDs[Int($0)] >= 0 }) else { return false }
        for byte in bytes { symbols.append(byteIDs[Int(byte)]) }
        return true
    }

    static func byteIDs(_ trie: ByteTrie) -> [Int32] {
        let digits = Array("0123456789ABCDEF".utf8)
        return (0..<256).map { trie.id(of: Array("<0x".utf8) + [digits[$0 >> 4], digits[$0 & 15]] + Array(">".utf8)) ?? -1 }
    }

    private static func hasAlphabet(_ trie: ByteTrie) -> Bool {
        (UInt8.min...UInt8.max).allSatisfy { byte in
            var character: [UInt8] = []
            ByteAlphabet.append(byte, to: &character)
            return trie.id(of: character) != nil
        }
    }
}
