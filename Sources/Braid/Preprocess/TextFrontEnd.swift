internal import BraidHub
public import BraidTokenizers
internal import Foundation
public import Torch

/// Turns texts into token ids, no more of them than the encoder takes.
public struct TextFrontEnd: FrontEnd {
    /// What splits a text into tokens and numbers them.
    public let tokenizer: Tokenizer
    /// The most tokens of a text, the special ones included; longer texts are cut.
    public let maxLength: Int

    /// What stands in front of every text, within the same `maxLength` tokens: sentence-transformers' default prompt.
    public let prompt: String
    /// How many tokens of each text are the prompt's, the special ones before it included; 0 where there is no prompt.
    let promptLength: Int
    /// How many tokens every text is filled up to, with padding that the encoder takes for tokens like others; nil where texts keep their lengths.
    var filledLength: Int?

    /// Reads `tokenizer.json` of a weights folder, BERT's `vocab.txt` a `.model` of SentencePiece, or `vocab.json` and `merges.txt`, and the longest text that its settings state.
    ///
    /// The prompt is the one that `config_sentence_transformers.json` names as the default. The length is sentence-transformers' `max_seq_length`, else the tokenizer's `model_max_length`, else what `tokenizer.json`
    /// cuts at, and at most `longestText`.
    ///
    /// - Parameters:
    ///   - source: What the encoder is built from; its folder is the one that is read.
    ///   - vocabulary: Rows of the encoder's embedding; no id may be beyond them.
    ///   - longestText: The most tokens the encoder has positions for.
    /// - Throws: `BraidError` where there is no tokenizer, or its ids are beyond the vocabulary; the tokenizer's error where
    ///   `tokenizer.json` says what this version does not do.
    public init(_ source: EncoderSource, vocabulary: Int, longestText: Int) throws {
        let sentences = try Self.sentenceSettings(source)
        if let folder = source.folder {
            tokenizer = try Self.tokenizer(source, in: folder, lowercase: sentences?.bool("do_lower_case", false) ?? false)
        } else if source.isOutline {
            tokenizer = try .standIn()
        } else {
            throw BraidError(
                .badConfiguration, "a text encoder needs a vocabulary: name a weights folder with a tokenizer.json as encoder")
        }
        maxLength = min(longestText, try Self.statedLength(source, sentences) ?? tokenizer.truncation?.maxLength ?? longestText)
        guard maxLength > 0 else { throw source.config.fault("the longest text is of \(maxLength) tokens; it must be 1 or more") }
        guard tokenizer.largestID < vocabulary else {
            throw source.config.fault(
                "vocab_size is \(vocabulary), but the tokenizer has ids up to \(tokenizer.largestID): it belongs to another model")
        }
        if let (token, id) = tokenizer.largestSpecial, id >= vocabulary {
            throw BraidError(
                .badData,
                "\(tokenizer.path): gives the special token \(token) the id \(id), but \(source.config.path) has a vocab_size of \(vocabulary): ids go from 0 to \(vocabulary - 1)"
            )
        }
        prompt = try source.prompt()
        // As the reference counts them: without a special token at the end.
        let alone = prompt.isEmpty ? 0 : try tokenizer.encode(prompt, limit: maxLength).count
        promptLength = alone > 0 && tokenizer.closesTexts ? alone - 1 : alone
    }

    private static func tokenizer(_ source: EncoderSource, in folder: URL, lowercase: Bool) throws -> Tokenizer {
        let file = folder.appendingPathComponent("tokenizer.json")
        if FileManager.default.fileExists(atPath: file.path) { return try Tokenizer(file, lowercase: lowercase) }
        let vocabulary = folder.appendingPathComponent("vocab.txt")
        let settings = try source.file("tokenizer_config.json") ?? JSONObject([:], path: vocabulary.path)
        // The class names it; else the model, as in AutoTokenizer.
        let kind = try settings.has("tokenizer_class") ? settings.string("tokenizer_class") : source.config.string("model_type", "")
        let pieces = HubFiles.sentencePieces.map(folder.appendingPathComponent).first { exists($0) }
        if let pieces, let family = SentencePieceFamily(named: kind) {
            return try Tokenizer(sentencePiece: pieces, family: family, settings: settings, lowercase: lowercase)
        }
        let pairs = (vocabulary: folder.appendingPathComponent("vocab.json"), merges: folder.appendingPathComponent("merges.txt"))
        if exists(pairs.vocabulary), exists(pairs.merges), let family = BytePairFamily(named: kind) {
            return try Tokenizer(
                bytePairs: pairs.vocabulary, merges: pairs.merges, family: family, settings: settings, lowercase: lowercase)
        }
        guard exists(vocabulary), bertKinds.contains(kind) else {
            throw BraidError(
                .noInput,
                "\(folder.path) has no tokenizer.json\(substitute(kind)); make one with AutoTokenizer.from_pretrained(…).save_pretrained(…) in Transformers"
            )
        }
        return try Tokenizer(vocabulary: vocabulary, settings: settings, lowercase: lowercase)
    }

