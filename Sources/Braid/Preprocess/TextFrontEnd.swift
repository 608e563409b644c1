internal import BraidHub
public import BraidTokenizers
internal import Foundation
public import Torch

/// A tokenizer, and the longest text its encoder takes.
public struct TextFrontEnd: FrontEnd {
    public let tokenizer: Tokenizer
    /// Tokens, the special ones included. Longer texts are cut.
    public let maxLength: Int

    /// From a weights folder: `tokenizer.json`, and the length that sentence-transformers, the tokenizer or the model gives.
    ///
    /// - Parameters:
    ///   - vocabulary: Rows of the encoder's embedding; no id may be beyond them.
    ///   - longestText: The most tokens the encoder has positions for.
    public init(_ source: EncoderSource, vocabulary: Int, longestText: Int) throws {
        guard let folder = source.folder else {
            throw BraidError(
                .badConfiguration, "a text encoder needs a vocabulary: name a weights folder with a tokenizer.json as encoder")
        }
        let file = folder.appendingPathComponent("tokenizer.json")
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw BraidError(
                .noInput,
                "\(folder.path) has no tokenizer.json; make one with AutoTokenizer.from_pretrained(…).save_pretrained(…) in Transformers"
            )
        }
        tokenizer = try Tokenizer(file)
        maxLength = min(longestText, try Self.statedLength(source) ?? tokenizer.truncation?.maxLength ?? longestText)
        guard maxLength > 0 else { throw source.config.fault("the longest text is of \(maxLength) tokens; it must be 1 or more") }
        guard tokenizer.largestID < vocabulary else {
            throw source.config.fault(
                "vocab_size is \(vocabulary), but tokenizer.json has ids up to \(tokenizer.largestID): it belongs to another model")
        }
    }

    /// What sentence-transformers or the tokenizer's own settings say; nil where they do not. Lengths beyond any text, which
    /// stand for none, are taken as such.
    private static func statedLength(_ source: EncoderSource) throws -> Int? {
        for name in HubFiles.sentenceSettings {
            guard let settings = try source.file(name) else { continue }
            guard try !settings.bool("do_lower_case", false) else {
                throw settings.fault("do_lower_case is true; this version lowers case where tokenizer.json says so only")
            }
            if settings.has("max_seq_length") { return try settings.int("max_seq_length") }
        }
        guard let settings = try source.file("tokenizer_config.json"), settings.has("model_max_length") else { return nil }
        let length = try settings.double("model_max_length")
        guard length >= 1 else { throw settings.fault("model_max_length must be 1 or more") }
        return length < 1e9 ? Int(length) : nil
    }

    public var summary: String { "\(tokenizer.summary), at most \(maxLength) a text" }

    public func prepare(_ sample: Sample) throws -> Tensor {
        let text: String
        switch sample.text {
        case .inline(let inline): text = inline
        case .file(let url):
            guard let data = try? Data(contentsOf: url) else { throw DecodeError(path: url.path, reason: "cannot be read") }
            guard let content = String(validating: data, as: UTF8.self) else {
                throw DecodeError(path: url.path, reason: "is not UTF-8; save it as UTF-8")
            }
            text = content
        case nil: throw BraidError(.internal, "sample \(sample.id) has no text to prepare")
        }
        let ids = try tensor(text)
        guard ids.count > 0 else {
            throw DecodeError(path: "the text", reason: "gives no token with this tokenizer: it is empty, or all of it is removed")
        }
        return ids
    }

    /// Int64 `[T]`.
    public func tensor(_ text: String) throws -> Tensor {
        let ids = tokenizer.encode(text, limit: maxLength)
        return try Tensor(ids.map(Int64.init), shape: [ids.count])
    }

    /// Padded behind, whatever the tokenizer's side: positions count from the first token.
    public func collate(_ prepared: [Tensor]) throws -> EncoderInput { try padded(prepared, with: Double(tokenizer.padID)) }
}
