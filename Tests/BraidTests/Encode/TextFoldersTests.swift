import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Whole folders of newer text encoders, their tokenizers among them, prompts by name and cut embeddings, against sentence-transformers:
/// scripts/references/text_folders.py.
@Suite struct TextFoldersTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let names = try? FileManager.default.contentsOfDirectory(atPath: Fixtures.url("text_folders").path).sorted()

    /// Writes the folder of a case.
    private func write(_ row: JSONObject, of fixture: JSONObject, as name: String) throws -> URL {
        let config = try JSONSerialization.data(withJSONObject: fixture.object("config").fields)
        try folder.write(String(decoding: config, as: UTF8.self), as: "\(name)/config.json")
        try folder.write(row.string("tokenizer", fixture.string("tokenizer")), as: "\(name)/tokenizer.json")
        for (path, content) in try row.object("files").fields {
            let data = try JSONSerialization.data(withJSONObject: content)
            try folder.write(String(decoding: data, as: UTF8.self), as: "\(name)/\(path)")
        }
        let url = folder.url.appendingPathComponent(name)
        let weights = url.appendingPathComponent("model.safetensors")
        try SeededArchitecture.write(SeededArchitecture.entries(fixture.fields["entries"]), to: weights)
        return url
    }

    private func encoder(
        _ url: URL, prompt: String? = nil, truncation: Int? = nil, train: Trainable = .none
    ) throws -> ModalityEncoder {
        let options = EncoderOptions(prompt: prompt, truncation: truncation)
        return try ModalityEncoder(
            .text, .init(encoder: nil, weights: url.path, train: train, options: options), relativeTo: folder.url)
    }

    private func rows(_ name: String) throws -> (JSONObject, [JSONObject]) {
        let fixture = try JSONObject(Fixtures.url("text_folders/\(name)"))
        return (fixture, (fixture.fields["cases"] as? [[String: Any]] ?? []).map { JSONObject($0, path: fixture.path) })
    }

    @Test func thereAreFolders() { #expect(Self.names?.count ?? 0 >= 4) }

    @Test(arguments: names ?? []) func embeddingsAreThoseOfSentenceTransformers(_ name: String) throws {
        let (fixture, cases) = try rows(name)
        let texts = try fixture.strings("texts")
        for (index, row) in cases.enumerated() {
            let note = "\(name), \(try row.string("name"))"
            let url = try write(row, of: fixture, as: "\(index)")
            let options = try row.object("options")
            let prompt = try options.has("prompt") ? options.string("prompt") : nil
            let limit = try options.has("truncate_dim") ? options.int("truncate_dim") : nil
            // Trained ones in evaluation: the form that is not packed.
            for train in [Trainable.none, .all] {
                let encoder = try encoder(url, prompt: prompt, truncation: limit, train: train)
                let ids = try texts.map { try encoder.frontEnd.prepare(.inline($0)) }
                let expected = try #require(row.fields["ids"] as? [[Int]])
                #expect(try ids.map { try $0.array(of: Int64.self).map { Int($0) } } == expected, "\(note)")
                let values = try #require(row.fields["embeddings"] as? [[NSNumber]])
                let wanted = try Tensor(values.flatMap { $0 }.map(\.floatValue), shape: [values.count, values[0].count])
                let embeddings = try withoutGradient { try encoder.encode(ids).pooled }
                #expect(embeddings.shape == wanted.shape && encoder.encoder.dimension == wanted.shape[1], "\(note)")
                let difference = try maxDifference(embeddings, wanted)
                #expect(difference <= 1e-5, "\(note): \(difference)")
                let alone = try withoutGradient { try Tensor.concatenate(ids.map { try encoder.encode([$0]).pooled }, 0) }
                let apart = try maxDifference(alone, wanted)
                #expect(apart <= 1e-5, "\(note), alone: \(apart)")
            }
        }
    }

    @Test func whatIsNotThereIsRefusedByName() throws {
        let (fixture, cases) = try rows("qwen3.json")
        let url = try write(#require(cases.first), of: fixture, as: "folder")
        let unknown = #expect(throws: BraidError.self) { try encoder(url, prompt: "passage") }
        #expect(
            unknown?.description
                == "prompt: passage is not one of \(url.path)/config_sentence_transformers.json's: document, query")
        let large = #expect(throws: BraidError.self) { try encoder(url, truncation: 17) }
        #expect(large?.description == "truncate_dim: 17, but embeddings have 16 values; leave it out")
        #expect(try encoder(url, truncation: 16).encoder.dimension == 16)
        try FileManager.default.removeItem(at: url.appendingPathComponent("config_sentence_transformers.json"))
        let none = #expect(throws: BraidError.self) { try encoder(url, prompt: "query") }
        #expect(none?.description.hasPrefix("prompt: query, but these weights state no prompts") == true)
    }

    /// Both are part of what embeddings are, and of a model's folder.
    @Test func bothAreStoredWithTheModel() throws {
        let (fixture, cases) = try rows("qwen3.json")
        let url = try write(#require(cases.first), of: fixture, as: "folder")
        let chosen = try encoder(url, prompt: "query", truncation: 6)
        #expect(try Set([chosen, encoder(url, prompt: "query"), encoder(url)].map { try $0.fingerprint() }).count == 3)
        let copy = folder.url.appendingPathComponent("copy")
        try chosen.write(to: copy)
        let read = try encoder(copy)
        #expect(read.encoder.dimension == 6 && read.frontEnd.summary == chosen.frontEnd.summary)
        #expect(try read.fingerprint() == chosen.fingerprint())
    }

    @Test func bothAreKeysOfTextsAlone() throws {
        let weights = Fixtures.url("resnet").path
        for key in ["prompt: query", "truncate_dim: 4"] {
            let yaml = "modalities: {image: {weights: \(weights), \(key)}}"
            #expect(throws: BraidError.self) { try Configuration.parse(yaml, file: "c.yaml", folder: Fixtures.root) }
        }
        let options = EncoderOptions(truncation: 4)
        let error = #expect(throws: BraidError.self) {
            try ModalityEncoder(
                .image, .init(encoder: nil, weights: weights, train: .none, options: options), relativeTo: Fixtures.root)
        }
        #expect(error?.description == "modalities.image.truncate_dim acts only on text; leave it out")
    }
}
