import Foundation
import TestSupport
import Testing

@testable import Braid

/// New data against what a training has kept.
@Suite struct DriftRunTests {
    private let small: SmallRun

    init() throws {
        small = try SmallRun()
        try small.makeData(48)
    }

    /// Rows as those trained on, or with other tones, lower pictures, or without some recordings.
    private func newRows(
        _ count: Int = 40, tones: (Double, Double) = (2500, 400), hasAudio: (Int) -> Bool = { _ in true },
        label: (Int) -> String = { _ in "" }
    ) throws -> URL {
        var rows = ["id,image,audio,label"]
        for index in 0..<count {
            let isHigh = index % 2 == 0
            let name = "new-\(index)"
            try TestMedia.greyPNG(level: isHigh ? 200 : 40, seed: 1000 + index).write(
                to: small.folder.url.appendingPathComponent("\(name).png"))
            try TestMedia.tone(hertz: isHigh ? tones.0 : tones.1, seed: 1000 + index, seconds: 1).write(
                to: small.folder.url.appendingPathComponent("\(name).wav"))
            rows.append("\(name),\(name).png,\(hasAudio(index) ? "\(name).wav" : ""),\(label(index))")
        }
        return try small.folder.write(rows.joined(separator: "\n") + "\n", as: "new.csv")
    }

    private func drift(_ manifest: URL, _ options: Drift.Options = .init(), rows: Inference.Rows = .unseen) throws -> Drift {
        try Drift(
            model: small.folder.url.appendingPathComponent("run"), manifest: manifest, rows: rows, options,
            Inference.Options(device: .cpu, reporter: SilentReporter()))
    }

    @Test func whatMovedIsNamed() throws {
        try small.train("run", ["training.epochs=6"])
        let same = try drift(newRows(label: { $0 % 2 == 0 ? "high" : $0 == 1 ? "neither" : "" }))
        #expect(!same.hasMoved && same.movedModalities.isEmpty && same.conclusion.hasPrefix("No drift seen"))
        #expect(same.rows.new == 40 && same.rows.reference == ["train": 24, "val": 12, "test": 12])
        #expect(same.embeddings.map(\.referenceRows) == [48, 48, 24] && same.embeddings.allSatisfy { $0.state == .same })
        // Labels are read where there are any, and only beside the verdict.
        #expect(same.accuracy.map(\.samples) == [20] && same.accuracy.map(\.unknown) == [1])

        let moved = try drift(newRows(tones: (3600, 900)))
        #expect(moved.hasMoved && moved.movedModalities == ["audio"] && moved.accuracy.isEmpty)
        let audio = try #require(moved.embeddings.first { $0.name == "audio" })
        #expect(audio.accuracy > 0.9 && audio.adjustedP < 0.05)
        #expect(moved.embeddings.first { $0.name == "image" }?.state == .same)
        #expect(moved.table.contains("Transfer again") && moved.csv.contains("classifier,audio"))

        let report = DriftReport(moved, title: "run & new", command: "braid train X --init-from run")
        try report.write(to: RunFolder(small.folder.url.appendingPathComponent("found")))
        let page = try String(contentsOf: small.folder.url.appendingPathComponent("found/report.html"), encoding: .utf8)
        #expect(page.contains("run &amp; new") && page.contains("--init-from run") && page.contains("transfer again"))
        let json = try JSONObject(small.folder.url.appendingPathComponent("found/drift.json"))
        #expect(try json.bool("drift") && json.strings("moved_modalities") == ["audio"])
    }

