internal import BraidSupport

/// SentencePiece's unigram model (Kudo, 2018): the tokens whose scores have the largest sum.
struct UnigramModel: TokenModel {
    /// The best way to a byte of the word.
    struct Node {
        var score = 0.0
        /// Where its last token begins; negative while there is no way.
        var start: Int32 = -1
        var token: Int32 = 0
    }

    let name = "Unigram"
    let largestID: Int32
    let count: Int
    private let trie: ByteTrie
    private let scores: [Double]
    private let unknown: Int32
    private let unknownScore: Double
    /// As in BytePairModel.
    private let byteIDs: [Int32]?

    init(_ file: TokenizerFile) throws {
        let settings = file.model
        try settings.allow("vocab", "unk_id", "byte_fallback")
        var builder = ByteTrieBuilder(expecting: file.roomForTokens)
        var scores: [Double] = []
        var lowest = Double.infinity
        var size = VocabularySize(settings.path)
        try file.forEachScore { token, score in
            try size.add(token.count)
            guard scores.count < Int(Int32.max), builder.insert(token, Int32(scores.count)) else {
                throw settings.fault("vocab is too large")
            }
            scores.append(score)
            lowest = min(lowest, score)
        }
        let trie = builder.build()
        unknown = try settings.id("unk_id")
        guard Int(unknown) < scores.count else {
            throw settings.fault("unk_id is \(unknown) but vocab has \(scores.count) tokens")
        }
        byteIDs = try settings.bool("byte_fallback", false) ? BytePairModel.byteIDs(trie) : nil
        // Kudo's penalty of an unknown character.
        unknownScore = lowest - 10
        largestID = Int32(scores.count - 1)
        count = scores.count
        self.scores = scores
        self.trie = trie
    }

    func id(of token: [UInt8]) -> Int32? { trie.id(of: token) }

    func tokenize(_ pieces: Pieces, room: Int, _ scratch: inout ModelScratch, into ids: inout [Int32]) {
        pieces.bytes.withUnsafeBufferPointer { text in
            for piece in pieces.all {
                let word = text.part(piece.start, piece.end)
                let hash = WordCache.hash(word)
                if !scratch.words.append(word, hash, to: &ids) {
                    let before = ids.count
                    findPath(word, &scratch.path)
                    appendPath(word, scratch.path, &scratch.reversed, to: &ids)
                    scratch.words.insert(word, hash, ids[before...])
                }
                if ids.count >= room { break }
            }
        }
    }

    /// Viterbi's search; of equal sums the one found first stays, and sums are added up from the left, as in the reference.
    private func findPath(_ word: Bytes, _ path: inout [Node]) {
        path.removeAll(keepingCapacity: true)
        path.append(contentsOf: repeatElement(Node(), count: word.count + 1))
        path.withUnsafeMutableBufferPointer { path in
            var start = 0
            while start < word.count {
                let scoreHere = path[start].score
                let length = word.scalar(at: start).length
                var hasCharacter = false
                var node = ByteTrie.root
                var end = start
                while end < word.count {
                    node = trie.step(node, word[end])
                    if node < 0 { break }
                    end += 1
                    let token = trie.id(at: node)
                    if token < 0 { continue }
                    let score = scores[Int(token)] + scoreHere
                    if path[end].start < 0 || score > path[end].score {
                        path[end] = Node(score: score, start: Int32(start), token: token)
                    }
                    if end - start == length { hasCharacter = true }
                }
                if !hasCharacter {
                    let score = unknownScore + scoreHere
                    if path[start + length].start < 0 || score > path[start + length].score {
                        path[start + length] = Node(score: score, start: Int32(start), token: unknown)
                    }
                }
                start += length
            }
        }
    }

    /// Unknown tokens side by side are one, which is looked up as a text of its own.
    private func appendPath(_ word: Bytes, _ path: [Node], _ reversed: inout [Int32], to ids: inout [Int32]) {
        reversed.removeAll(keepingCapacity: true)
        var end = word.count
        while end > 0 {
            let node = path[end]
            var start = Int(node.start)
            if node.token != unknown {
                reversed.append(node.token)
            } else {
                while start > 0, path[start].token == unknown { start = Int(path[start].start) }
                appendUnknown(word.part(start, end), to: &reversed)
            }
            end = start
        }
        ids.append(contentsOf: reversed.reversed())
    }

    private func appendUnknown(_ text: Bytes, to reversed: inout [Int32]) {
        if let id = trie.id(of: text) {
            reversed.append(id)
        } else if let byteIDs, text.allSatisfy({ byteIDs[Int($0)] >= 0 }) {
            for byte in text.reversed() { reversed.append(byteIDs[Int(byte)]) }
        } else {
            reversed.append(unknown)
        }
    }
}
