import BraidSupport
import Foundation
import TestSupport
import Testing

@testable import BraidTokenizers

/// `.model` files of SentencePiece against the package sentencepiece: scripts/references/sentence_pieces.py.
@Suite struct SentencePieceTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    static func cases(_ url: URL) throws -> (rows: [JSONObject], texts: [String]) {
        let root = try JSONObject(url)
        return (try root.objects("rows"), try root.strings("texts"))
    }

    static func tokenizer(_ row: JSONObject) throws -> Tokenizer {
        let file = try Fixtures.url("sentence_pieces/\(row.string("model")).model")
        let family = try SentencePieceFamily(named: row.string("family")) ?? .plain
        return try Tokenizer(sentencePiece: file, family: family, settings: row.object("settings"))
    }

    @Test func idsAreThoseOfThePackage() throws {
        let (rows, texts) = try Self.cases(Fixtures.url("sentence_pieces/ids.json"))
        #expect(rows.count == 10 && texts.count > 100)
        for row in rows {
            let tokenizer = try Self.tokenizer(row)
            let expected = try #require(row.fields["ids"] as? [[Int32]])
            for (text, ids) in zip(texts, expected) {
                let (model, family) = try (row.string("model"), row.string("family"))
                #expect(try tokenizer.encode(text) == ids, "\(model) \(family): \(text.debugDescription)")
            }
        }
    }

    @Test func specialTokensAreFoundAndPaddingIsKnown() throws {
        let file = Fixtures.url("sentence_pieces/unigram.model")
        let none = JSONObject([:], path: "settings")
        let roberta = try Tokenizer(sentencePiece: file, family: .xlmRoberta, settings: none)
        #expect(try roberta.padID == 1 && roberta.encode("").map(Int.init) == [0, 2])
        let mask = Int32(roberta.vocabularySize - 1)
        #expect(try roberta.encode("<mask>") == [0, mask, 2] && roberta.largestID == mask)
        #expect(try roberta.encode("waits", limit: 3).count == 3)
        let lower = try Tokenizer(sentencePiece: file, family: .deberta, settings: none, lowercase: true)
        #expect(try lower.encode("WAITS") == lower.encode("waits"))
        let other = JSONObject(["cls_token": "[MASK]"], path: "settings")
        let moved = try Tokenizer(sentencePiece: file, family: .deberta, settings: other)
        #expect(try moved.encode("waits").first == lower.encode("[MASK]")[1])
    }

    /// Of a damaged file there is an error, wherever it is damaged.
    @Test func damagedFilesAreRefused() throws {
        let whole = try Data(contentsOf: Fixtures.url("sentence_pieces/bpe.model"))
        let none = JSONObject([:], path: "settings")
        func open(_ data: Data) throws -> Tokenizer {
            let file = folder.url.appendingPathComponent("spm.model")
            try data.write(to: file)
            return try Tokenizer(sentencePiece: file, family: .plain, settings: none)
        }
        #expect(throws: BraidError.self) { try open(Data()) }
        #expect(throws: BraidError.self) { try open(Data("no model at all".utf8)) }
        let cut = #expect(throws: BraidError.self) { try open(whole.prefix(4001)) }
        #expect(cut?.description.contains("spm.model: is not a model of SentencePiece: expected") == true)
        // No byte may stop the process; in the larger file most of them are rewriting rules.
        let rules = try Data(contentsOf: Fixtures.url("sentence_pieces/unigram.model"))
        for (file, step) in [(whole, 61), (rules, 9973)] {
            for place in stride(from: 0, to: file.count, by: step) {
                var damaged = file
                damaged[place] ^= 0xFF
                _ = try? open(damaged).encode("the violinist waits 12,5 ½ ﬁ")
            }
        }
    }

    @Test(arguments: [
        ([UInt8(0x18), 4], "model_type is 4; this version has 1 (unigram) and 2 (BPE)"),
        ([0xC0, 0x01, 1], "treat_whitespace_as_suffix is true"),
    ]) func otherFormsAreRefused(_ trainer: [UInt8], _ message: String) throws {
        var data = try Data(contentsOf: Fixtures.url("sentence_pieces/bpe.model"))
        data += [0x12, UInt8(trainer.count)] + trainer
        let file = folder.url.appendingPathComponent("spm.model")
        try data.write(to: file)
        let error = #expect(throws: BraidError.self) {
            try Tokenizer(sentencePiece: file, family: .plain, settings: JSONObject([:], path: "settings"))
        }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }
}
