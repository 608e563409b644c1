internal import Foundation
public import Torch

/// A tokenizer, and the longest text its encoder takes.
public struct TextFrontEnd: FrontEnd {
    public let tokenizer: WordPieceTokenizer
    /// Tokens, the special ones included. Longer texts are cut.
    public let maxLength: Int

    /// From a weights folder: `tokenizer.json`, and the length that sentence-transformers or the model gives.
    public init(_ source: EncoderSource, vocabulary: Int, longestText: Int) throws {
        guard let folder = source.folder else {
            throw BraidError(
                .badConfiguration, "a text encoder needs a vocabulary: name a weights folder with a tokenizer.json as encoder")
        }
        tokenizer = try WordPieceTokenizer(folder.appendingPathComponent("tokenizer.json"))
        maxLength = min(
            longestText, try source.file("sentence_bert_config.json")?.int("max_seq_length", longestText) ?? longestText)
        guard tokenizer.largestID < vocabulary else {
            throw source.config.fault(
                "vocab_size is \(vocabulary), but tokenizer.json has ids up to \(tokenizer.largestID): it belongs to another model")
        }
    }

    public var summary: String { "WordPiece, at most \(maxLength) tokens" }

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
        return try tensor(text)
    }

    /// Int64 `[T]`.
    public func tensor(_ text: String) throws -> Tensor {
        let ids = tokenizer.encode(text, limit: maxLength)
        return try Tensor(ids.map(Int64.init), shape: [ids.count])
    }

    public func collate(_ prepared: [Tensor]) throws -> EncoderInput { try padded(prepared, with: Double(tokenizer.padding)) }
}
