import Foundation
import TestSupport
import Testing

@testable import Braid

/// Several columns of one kind: two pictures a row, each a modality of its own.
@Suite struct NamedModalitiesTests {
    private let folder: TemporaryFolder
    private var encoder: String { Fixtures.url("resnet").path }

    init() throws {
        folder = try TemporaryFolder()
        var rows = ["id,split,image,rear,label"]
        for index in 0..<24 {
            let isHigh = index % 2 == 0
            for (side, level) in [("front", 120), ("back", isHigh ? 200 : 40)] {
                try TestMedia.greyPNG(level: level, seed: index).write(
                    to: folder.url.appendingPathComponent("\(side)\(index).png"))
            }
            let back = index % 6 == 3 ? "" : "back\(index).png"
            let split = index < 12 ? "train" : index < 18 ? "val" : "test"
            rows.append("\(index),\(split),front\(index).png,\(back),\(isHigh ? "high" : "low")")
        }
        try folder.write(rows.joined(separator: "\n") + "\n", as: "manifest.csv")
    }

    private func configuration(_ overrides: [String] = [], _ modalities: String? = nil) throws -> Configuration {
        let both = """
            image: {weights: "\(encoder)"}
              back: {kind: image, column: rear, weights: "\(encoder)"}
            """
        let yaml = """
            modalities:
              \(modalities ?? both)
            fusion: {type: concat, dim: 8}
            training: {epochs: 2, batch_size: 8}
            """
        return try Configuration.parse(yaml, folder: folder.url, overrides: overrides)
    }

    private func train(_ name: String, _ overrides: [String] = [], resume: Bool = false) throws -> Training.Outcome {
        try Training(configuration(overrides), into: RunFolder(folder.url.appendingPathComponent(name)))(resume: resume)
    }

    private var manifest: URL { folder.url.appendingPathComponent("manifest.csv") }

    private func inference(_ name: String, _ manifest: URL? = nil, columns: Columns = Columns()) throws -> Inference {
        try Inference(
            model: folder.url.appendingPathComponent(name), manifest: manifest ?? self.manifest, rows: .all, needsLabels: true,
            Inference.Options(device: .cpu, columns: columns))
    }