    /// What would stand for a tokenizer.json in a folder of this kind.
    private static func substitute(_ kind: String) -> String {
        if bertKinds.contains(kind) { return " or vocab.txt" }
        if BytePairFamily(named: kind) != nil { return " or vocab.json with merges.txt" }
        return SentencePieceFamily(named: kind) == nil ? "" : " or \(HubFiles.sentencePieces[0])"
    }

    /// Tokenizers that are BERT's by another name.
    private static let bertKinds: Set<String> = [
        "bert", "distilbert", "electra", "BertTokenizer", "BertTokenizerFast", "DistilBertTokenizer", "DistilBertTokenizerFast",
        "ElectraTokenizer", "ElectraTokenizerFast",
    ]

    private static func exists(_ file: URL) -> Bool { FileManager.default.fileExists(atPath: file.path) }

    /// The Transformer module's settings of sentence-transformers: the first of its files that says something.
    private static func sentenceSettings(_ source: EncoderSource) throws -> JSONObject? {
        for name in HubFiles.sentenceSettings {
            if let settings = try source.file(name), !settings.fields.isEmpty { return settings }
        }
        return nil
    }

    /// What sentence-transformers or the tokenizer's own settings say; nil where they do not. Lengths beyond any text, which
    /// stand for none, are taken as such.
    private static func statedLength(_ source: EncoderSource, _ sentences: JSONObject?) throws -> Int? {
        if let sentences, sentences.has("max_seq_length") { return try sentences.int("max_seq_length") }
        guard let settings = try source.file("tokenizer_config.json"), settings.has("model_max_length") else { return nil }
        let length = try settings.double("model_max_length")
        guard length >= 1 else { throw settings.fault("model_max_length must be 1 or more") }
        return length < 1e9 ? Int(length) : nil
    }

    /// The tokenizer, the most tokens of a text and the prompt, in a line.
    public var summary: String {
        "\(tokenizer.summary), \(filledLength == nil ? "at most" : "always") \(maxLength) a text"
            + (prompt.isEmpty ? "" : ", each behind \(prompt.debugDescription)")
    }

    /// The most tokens of a text.
    public var inputSize: String { "\(maxLength) tokens" }

    /// Reads a sample's text and gives its token ids, int64 `[T]`.
    ///
    /// - Throws: `DecodeError` where a file cannot be read or is not UTF-8, or where the text gives no token; `BraidError` where
    ///   the sample has no text.
    public func prepare(_ medium: Medium) throws -> Tensor {
        let ids = try tensor(medium.text())
        guard ids.count > 0 else {
            throw DecodeError(path: "the text", reason: "gives no token with this tokenizer: it is empty, or all of it is removed")
        }
        return ids
    }

    /// The token ids of the prompt and a text, int64 `[T]`, T at most `maxLength`.
    ///
    /// - Throws: `TorchError` where libtorch fails.
    public func tensor(_ text: String) throws -> Tensor {
        var ids = try tokenizer.encode(prompt + seen(of: text), limit: maxLength)
        if let filledLength, !ids.isEmpty {
            ids += Array(repeating: tokenizer.padID, count: max(0, filledLength - ids.count))
        }
        return try Tensor(ids.map(Int64.init), shape: [ids.count])
    }

    /// What of a text is tokenized: of a very long one the end that tokens are not cut from.
    private func seen(of text: String) -> String {
        let most = Limit.textCharacters.value
        guard text.utf8.count > most else { return text }
        let scalars = text.unicodeScalars
        let isCutInFront = tokenizer.truncation?.direction == .left
        return String(String.UnicodeScalarView(isCutInFront ? scalars.suffix(most) : scalars.prefix(most)))
    }

    /// Puts token ids `[T]` into one batch, int64 `[B, T]`, padded behind, with the mask of what is real.
    ///
    /// Padding stands behind whatever the tokenizer's settings say: positions count from the first token.
    ///
    /// - Throws: `TorchError` where the tensors do not have one dimension.
    public func collate(_ prepared: [Tensor]) throws -> EncoderInput { try padded(prepared, with: Double(tokenizer.padID)) }
}
