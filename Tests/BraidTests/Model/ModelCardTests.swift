import Foundation
import TestSupport
import Testing

@testable import Braid

/// The card of a model's folder. What Hugging Face's own client reads of it: python/tests/test_braid.py.
@Suite struct ModelCardTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func model(_ tested: TestFigures?) throws -> FusionModel {
        let model = try ModelFolder.read(Fixtures.url("models/format2-heads"))
        model.tested = tested
        return model
    }

    @Test func metadataHaveTheTestFiguresOfEachHead() throws {
        let card = ModelCard(
            try model(TestFigures(rows: 12, scores: ["tags.micro_f1": 0.5, "tags.macro_f1": .nan, "size.rmse": 1e-7]))
        ).text
        let metadata = try #require(card.split(separator: "---\n").first)
        #expect(metadata.hasPrefix("library_name: braid\n# license:"))
        #expect(
            metadata.contains(
                """
                model-index:
                - name: "braid-bottleneck"
                  results:
                  - task:
                      type: classification
                      name: "tags"
                    dataset:
                      type: manifest
                      name: "the manifest's test split, 12 rows"
                      split: test
                    metrics:
                    - type: f1
                      name: "micro F1"
                      value: 0.5
                  - task:
                      type: regression
                      name: "size"
                """), "\(metadata)")
        // What is undefined is left out, and YAML 1.1 reads this as a number.
        #expect(!metadata.contains("nan") && metadata.contains("value: 1.0e-07"), "\(metadata)")
    }

    @Test func withoutATestSplitThereAreNoFigures() throws {
        let card = ModelCard(try model(nil)).text
        #expect(!card.contains("model-index") && card.contains("None: this file was written without a test split."))
    }

    /// A card is passed on, and names that act in Markdown, in YAML or on a terminal do not act there.
    @Test func namesThatActDoNotActThere() throws {
        let read = try ModelFolder.read(Fixtures.url("models/format2-gated"))
        let names = ["a`|\n# b", "\u{1B}[2J", String(repeating: "x", count: 1000)]
        let target = Target(name: "l\": [", column: "label", scale: .init(classes: names + (0..<60).map { "c\($0)" }))
        // Heads are built by number of classes: only the card is asked here.
        let model = try FusionModel(
            encoders: Array(read.encoders.values), targets: [target], settings: read.settings)
        model.tested = TestFigures(rows: 1, scores: ["accuracy": 1])
        let card = ModelCard(model).text
        #expect(card.contains(#"name: "l\": [""#), "\(card)")
        #expect(card.contains("63 classes: `a'\\|\\u{A}# b`, `\\u{1B}[2J`, `xxx"), "\(card)")
        #expect(card.contains("13 more |") && !card.contains("\u{1B}") && card.count < 4000)
    }

    /// The same training leaves the same card, and what its owner writes into it does not make another model of it.
    @Test func theCardIsNoPartOfTheModelsFingerprint() throws {
        for name in ["one", "two"] { try ModelFolder.write(model(nil), to: folder.url.appendingPathComponent(name)) }
        let cards = try ["one", "two"].map { try Data(contentsOf: folder.url.appendingPathComponent("\($0)/README.md")) }
        #expect(cards[0] == cards[1] && !String(decoding: cards[0], as: UTF8.self).contains(Fixtures.root.path))
        try folder.write("license: mit\n", as: "one/README.md")
        let prints = try ["one", "two"].map { try ModelFolder.fingerprint(folder.url.appendingPathComponent($0)) }
        #expect(prints[0] == prints[1])
    }
}