    @Test func namesKindsAndColumnsAreThreeThings() throws {
        let back = Modality.image.named("back")
        #expect(try configuration().modalities.keys.sorted() == [.image, back])
        #expect(back.plain == .image && back != .image && back.sources == ["back"])
        #expect(Modality.text.named("title").columns == ["title", "title_path"])
        #expect(Modality.audio.named("voice").columns == ["voice", "voice_start", "voice_end"])
        // By kind, the plain one first, then by name.
        #expect(
            [Modality.text, .image.named("a"), .image, .image.named("B")].sorted() == [
                .image, .image.named("B"), .image.named("a"), .text,
            ])
        for modality in [back, .text] {
            #expect(try JSONDecoder().decode(Modality.self, from: JSONEncoder().encode(modality)) == modality)
        }
        #expect(Modality(stored: "back:smell") == nil)
    }

    @Test func eachIsReadTrainedStoredAndHidden() throws {
        let outcome = try train("run")
        let back = Modality.image.named("back")
        #expect(outcome.model.modalities == [.image, back])
        let session = try inference("run")
        #expect(session.model.modalities == [.image, back])
        #expect(session.samples.count { $0.has(back) } == 20)
        // What was stored answers as what was trained.
        let test = try #require(outcome.test?.primary)
        let again = try session.predict().keeping { $0.split == .test }.primary
        for (one, other) in zip(test.values, again.values) { for (a, b) in zip(one, other) { #expect(abs(a - b) < 1e-5) } }
        let ablation = try Ablation(session)
        #expect(ablation.table.contains("image + back"))
        // Only the rear is told apart by the label.
        let alone = { (name: String) in
            ablation.heads[0].entries.first { $0.modalities.map(\.rawValue) == [name] }?.score(.accuracy) ?? 0
        }
        #expect(alone("back") > alone("image"))
    }

    @Test func aManifestOfOtherNamesIsMappedAndATypoIsNot() throws {
        _ = try train("run")
        let text = try String(contentsOf: manifest, encoding: .utf8).replacingOccurrences(of: ",rear,", with: ",behind,")
        let other = try folder.write(text, as: "other.csv")
        let back = Modality.image.named("back")
        #expect(try inference("run", other).samples.count { $0.has(back) } == 0)
        let mapped = try inference("run", other, columns: Columns(settings: ["columns.back=behind"]))
        #expect(mapped.samples.count { $0.has(back) } == 20)
        let error = try #require(throws: BraidError.self) {
            try inference("run", other, columns: Columns(settings: ["columns.spine=behind"]))
        }
        #expect("\(error)".contains("columns.spine names this column, and there is no modality spine"))
    }

    @Test func aRunIsResumedAndGoneOnFrom() throws {
        let run = RunFolder(folder.url.appendingPathComponent("run"))
        #expect(throws: CancellationError.self) {
            try Training(configuration(), into: run) { if $0 == 1 { throw CancellationError() } }()
        }
        let resumed = try train("run", resume: true)
        let whole = try train("whole")
        #expect(resumed.history.map(\.trainLoss) == whole.history.map(\.trainLoss))
        let further = try train("further", ["init_from=run", "training.epochs=1"])
        #expect(further.model.lineage?.stage == 2)
    }

    /// Two encoders of one column, and the plain name of a kind elsewhere.
    @Test func twoMayReadOneColumn() throws {
        let both = "image: {weights: \"\(encoder)\"}\n  again: {kind: image, column: image, weights: \"\(encoder)\"}"
        let configuration = try configuration(["columns.ignore=[rear]"], both)
        let run = RunFolder(folder.url.appendingPathComponent("twice"))
        #expect(try Training(configuration, into: run)().model.modalities.map(\.rawValue) == ["image", "again"])
        #expect(try inference("twice").samples.allSatisfy { $0.media.count == 2 })
        // Without the plain one its column is the other's alone.
        let alone = try self.configuration(["columns.ignore=[rear]"], "again: {kind: image, column: image, weights: x}")
        #expect(!alone.columns.modalities.contains(.image) && alone.columns.modalities.contains(.text))
    }

    @Test func everyCommandOfACheckNamesThem() throws {
        let check = try DataCheck(configuration())
        #expect(check.errors.isEmpty && check.missing[.image.named("back")] == 4)
        let text = try String(contentsOf: manifest, encoding: .utf8).replacingOccurrences(of: "back5.png", with: "gone.png")
        try folder.write(text, as: "manifest.csv")
        let errors = try DataCheck(configuration()).errors
        #expect(errors.count == 1 && errors[0].contains("manifest.csv:7: rear: "), "\(errors)")
    }

    @Test(arguments: [
        ("back: {kind: picture, weights: x}", "modalities.back.kind: expected one of image, text, audio"),
        ("image: {kind: text, weights: x}", "modalities.image.kind: expected one of image"),
        ("behind: {weights: x}", "modalities.behind: is none of image, text, audio"),
        ("imgae: {weights: x}", "unknown key; did you mean modalities.image.weights?"),
        ("group: {kind: image, weights: x}", "modalities.group: group means something else"),
        ("text_path: {kind: image, weights: x}", "text_path means something else"),
        ("fused: {kind: image, weights: x}", "fused means something else"),
        ("\"a.b\": {kind: image, weights: x}", "modalities.a"),
        ("\"9\": {kind: image, weights: x}", "begins with a letter"),
        ("back: {kind: image, weights: x, pooling: mean}", "modalities.back.pooling: unknown key"),
        ("image: {column: rear, weights: x}\ncolumns: {image: rear}", "leave one of them out"),
    ])
    func whatCannotBeIsRefused(_ modalities: String, _ message: String) throws {
        let error = try #require(throws: BraidError.self) { try configuration([], modalities) }
        #expect("\(error)".contains(message), "\(error)")
    }

    @Test func theSchemaKnowsNamesOfOnesOwn() throws {
        let schema = try #require(
            JSONSerialization.jsonObject(with: Data(Configuration.jsonSchema().utf8)) as? [String: Any])
        let properties = try #require(schema["properties"] as? [String: [String: Any]])
        let modalities = try #require(properties["modalities"])
        #expect((modalities["properties"] as? [String: Any])?["image"] != nil)
        let others = try #require(modalities["additionalProperties"] as? [String: Any])
        #expect((others["properties"] as? [String: Any])?.keys.contains("kind") == true)
    }
}
