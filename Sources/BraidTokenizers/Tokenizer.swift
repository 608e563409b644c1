public import BraidSupport
public import Foundation

/// Text to token ids, as a Hugging Face `tokenizer.json` says: the ids that the `tokenizers` package 0.23 gives.
///
/// Read once and used from any number of threads at a time.
public final class Tokenizer: Sendable {
    /// An end of a text: where tokens are cut off, or padding is put.
    public enum Side: String, Sendable {
        /// The beginning of the text.
        case left = "Left"
        /// The end of the text.
        case right = "Right"
    }

    /// How many tokens there are, added ones included.
    public let vocabularySize: Int
    /// The largest id of any token. An embedding needs one row more than that.
    public let largestID: Int32
    /// How the file wants a batch of texts padded; nil where it does not say.
    public let padding: Padding?
    /// How the file wants a text cut; nil where it does not say.
    public let truncation: Truncation?
    /// The id to pad with: that of `padding`, else of a token `[PAD]` or `<pad>`, else 0.
    public let padID: Int32
    /// One line for reports: `byte-level BPE, 50257 tokens`.
    public let summary: String

    /// The file, as errors call it.
    package let path: String

    private let normalizer: (any Normalizer)?
    private let preTokenizer: (any PreTokenizer)?
    private let model: any TokenModel
    private let postProcessor: PostProcessor
    private let added: AddedVocabulary
    private let workspaces = WorkspacePool()
    private let growth = Limit.textGrowth.value

    /// Reads a `tokenizer.json`.
    ///
    /// - Parameters:
    ///   - url: The file.
    ///   - lowercase: Whether texts are brought to lower case first, where the file's own normalizers do not.
    /// - Throws: `BraidError` where it is no such file, or says anything that this version does not do.
    public convenience init(_ url: URL, lowercase: Bool = false) throws {
        let file = try TokenizerFile(url)
        try self.init(lowercase ? file.lowercased() : file)
    }

    /// Reads a `vocab.txt`, from which and `tokenizer_config.json` Transformers' BertTokenizer makes WordPiece.
    ///
    /// - Parameters:
    ///   - vocabulary: The file, a token a line.
    ///   - settings: The `tokenizer_config.json`, of which `do_lower_case`, `strip_accents`, `tokenize_chinese_chars` and the special
    ///     tokens count; BERT's own settings hold for what it does not say.
    ///   - lowercase: Whether texts are brought to lower case before anything else.
    /// - Throws: `BraidError` where a file is not what it should be.
    public convenience init(vocabulary: URL, settings: JSONObject, lowercase: Bool = false) throws {
        let file = try TokenizerFile(vocabulary: vocabulary, settings)
        try self.init(lowercase ? file.lowercased() : file)
    }

    /// Splits at spaces, and knows one word: `word` is token 1, all else token 0. For trials of an encoder without its files.
    ///
    /// - Throws: `BraidError` never, unless Braid itself is at fault.
    public static func standIn() throws -> Tokenizer {
        let json = """
            {"added_tokens": [], "normalizer": null, "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": null,
             "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                       "max_input_chars_per_word": 100, "vocab": {"[UNK]": 0, "word": 1}}}
            """
        return try Tokenizer(TokenizerFile(Array(json.utf8), URL(fileURLWithPath: "tokenizer.json")))
    }

    /// Reads a `vocab.json` and a `merges.txt`, from which and `tokenizer_config.json` Transformers makes byte-pair encoding.
    ///
    /// - Parameters:
    ///   - bytePairs: The `vocab.json`.
    ///   - merges: The `merges.txt`.
    ///   - family: Whose files they are.
    ///   - settings: The `tokenizer_config.json`, of which `add_prefix_space` and the special tokens count.
    ///   - lowercase: Whether texts are brought to lower case before anything else.
    /// - Throws: `BraidError` where a file is not what it should be.
    public convenience init(
        bytePairs: URL, merges: URL, family: BytePairFamily, settings: JSONObject, lowercase: Bool = false
    ) throws {
        let file = try TokenizerFile(bytePairs: bytePairs, merges: merges, family, settings)
        try self.init(lowercase ? file.lowercased() : file)
    }

