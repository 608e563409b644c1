import BraidSupport
import Foundation
import TestSupport
import Testing

@testable import BraidTokenizers

/// A vocab.txt alone, against Transformers' BertTokenizer: scripts/references/vocabulary_files.py.
@Suite struct VocabularyFileTests {
    private struct Entry: Decodable {
        let text: String
        let ids: [Int32]
    }

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func idsAreThoseOfTransformers() throws {
        let data = try Data(contentsOf: Fixtures.url("vocabulary_files.json"))
        let rows = try #require(JSONSerialization.jsonObject(with: data) as? [[String: Any]])
        #expect(rows.count == 12)
        for fields in rows {
            let row = JSONObject(fields, path: "vocabulary_files.json")
            let file = try folder.write(vocabulary(row.string("vocabulary")), as: "vocab.txt")
            let settings = try row.object("settings")
            let tokenizer = try Tokenizer(vocabulary: file, settings: settings)
            let expected = try #require(fields["ids"] as? [[Int32]])
            for (text, ids) in try zip(row.strings("texts"), expected) {
                #expect(try tokenizer.encode(text) == ids, "\(settings.fields) \(text.debugDescription)")
            }
        }
    }

    /// The lines themselves, or those of a fixture's tokenizer.json.
    private func vocabulary(_ name: String) throws -> String {
        guard !name.contains("\n") else { return name }
        var lines: [(token: String, id: Int32)] = []
        try TokenizerFile(Fixtures.url("tokenizers/\(name).json")).forEachToken { token, id in
            lines.append((String(decoding: token, as: UTF8.self), id))
        }
        return lines.sorted { $0.id < $1.id }.map(\.token).joined(separator: "\n") + "\n"
    }

    /// A tokenizer.json taken apart into the files that it was made of gives the same ids.
    @Test(arguments: [("roberta", BytePairFamily.roberta), ("gpt2", .gpt2), ("clip", .clip)]) func pairsAreThoseOfTheirFile(
        _ name: String, _ family: BytePairFamily
    ) throws {
        let url = Fixtures.url("tokenizers/\(name).json")
        let whole = try JSONObject(url)
        let model = try whole.object("model")
        let vocabulary = folder.url.appendingPathComponent("vocab.json")
        try JSONSerialization.data(withJSONObject: model.object("vocab").fields).write(to: vocabulary)
        let pairs = try #require(model.fields["merges"] as? [[String]]).map { $0.joined(separator: " ") }
        let merges = try folder.write((["#version: 0.2"] + pairs).joined(separator: "\n") + "\n", as: "merges.txt")
        let added = try whole.objects("added_tokens").map { (try String($0.int("id")), $0.fields as Any) }
        let settings = JSONObject(["added_tokens_decoder": Dictionary(uniqueKeysWithValues: added)], path: "settings")
        let tokenizer = try Tokenizer(bytePairs: vocabulary, merges: merges, family: family, settings: settings)
        let rows: [Entry] = try Fixtures.json("tokenizers/\(name)-ids.json")
        #expect(rows.count > 200)
        for row in rows { #expect(try tokenizer.encode(row.text) == row.ids, "\(row.text.debugDescription)") }
        #expect(BytePairFamily(named: name) == family)
        try Data("[1]".utf8).write(to: vocabulary)
        #expect(throws: BraidError.self) {
            try Tokenizer(bytePairs: vocabulary, merges: merges, family: family, settings: settings)
        }
    }

    /// The texts of WordPieceTests, with the real vocabulary.
    @Test func theVocabularyOfMiniLMNeedsNoMore() throws {
        let settings = try JSONObject(Fixtures.minilm.appendingPathComponent("tokenizer_config.json"))
        let tokenizer = try Tokenizer(vocabulary: Fixtures.minilm.appendingPathComponent("vocab.txt"), settings: settings)
        let entries: [Entry] = try Fixtures.json("wordpiece.json")
        #expect(entries.count > 1000)
        for entry in entries {
            #expect(try tokenizer.encode(entry.text, limit: 256) == entry.ids, "\(entry.text.debugDescription)")
        }
        #expect(tokenizer.summary == "WordPiece, 30522 tokens" && tokenizer.padID == 0)
    }

    @Test(arguments: [
        ("[PAD]\n[CLS]\n[SEP]\na\n", "{}", "{file}: lacks the unk_token [UNK]"),
        ("[UNK]\n[SEP]\n", "{}", "{file}: lacks the cls_token [CLS]"),
        ("", "{}", "{file}: lacks the sep_token [SEP]"),
        ("[UNK]\n[CLS]\n[SEP]\n", #"{"do_lower_case": "no"}"#, "settings: do_lower_case must be true or false"),
        (
            "[UNK]\n[CLS]\n[SEP]\n", #"{"added_tokens_decoder": {"3": 4}}"#,
            "settings: a special token must be a text"
        ),
    ]) func faultyFilesAreRefusedInOneSentence(_ text: String, _ settings: String, _ message: String) throws {
        let file = try folder.write(text, as: "vocab.txt")
        let fields = try #require(JSONSerialization.jsonObject(with: Data(settings.utf8)) as? [String: Any])
        let error = #expect(throws: BraidError.self) {
            try Tokenizer(vocabulary: file, settings: JSONObject(fields, path: "settings"))
        }
        #expect(error?.description == message.replacingOccurrences(of: "{file}", with: file.path))
    }

    @Test func bytesThatAreNoTextAreRefused() throws {
        let file = folder.url.appendingPathComponent("vocab.txt")
        try Data([0xFF, 0xFE, 0x41, 0x0A]).write(to: file)
        let error = #expect(throws: BraidError.self) {
            try Tokenizer(vocabulary: file, settings: JSONObject([:], path: "settings"))
        }
        #expect(error?.description == "\(file.path): is not UTF-8; a vocab.txt is")
    }
}
