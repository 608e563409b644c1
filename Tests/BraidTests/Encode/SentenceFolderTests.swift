import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Whole folders, and what sentence-transformers makes of texts with them: scripts/references/sentence_folders.py.
@Suite struct SentenceFolderTests {
    private let fixture: JSONObject
    private let cases: [JSONObject]
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        fixture = try JSONObject(Fixtures.url("sentence_folders.json"))
        cases = Self.cases(fixture)
    }

    private static func cases(_ fixture: JSONObject) -> [JSONObject] {
        (fixture.fields["cases"] as? [[String: Any]] ?? []).map { JSONObject($0, path: fixture.path) }
    }

    /// Writes the case's folder under a name.
    private func write(_ row: JSONObject, of other: JSONObject? = nil, as name: String) throws -> URL {
        let fixture = other ?? self.fixture
        let part = try row.string("part")
        let place = part.isEmpty ? name : "\(name)/\(part)"
        let config = try JSONSerialization.data(withJSONObject: fixture.object("config").fields)
        try folder.write(String(decoding: config, as: UTF8.self), as: "\(place)/config.json")
        try folder.write(fixture.string("tokenizer"), as: "\(place)/tokenizer.json")
        for (path, content) in try row.object("files").fields {
            let data = try JSONSerialization.data(withJSONObject: content)
            try folder.write(String(decoding: data, as: UTF8.self), as: "\(name)/\(path)")
        }
        let weights = folder.url.appendingPathComponent("\(place)/model.safetensors")
        try SeededArchitecture.write(SeededArchitecture.entries(fixture.fields["entries"]), to: weights)
        return folder.url.appendingPathComponent(name)
    }

    private func encoder(_ url: URL, train: Trainable = .none) throws -> ModalityEncoder {
        try ModalityEncoder(.text, .init(encoder: nil, weights: url.path, train: train), relativeTo: folder.url)
    }

    private func compare(
        _ encoder: ModalityEncoder, with row: JSONObject, of other: JSONObject? = nil, _ note: String
    ) throws {
        let texts = try (other ?? fixture).strings("texts")
        let ids = try texts.map { try encoder.frontEnd.prepare(.inline($0)) }
        let expected = try #require(row.fields["ids"] as? [[Int]])
        #expect(try ids.map { try $0.array(of: Int64.self).map { Int($0) } } == expected, "\(note)")
        let rows = try #require(row.fields["embeddings"] as? [[NSNumber]])
        let wanted = try Tensor(rows.flatMap { $0 }.map(\.floatValue), shape: [rows.count, rows[0].count])
        let embeddings = try withoutGradient { try encoder.encode(ids).pooled }
        let difference = try maxDifference(embeddings, wanted)
        #expect(difference <= 1e-5, "\(note): \(difference)")
    }

    @Test func embeddingsAreThoseOfSentenceTransformers() throws {
        #expect(cases.count == 11)
        for (index, row) in cases.enumerated() {
            let url = try write(row, as: "\(index)")
            try compare(encoder(url), with: row, row.string("name"))
        }
    }

    /// CamemBERT is RoBERTa with another tokenizer: WhitespaceSplit, Metaspace and Unigram.
    @Test func camemBERTIsRead() throws {
        let fixture = try JSONObject(Fixtures.url("camembert_folder.json"))
        let rows = Self.cases(fixture)
        #expect(rows.count == 2)
        for (index, row) in rows.enumerated() {
            let url = try write(row, of: fixture, as: "\(index)")
            let encoder = try encoder(url)
            #expect(encoder.architecture == "camembert")
            try compare(encoder, with: row, of: fixture, row.string("name"))
            try FileManager.default.removeItem(at: url.appendingPathComponent("tokenizer.json"))
            let error = #expect(throws: BraidError.self) { try self.encoder(url) }
            #expect(
                error?.description
                    == "\(url.path) has no tokenizer.json or sentencepiece.bpe.model; make one with AutoTokenizer.from_pretrained(…).save_pretrained(…) in Transformers"
            )
        }
    }

    /// No advice leads to the error that it came from.
    @Test func anArchitectureThatIsNotThereHasNoOtherName() throws {
        let url = try write(#require(cases.last), as: "source")
        try folder.write(#"{"model_type": "funnel"}"#, as: "source/0_Transformer/config.json")
        let known = "braid models list shows all \(EncoderRegistry.names(for: .text).count) for text"
        let error = #expect(throws: BraidError.self) { try encoder(url) }
        #expect(
            error?.description.hasPrefix("\(url.path)/0_Transformer/config.json: funnel is not an architecture for text") == true)
        let named = #expect(throws: BraidError.self) {
            try ModalityEncoder(.text, .init(encoder: "bert", weights: url.path, train: .none), relativeTo: folder.url)
        }
        #expect(
            named?.description
                == "modalities.text.encoder is bert, but \(url.path)/0_Transformer/config.json says funnel, which this version does not have; name other weights. \(known)"
        )
        let info = #expect(throws: BraidError.self) {
            try ModelInfo(url.path, modality: nil, encoder: nil, relativeTo: folder.url)
        }
        #expect(info?.description.contains("the architecture funnel is not known; braid models list shows all ") == true)
        #expect(info?.description.contains("--encoder") == false)
    }

    /// A model that was made from such a folder has it whole, and once.
    @Test func foldersInPartsAreWrittenInParts() throws {
        let row = try #require(cases.first)
        let url = try write(row, as: "source")
        for train in [Trainable.none, .last(1)] {
            let copy = folder.url.appendingPathComponent("copy-\(train)")
            try encoder(url, train: train).write(to: copy)
            let names = FileManager.default.enumerator(atPath: copy.path)?.compactMap { $0 as? String } ?? []
            #expect(
                names.filter { $0.contains(".") }.sorted() == [
                    "0_Transformer/config.json", "0_Transformer/model.safetensors", "0_Transformer/sentence_bert_config.json",
                    "0_Transformer/tokenizer.json", "1_Pooling/config.json", "braid.json", "modules.json",
                ])
            try compare(encoder(copy), with: row, "\(train)")
            // Embeddings of the source, kept in the cache, are those of a copy that was not trained.
            if train == .none { #expect(try encoder(copy).fingerprint() == encoder(url).fingerprint()) }
        }
    }

    @Test func theModulesSettingsArePartOfTheFingerprint() throws {
        let row = try #require(cases.first)
        let url = try write(row, as: "source")
        let before = try #require(try encoder(url).fingerprint())
        for (name, text) in [
            ("0_Transformer/sentence_bert_config.json", #"{"max_seq_length": 8}"#),
            ("1_Pooling/config.json", #"{"pooling_mode_max_tokens": true}"#),
            ("config_sentence_transformers.json", #"{"prompts": {"query": "q: "}, "default_prompt_name": "query"}"#),
        ] {
            let file = url.appendingPathComponent(name)
            let own = try? Data(contentsOf: file)
            try folder.write(text, as: "source/\(name)")
            #expect(try encoder(url).fingerprint() != before, "\(name)")
            if let own { try own.write(to: file) } else { try FileManager.default.removeItem(at: file) }
            #expect(try encoder(url).fingerprint() == before, "\(name)")
        }
    }

    @Test func theDefaultPromptIsNamed() throws {
        let row = try #require(cases.first { try $0.string("name") == "a default prompt" })
        let url = try write(row, as: "source")
        #expect(try encoder(url).frontEnd.summary == #"WordPiece, 63 tokens, at most 40 a text, each behind "query: ""#)
        try folder.write(
            #"{"prompts": {"passage": "passage: "}, "default_prompt_name": "retrieval"}"#,
            as: "source/config_sentence_transformers.json")
        let error = #expect(throws: BraidError.self) { try encoder(url) }
        #expect(
            error?.description
                == "\(url.path)/config_sentence_transformers.json: default_prompt_name retrieval is not one of prompts: document, passage, query"
        )
    }

    /// The fixture's tokenizer.json is what its vocabulary alone comes to.
    @Test func aVocabularyIsEnoughForBert() throws {
        let tokenizer = try #require(
            JSONSerialization.jsonObject(with: Data(fixture.string("tokenizer").utf8)) as? [String: Any])
        let vocabulary = try JSONObject(tokenizer, path: "tokenizer").object("model").object("vocab").fields
        let lines = vocabulary.sorted { ($0.value as? Int ?? 0) < ($1.value as? Int ?? 0) }.map(\.key)
        for (index, row) in cases.enumerated() {
            let url = try write(row, as: "\(index)")
            let place = try url.appendingPathComponent(row.string("part"))
            try FileManager.default.removeItem(at: place.appendingPathComponent("tokenizer.json"))
            try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: place.appendingPathComponent("vocab.txt"))
            let settings = place.appendingPathComponent("tokenizer_config.json")
            try Data(#"{"do_lower_case": false}"#.utf8).write(to: settings)
            try compare(encoder(url), with: row, row.string("name"))
            try Data(#"{"tokenizer_class": "BertJapaneseTokenizer"}"#.utf8).write(to: settings)
            let error = #expect(throws: BraidError.self) { try encoder(url) }
            #expect(
                error?.description
                    == "\(place.path) has no tokenizer.json; make one with AutoTokenizer.from_pretrained(…).save_pretrained(…) in Transformers"
            )
        }
    }

    @Test func aPartThatIsNotThereIsNamed() throws {
        let url = try write(#require(cases.first), as: "source")
        try FileManager.default.removeItem(at: url.appendingPathComponent("0_Transformer"))
        let error = #expect(throws: BraidError.self) { try encoder(url) }
        #expect(error?.description == "weights \(url.path)/0_Transformer: no such folder, or one that cannot be read")
        try folder.write(
            #"[{"path": "../0_Transformer", "type": "sentence_transformers.models.Transformer"}]"#, as: "source/modules.json")
        let outside = #expect(throws: BraidError.self) { try encoder(url) }
        #expect(outside?.description == "\(url.path)/modules.json: the path ../0_Transformer leaves the folder")
    }
}
