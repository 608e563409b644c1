import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Folders of sentence-transformers, and what it makes of them: scripts/references/sentence_modules.py.
@Suite struct TextPoolingTests {
    @Test func foldersPoolAsSentenceTransformersDoes() throws {
        let data = try Data(contentsOf: Fixtures.url("pooling.json"))
        let rows = try #require(JSONSerialization.jsonObject(with: data) as? [[String: Any]])
        #expect(rows.count == 36)
        for fields in rows {
            let row = JSONObject(fields, path: "pooling.json")
            let name = try row.string("name")
            let folder = try TemporaryFolder()
            try write(row, to: folder.url)
            // An unknown activation: the reference warns and takes another; here it is refused.
            guard !row.has("error"), !name.contains("not torch's") else {
                #expect(throws: (any Error).self, "\(name)") { try TextPooling.stated(in: folder.url, hidden: 8) }
                continue
            }
            let pooling = try TextPooling.stated(in: folder.url, hidden: 8) ?? TextPooling(modes: [.mean])
            #expect(try pooling.modes.map(\.rawValue) == row.strings("modes"), "\(name)")
            let seeded = try #require(SeededArchitecture.entries([fields["tokens"] as Any]).first)
            let tokens = try SeededArchitecture.tensor(seeded.name, seeded.shape, seeded.kind)
            let embedding = try pooling(tokens, lengthMask(row.ints("lengths"), seeded.shape[1]))
            #expect(try embedding.shape == [3, row.int("dimension")] && pooling.dimension(8) == row.int("dimension"), "\(name)")
            let values = try #require(fields["embedding"] as? [[NSNumber]])
            let expected = try Tensor(values.flatMap { $0 }.map(\.floatValue), shape: embedding.shape)
            let difference = try maxDifference(embedding, expected)
            #expect(difference <= 1e-6, "\(name): \(difference)")
        }
    }

    private func write(_ row: JSONObject, to folder: URL) throws {
        for (path, content) in try row.object("files").fields {
            let file = folder.appendingPathComponent(path)
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try JSONSerialization.data(withJSONObject: content).write(to: file)
        }
        for (path, entries) in try row.object("weights").fields {
            try SeededArchitecture.write(SeededArchitecture.entries(entries), to: folder.appendingPathComponent(path))
        }
    }

    @Test func modulesThatAreNotKnownAreRefusedByName() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            #"[{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.BoW"}]"#, as: "modules.json")
        let error = #expect(throws: BraidError.self) { try TextPooling.stated(in: folder.url, hidden: 8) }
        #expect(
            error?.description
                == "\(folder.url.path)/modules.json: the module sentence_transformers.models.BoW is not known; this version has Transformer, Pooling, Dense and Normalize"
        )
    }
}