    /// Reads a `.model` of SentencePiece: the ids that the package `sentencepiece` 0.2 gives, moved as the model's family has them.
    ///
    /// - Parameters:
    ///   - sentencePiece: The file.
    ///   - family: What is made of its pieces.
    ///   - settings: The `tokenizer_config.json`, of which the special tokens count, and what the family has beyond them.
    ///   - lowercase: Whether texts are brought to lower case before anything else.
    /// - Throws: `BraidError` where a file is not what it should be, or says anything that this version does not do.
    public convenience init(
        sentencePiece: URL, family: SentencePieceFamily, settings: JSONObject, lowercase: Bool = false
    ) throws {
        let file = try SentencePieceFile(sentencePiece)
        let steps: [any Normalizer] = try (lowercase ? [LowercaseNormalizer()] : []) + family.normalizers(settings)
        let own = try SentencePieceNormalizer(file)
        try self.init(TokenizerFile(file, family, settings), normalizer: NormalizerSequence(steps: steps + [own]))
    }

    /// - Parameter given: What normalises texts in the place of what the file says; nil where it says it.
    init(_ file: TokenizerFile, normalizer given: (any Normalizer)? = nil) throws {
        let root = file.root
        path = root.path
        try root.allow(
            "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model")
        let version = try root.string("version", "1.0")
        guard version == "1.0" else { throw root.fault("version \(version) is not known; this version reads 1.0") }
        normalizer = try given ?? (root.has("normalizer") ? NormalizerReader.read(root.object("normalizer")) : nil)
        preTokenizer = root.has("pre_tokenizer") ? try PreTokenizerReader.read(root.object("pre_tokenizer")) : nil
        model = try ModelReader.read(file, isByteLevel: Self.isByteLevel(root))
        added = try AddedVocabulary(root, model, normalizer)
        postProcessor = root.has("post_processor") ? try PostProcessor(root.object("post_processor")) : PostProcessor()
        truncation = root.has("truncation") ? try Truncation(root.object("truncation")) : nil
        padding = root.has("padding") ? try Padding(root.object("padding")) : nil
        vocabularySize = model.count + added.newCount
        largestID = max(model.largestID, added.largestID)
        let (model, added) = (model, added)
        func id(_ token: String) -> Int32? { added.id(of: token) ?? model.id(of: Array(token.utf8)) }
        padID = padding?.id ?? id("[PAD]") ?? id("<pad>") ?? 0
        summary = "\(model.name), \(vocabularySize) tokens"
    }

    /// The side on which shorter texts of a batch are padded.
    public var paddingDirection: Side { padding?.direction ?? .right }

    /// Whether a special token stands behind every text.
    package var closesTexts: Bool { !postProcessor.after.isEmpty }

    /// How many special tokens stand before a text's own, and how many behind.
    public var specialTokens: (before: Int, after: Int) { (postProcessor.before.count, postProcessor.after.count) }

    /// The special token around texts, or for padding, that has the largest id; a damaged file gives one that no vocabulary has.
    package var largestSpecial: (token: String, id: Int32)? {
        (postProcessor.specials + (padding.map { [($0.token, $0.id)] } ?? [])).max { $0.id < $1.id }
    }

    /// All ids of `text`, with the special tokens around it.
    ///
    /// - Throws: `BraidError` where normalisation makes the text many times as long as it was.
    public func encode(_ text: String) throws(BraidError) -> [Int32] { try encode(text, room: .max) }

    /// At most `limit` ids of `text`, special tokens included.
    ///
    /// The text's own ids are cut, on the side that `truncation` says, so that the special tokens fit too. Those are never cut
    /// themselves, even where there are more than `limit`.
    ///
    /// - Throws: `BraidError` where normalisation makes the text many times as long as it was.
    public func encode(_ text: String, limit: Int) throws(BraidError) -> [Int32] {
        try encode(text, room: max(0, limit - postProcessor.count))
    }

