internal import Foundation
public import Torch

/// A tokenizer, and the longest text its encoder takes.
public struct TextFrontEnd: FrontEnd {
    public let tokenizer: WordPieceTokenizer
    /// Tokens, the special ones included. Longer texts are cut.
    public let maxLength: Int

    /// From a weights folder: `tokenizer.json`, and the length that sentence-transformers or the model gives.
    init(folder: URL, maxPositions: Int) throws {
        tokenizer = try WordPieceTokenizer(folder.appendingPathComponent("tokenizer.json"))
        let sentenceSettings = folder.appendingPathComponent("sentence_bert_config.json")
        var limit = maxPositions
        if FileManager.default.fileExists(atPath: sentenceSettings.path) {
            limit = min(limit, try JSONObject(sentenceSettings).int("max_seq_length", maxPositions))
        }
        maxLength = limit
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