    @Test func whatGoesMissingAndWhatIsTooSmallIsSaid() throws {
        try small.train("run", ["training.epochs=6"])
        let gone = try drift(newRows(hasAudio: { $0 % 8 < 2 }))
        let audio = try #require(gone.missing.first { $0.name == "audio" })
        #expect(audio.state == .moved && audio.before == 0 && audio.after == 0.75 && gone.movedModalities.isEmpty && gone.hasMoved)
        #expect(gone.missing.first { $0.name == "image" }?.state == .same)
        // Beyond chance all the same, but less than is said to matter.
        let slight = try drift(newRows(hasAudio: { $0 % 8 < 2 }), .init(smallest: 0.8))
        #expect(slight.missing.first { $0.name == "audio" }?.state == .slight && !slight.conclusion.contains("audio is missing"))
        let few = try drift(newRows(14, hasAudio: { $0 < 3 }))
        #expect(few.embeddings.first { $0.name == "audio" }?.state == .untested && few.table.contains("3 new rows to compare"))
        #expect(throws: BraidError.self) { try drift(newRows(4)) }
        let drawn = try drift(newRows(), .init(sample: 20))
        #expect(drawn.rows.new == 40 && drawn.rows.embedded == 20 && drawn.embeddings[0].newRows == 20)
    }

    @Test func rowsOfTheTrainingAreNotNew() throws {
        try small.train("run", ["training.epochs=1"])
        let manifest = small.folder.url.appendingPathComponent("manifest.csv")
        let error = #expect(throws: BraidError.self) { try drift(manifest) }
        #expect(error?.description.contains("the training had all 48 rows") == true)
        #expect(try drift(manifest, rows: .split(.test)).rows.new == 12)
    }

    @Test func whatIsNotKeptCannotBeCompared() throws {
        let outcome = try small.train("run", ["training.epochs=1", "training.drift_reference=0"])
        #expect(outcome.model.driftReference == nil)
        let file = small.folder.url.appendingPathComponent("run/model/\(DriftReference.fileName)")
        #expect(!FileManager.default.fileExists(atPath: file.path))
        let error = #expect(throws: BraidError.self) { try drift(newRows()) }
        #expect(error?.code == .noInput && error?.description.contains("training.drift_reference: 500") == true)
    }

    /// The counts of how 3,500 classes are taken for each other would be a header that nothing reads again.
    @Test func headsOfManyClassesAreLeftOut() throws {
        let classes = 0...DriftReference.mostClasses
        let rows = classes.flatMap { ["\($0).5,c\($0),train", "\($0).25,c\($0),val"] }
        try small.folder.write((["x,label,split"] + rows).joined(separator: "\n"), as: "many.csv")
        let configuration = try Configuration.parse(
            "manifest: many.csv\nmodalities: {tabular: {numbers: [x]}}\nfusion: {type: concat}\ntraining: {epochs: 1}\n",
            folder: small.folder.url)
        let run = RunFolder(small.folder.url.appendingPathComponent("many"))
        _ = try Training(configuration, into: run)()
        let read = try #require(try ModelFolder.read(run.url).driftReference)
        #expect(read.statistics.heads.isEmpty && read.parts[DriftReference.fused] != nil)
    }

    @Test func rowsLearntFromAreKeptOnlyOfWhatTheyDidNotChange() throws {
        let outcome = try small.train("run", ["training.epochs=1", "modalities.audio.train=last:1", "training.drift_reference=40"])
        let kept = try #require(outcome.model.driftReference)
        #expect(kept.parts.mapValues(\.units.count) == ["image": 40, "audio": 24, "fused": 24])
        #expect(kept.statistics.splits == ["val": 12, "test": 12, "train": 16] && kept.statistics.present["audio"] == 48)
        #expect(kept.statistics.heads[0].confusion.joined().reduce(0, +) == 24 && kept.statistics.heads[0].predicted.count == 24)
        let read = try #require(try ModelFolder.read(small.folder.url.appendingPathComponent("run")).driftReference)
        #expect(read.statistics == kept.statistics && Set(read.parts.keys) == Set(kept.parts.keys))
        for (name, part) in kept.parts {
            #expect(try maxDifference(#require(read.parts[name]).rows, part.rows) == 0 && read.parts[name]?.units == part.units)
        }
        // Made of train and val: only the test split is left.
        let refitted = try small.train(plain: "stacked", "stacked").model.driftReference
        #expect(refitted?.parts[DriftReference.fused]?.units.count == 12 && refitted?.parts["image"]?.units.count == 48)
    }
}