    private func encode(_ text: String, room: Int) throws(BraidError) -> [Int32] {
        var ids = postProcessor.before
        let cutsLeft = truncation?.direction == .left
        let most = room == .max || cutsLeft ? Int.max : ids.count + room
        var text = text
        var fits = true
        workspaces.withWorkspace { (workspace: inout Workspace) in
            text.withUTF8 { bytes in
                added.verbatim.forEachPart(of: bytes) { part in
                    switch part {
                    case .token(let id): ids.append(id)
                    case .text(let start, let end):
                        fits = encode(bytes.part(start, end), isFirst: start == 0, most, &workspace, &ids)
                    }
                    return fits && ids.count < most
                }
            }
        }
        guard fits else { throw grown(text) }
        let count = ids.count - postProcessor.before.count
        if count > room {
            if cutsLeft {
                ids.removeSubrange(postProcessor.before.count..<ids.count - room)
            } else {
                ids.removeLast(count - room)
            }
        }
        ids.append(contentsOf: postProcessor.after)
        return ids
    }

    /// Texts may always become so many bytes.
    private static let unbounded = 100_000

    private func grown(_ text: String) -> BraidError {
        let bound = Limit.textGrowth.value
        return Limit.textGrowth.exceeded(
            "its normalizers make a text of \(text.utf8.count) bytes more than \(bound) times as long", file: path, bound: bound)
    }

    /// Text between added tokens that are found verbatim. False where it becomes longer than texts may.
    private func encode(_ text: Bytes, isFirst: Bool, _ most: Int, _ workspace: inout Workspace, _ ids: inout [Int32]) -> Bool {
        let longest = text.count.multipliedReportingOverflow(by: growth).partialValue &+ Self.unbounded
        let origin = isFirst ? originLength(text) : 0
        var normalized: [UInt8] = []
        swap(&normalized, &workspace.normalized)
        defer { swap(&normalized, &workspace.normalized) }
        normalized.removeAll(keepingCapacity: true)
        if let normalizer {
            normalizer.normalize(text, into: &normalized, most: longest)
            guard normalized.count <= longest else { return false }
        } else {
            normalized.append(contentsOf: text)
        }
        var fits = true
        normalized.withUnsafeBufferPointer { bytes in
            added.normalized.forEachPart(of: bytes) { part in
                switch part {
                case .token(let id): ids.append(id)
                case .text(let start, let end):
                    workspace.pieces.reset(bytes.part(start, end), origin: max(0, origin - start), most: longest)
                    preTokenizer?.preTokenize(&workspace.pieces)
                    fits = workspace.pieces.bytes.count <= longest
                    guard fits else { return false }
                    model.tokenize(workspace.pieces, room: most, &workspace.scratch, into: &ids)
                }
                return ids.count < most
            }
        }
        return fits
    }

    /// How many bytes of the normalised `text` come from its first scalar.
    private func originLength(_ text: Bytes) -> Int {
        guard preTokenizer != nil, text.count > 0 else { return 0 }
        guard let normalizer, text[0] >= 0x80 || text[0] <= 0x20 else { return 1 }
        var output: [UInt8] = []
        var index = 0
        repeat {
            let end = index + text.scalar(at: index).length
            normalizer.normalize(text.part(index, end), into: &output, most: Self.unbounded)
            index = end
        } while output.isEmpty && index < text.count && normalizer.movesOrigin
        return output.count
    }

    /// Whether the model sees the byte alphabet only: the last step before it writes bytes so.
    private static func isByteLevel(_ root: JSONObject) throws -> Bool {
        func last(_ name: String, _ list: String) throws -> String? {
            guard root.has(name) else { return nil }
            let component = try root.object(name)
            guard component.has(list) else { return try component.string("type") }
            return try component.objects(list).last?.string("type")
        }
        if let type = try last("pre_tokenizer", "pretokenizers"), type != "Split" { return type == "ByteLevel" }
        return try last("normalizer", "normalizers") == "ByteLevel"
    }
}
