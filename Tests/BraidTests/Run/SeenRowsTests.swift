import Foundation
import TestSupport
import Testing

@testable import Braid

/// A row that a model has learnt from never judges it, wherever it stands later.
@Suite struct SeenRowsTests {
    private let small: SmallRun
    private let rows: [String]

    /// 40 rows without a split column; the model is trained on them.
    init() throws {
        small = try SmallRun()
        let lines = try String(contentsOf: small.makeData(44), encoding: .utf8).split(separator: "\n").map(String.init)
        // id, image, audio, label: without the split.
        rows = lines.map { line in
            var cells = line.split(separator: ",", omittingEmptySubsequences: false)
            cells.remove(at: 1)
            return cells.joined(separator: ",")
        }
        try write(Array(rows.prefix(41)))
        try small.train(plain: "stacked", "run")
    }

    private func write(_ lines: [String], as name: String = "manifest.csv") throws {
        try small.folder.write(lines.joined(separator: "\n") + "\n", as: name)
    }

    private func use(_ chosen: Inference.Rows = .heldOut) throws -> RowUse {
        try #require(try small.inference("run", rows: chosen).rowUse)
    }

    @Test func theTrainingsOwnManifestIsHeldToItsTestSplit() throws {
        let used = try use()
        #expect(used.new == 0 && used.seen == 0)
        #expect(used.used == used.test && used.leftOut == 40 - used.test)
        #expect(used.test > 0)
    }

    @Test func anAppendedRowIsNewAndChangesNothingElse() throws {
        let before = try use()
        try write(Array(rows.prefix(42)))
        let after = try use()
        #expect(after.test == before.test && after.leftOut == before.leftOut)
        #expect(after.new == 1 && after.used == before.used + 1)
    }

    @Test func otherIdsAndAnotherOrderDoNotHideARow() throws {
        let before = try use()
        let renamed = rows.prefix(41).dropFirst().reversed().map { "x" + $0 }
        try write([rows[0]] + renamed)
        #expect(try use() == before)
    }

    @Test func aColumnLeftOutDoesNotHideARow() throws {
        let before = try use()
        try write(
            rows.prefix(41).map { line in
                var cells = line.split(separator: ",", omittingEmptySubsequences: false)
                cells.remove(at: 2)
                return cells.joined(separator: ",")
            })
        #expect(try use() == before)
    }

    @Test func aSplitColumnDoesNotMakeSeenRowsTest() throws {
        let marked = rows.prefix(43).enumerated().map { $1 + ($0 == 0 ? ",split" : ",test") }
        try write(marked)
        let used = try use()
        #expect(used.new == 2 && used.seen == 0 && used.leftOut > 20)
        // Asked for by name they are taken, and it is said.
        let asked = try use(.split(.test))
        #expect(asked.used == 42 && asked.seen == used.leftOut)
        #expect(asked.sentence.contains("THAT THE MODEL HAS LEARNT FROM"))
    }

    @Test func whereEveryRowWasSeenNoneIsLeft() throws {
        let splits = try small.inference("run", rows: .split(.train)).samples
        let kept = rows.prefix(41).filter { line in line.hasPrefix("id,") || splits.contains { line.hasPrefix("\($0.id),") } }
        try write(Array(kept))
        let error = #expect(throws: BraidError.self) { try use() }
        #expect(error?.description.contains("learnt from all \(splits.count) rows") == true)
        #expect(try use(.all).seen == splits.count)
    }

    @Test func aModelWithoutItsRowsGoesByTheManifest() throws {
        try FileManager.default.removeItem(at: small.folder.url.appendingPathComponent("run/model/rows.tsv"))
        let session = try small.inference("run")
        #expect(session.rowUse == nil)
        #expect(session.samples.count < 40)
    }

    @Test func aDamagedListIsRefused() throws {
        try small.folder.write("row\tzz\ttrain\n", as: "run/model/rows.tsv")
        let error = #expect(throws: BraidError.self) { try use() }
        #expect(error?.description.contains("rows.tsv:1") == true)
    }
}
