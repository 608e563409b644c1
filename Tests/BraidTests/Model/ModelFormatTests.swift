import Foundation
import TestSupport
import Testing

@testable import Braid

/// Models of earlier versions, and of versions that knew fewer keys: scripts/references/format2_models.py.
@Suite struct ModelFormatTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func samples(_ name: String) throws -> [(sample: Sample, said: [String: Any])] {
        let data = try Data(contentsOf: Fixtures.url("models/\(name)/predictions.json"))
        let rows = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
        return try rows.enumerated().map { index, row in
            let (image, audio) = (try #require(row["image"] as? String), try #require(row["audio"] as? String))
            let sample = Sample(
                id: "\(index)", image: Fixtures.url("images/\(image)"), audio: .init(url: Fixtures.url("audio/\(audio)")))
            return (sample, try #require(row["prediction"] as? [String: Any]))
        }
    }

    private func predictions(_ model: URL, _ samples: [Sample]) throws -> Predictions {
        try Inference(model: model, samples: samples, .init(device: .cpu)).predict()
    }

    private func copy(_ name: String) throws -> URL {
        let target = folder.url.appendingPathComponent(name)
        try FileManager.default.copyItem(at: Fixtures.url("models/\(name)"), to: target)
        return target
    }

    @Test func modelsOfFormat2PredictWhatTheyDid() throws {
        let gated = try samples("format2-gated")
        let said = try predictions(Fixtures.url("models/format2-gated"), gated.map(\.sample))
        #expect(said.primary.target.classes == ["b", "a"])
        for (row, expected) in zip(said.primary.values, gated) {
            let probabilities = try #require(expected.said["probabilities"] as? [String: Double])
            #expect(abs(Double(row[1]) - (probabilities["a"] ?? -1)) <= 1e-5)
        }
        let several = try samples("format2-heads")
        let both = try predictions(Fixtures.url("models/format2-heads"), several.map(\.sample))
        #expect(both.heads.map(\.target.name) == ["tags", "size"])
        for index in several.indices {
            let heads = try #require(several[index].said["heads"] as? [String: [String: Any]])
            let tags = try #require(heads["tags"]?["probabilities"] as? [String: Double])
            #expect(abs(Double(both.heads[0].values[index][1]) - (tags["y"] ?? -1)) <= 1e-5)
            let size = try #require(heads["size"]?["prediction"] as? Double)
            #expect(abs(Double(both.heads[1].values[index][0]) - size) <= 1e-4)
        }
    }

    @Test(arguments: ["format2-gated", "format2-heads"]) func aModelWrittenAnewIsTheSame(_ name: String) throws {
        let model = try ModelFolder.read(Fixtures.url("models/\(name)"))
        let fresh = folder.url.appendingPathComponent("fresh")
        try ModelFolder.write(model, to: fresh)
        let text = try String(contentsOf: fresh.appendingPathComponent("model.json"), encoding: .utf8)
        #expect(text.contains("\"format_version\" : 3") && !text.contains(Fixtures.root.path))
        let samples = try samples(name).map(\.sample)
        let (before, after) = (try predictions(Fixtures.url("models/\(name)"), samples), try predictions(fresh, samples))
        #expect(before.heads.map(\.values) == after.heads.map(\.values))
    }

    /// A model from before a key was made has the key's default; one from after it is refused, for the key may change everything.
    @Test func keysThatAModelLacksAreAtTheirDefaults() throws {
        let url = folder.url.appendingPathComponent("fresh")
        try ModelFolder.write(ModelFolder.read(Fixtures.url("models/format2-gated")), to: url)
        let file = url.appendingPathComponent("model.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        let without = text.replacing(/\n *"(dropout|modality_dropout|label_smoothing)" : [0-9.]+,?/, with: "")
        #expect(without.count < text.count)
        try without.replacing(/,(\s*\})/) { "\($0.1)" }.write(to: file, atomically: true, encoding: .utf8)
        let model = try ModelFolder.read(url)
        #expect(model.settings.fusion.dropout == 0.1 && model.settings.fusion.modalityDropout == 0.2)
        try text.replacing("\"dim\" :", with: "\"shape\" : 3, \"dim\" :").write(to: file, atomically: true, encoding: .utf8)
        let error = #expect(throws: BraidError.self) { try ModelFolder.read(url) }
        #expect(error?.code == .badData && error?.description.contains("fusion.shape: unknown key") == true)
    }

    @Test(arguments: [
        ("\"gated\"", "\"gatid\""), ("\"task\" : \"binary\"", "\"task\" : \"multilabel\""),
        ("\"formatVersion\" : 2", "\"formatVersion\" : 1"),
        ("\"dimension\" : 16", "\"dimension\" : 1e99"), ("\"a\"", "7"),
    ])
    func damagedDescriptionsAreRefused(_ from: String, _ to: String) throws {
        let url = try copy("format2-gated").appendingPathComponent("model.json")
        let text = try String(contentsOf: url, encoding: .utf8)
        #expect(text.contains(from))
        try text.replacingOccurrences(of: from, with: to).write(to: url, atomically: true, encoding: .utf8)
        #expect(throws: (any Error).self) { try ModelFolder.read(url.deletingLastPathComponent()) }
    }
}
