import BraidTokenizers
import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Folders without a tokenizer.json: which of their files is read. Ids: `SentencePieceTests` and `VocabularyFileTests`.
@Suite struct SlowTokenizerTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func frontEnd(_ kind: String) throws -> TextFrontEnd {
        let source = EncoderSource(
            scope: Scope(ParameterStore()), config: JSONObject(["model_type": kind], path: "config.json"), folder: folder.url,
            options: EncoderOptions())
        return try TextFrontEnd(source, vocabulary: 40_000, longestText: 64)
    }

    @Test(arguments: [("xlm-roberta", "sentencepiece.bpe.model"), ("albert", "spiece.model"), ("deberta-v2", "spm.model")])
    func piecesAreRead(_ kind: String, _ name: String) throws {
        let file = Fixtures.url("sentence_pieces/unigram.model")
        try FileManager.default.copyItem(at: file, to: folder.url.appendingPathComponent(name))
        let family = try #require(SentencePieceFamily(named: kind))
        let tokenizer = try Tokenizer(sentencePiece: file, family: family, settings: JSONObject([:], path: "settings"))
        let text = "The violinist waits in the rain."
        #expect(try frontEnd(kind).tensor(text).array(of: Int64.self) == tokenizer.encode(text).map(Int64.init))
    }

    @Test func pairsAreRead() throws {
        try folder.write(#"{"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "a": 4, "t": 5, "at": 6}"#, as: "vocab.json")
        try folder.write("#version: 0.2\na t\n", as: "merges.txt")
        #expect(try frontEnd("roberta").tensor("at").array(of: Int64.self) == [0, 6, 2])
    }

    @Test(arguments: [
        ("roberta", " or vocab.json with merges.txt"), ("camembert", " or sentencepiece.bpe.model"), ("bert", " or vocab.txt"),
        ("modernbert", ""),
    ]) func whatIsWantedIsSaid(_ kind: String, _ wanted: String) throws {
        let error = #expect(throws: BraidError.self) { try frontEnd(kind) }
        #expect(error?.description.contains("has no tokenizer.json\(wanted); make one") == true, "\(error?.description ?? "")")
    }
}
