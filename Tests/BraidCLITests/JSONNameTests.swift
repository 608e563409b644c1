import Foundation
import TestSupport
import Testing

/// What `--json` prints, and what runs hold as JSON: names are written alike everywhere, as `best_epoch`.
@Suite struct JSONNameTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.writeSentences()
    }

    /// Runs a command that prints JSON, and gives the names in it that are not written so.
    private func foreignNames(_ arguments: String...) throws -> [String] {
        let ended = try Ended("braid", arguments + ["--json"], in: folder.url)
        #expect(ended.code == 0, "\(arguments[0]): \(ended.error)")
        return Self.foreignNames(in: try JSONSerialization.jsonObject(with: Data(ended.out.utf8)))
    }

    private static func foreignNames(in value: Any) -> [String] {
        switch value {
        case let fields as [String: Any]:
            fields.keys.filter { $0.contains(/[a-z][A-Z]/) } + fields.values.flatMap(foreignNames)
        case let items as [Any]: items.flatMap(foreignNames)
        default: []
        }
    }

    @Test func commandsPrintNamesAlike() throws {
        let plain = try String(contentsOf: folder.url.appendingPathComponent("c.yaml"), encoding: .utf8)
        let drawn = "encoder: tiny, weights: random, train: all"
        // Shares of missing samples take a second modality.
        try folder.write(plain.replacing(drawn, with: "\(drawn)}, again: {kind: text, column: text, \(drawn)"), as: "two.yaml")
        try folder.write(plain.replacing(drawn, with: "weights: run/model/text"), as: "f.yaml")
        #expect(try foreignNames("train", "two.yaml", "--out", "run", "--set", "training.epochs=1") == [])
        #expect(try foreignNames("evaluate", "run", "--manifest", "m.csv") == [])
        #expect(try foreignNames("ablate", "run", "--manifest", "m.csv", "--missing-rates", "0,0.5") == [])
        #expect(try foreignNames("compare", "f.yaml", "--out", "found", "--seeds", "2") == [])
        #expect(try foreignNames("curve", "f.yaml", "--no-scratch", "--shots", "2,all", "--draws", "2") == [])
        #expect(try foreignNames("probe", "f.yaml") == [])
        #expect(try foreignNames("check", "m.csv") == [])
        #expect(try foreignNames("cache", "info") == [])
        #expect(try foreignNames("doctor") == [])
        #expect(try foreignNames("models", "info", "run/model/text") == [])
    }

    @Test func aNameWrittenOtherwiseIsSeen() {
        #expect(Self.foreignNames(in: ["runs": [["bestEpoch": 1, "best_epoch": 1]]]) == ["bestEpoch"])
    }
}
