import Braid
import Foundation
import TestSupport
import Testing

@Suite struct ManifestTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("x", as: "a.png")
    }

    @Test func twelveFaultsAreReportedInOneGo() throws {
        let url = try folder.write(
            """
            id,split,group,image,text,audio,audio_start,audio_end,label,weight,colour
            1,train,g,a.png,,,,,cat,,
            1,train,,a.png,,,,,cat,,
            2,holdout,,a.png,,,,,cat,,
            3,val,g,a.png,,,,,cat,,
            4,train,,,,,,,cat,,
            5,train,,a.png,,,,,,,
            6,train,,a.png,,,-1,,cat,,
            7,train,,a.png,,a.png,3,2,cat,,
            8,train,,a.png,,,,,cat,heavy,
            9,train,,a.png
            10,train,,gone.png,,,,,cat,,
            11,,,a.png,,,,,cat,,
            12,train,,a.png,"never closed
            """, as: "m.csv")
        let error = #expect(throws: BraidError.self) { try Manifest.read(url) }
        let faults = try #require(error?.faults)
        let expected: [(line: Int, part: String)] = [
            (1, "unknown column"), (3, "already"), (4, "none of train, val"), (5, "must not cross splits"),
            (6, "has no image, text or audio"),
            (7, "is empty; expected a label"), (8, "not a time"), (8, "is empty while"), (9, "is not after"),
            (10, "not a number"),
            (11, "fields where the header has"), (12, "no such file"), (13, "is empty; expected train"), (14, "never closed"),
        ]
        for (line, part) in expected {
            #expect(faults.contains { $0.line == line && $0.message.contains(part) }, "line \(line): \(part)")
        }
        #expect(faults.count == expected.count, "\(faults.map(\.description))")
        #expect(faults.allSatisfy { $0.file == "m.csv" })
    }

    @Test(arguments: [
        ("m.csv", "id,image,text,label\n1,a.png,\"a, \"\"b\"\"\r\nc\",cat\n\n2,,hello,dog\n"),
        ("m.tsv", "\u{FEFF}id\timage\ttext\tlabel\r\n1\ta.png\t\"a, \"\"b\"\"\r\nc\"\tcat\r\n2\t\thello\tdog"),
        (
            "m.jsonl",
            "{\"id\": 1, \"image\": \"a.png\", \"text\": \"a, \\\"b\\\"\\r\\nc\", \"label\": \"cat\"}\n\n{\"id\":\"2\",\"image\":null,\"text\":\"hello\",\"label\":\"dog\"}\n"
        ),
    ])
    func formatsSayTheSame(_ name: String, _ content: String) throws {
        let manifest = try Manifest.read(folder.write(content, as: name))
        #expect(manifest.samples.map(\.id) == ["1", "2"])
        #expect(manifest.samples.map(\.label) == ["cat", "dog"])
        #expect(manifest.samples[0].text == .inline("a, \"b\"\r\nc"))
        #expect(manifest.samples[0].image?.lastPathComponent == "a.png")
        #expect(!manifest.samples[1].has(.image) && manifest.samples[1].has(.text))
    }

    @Test func notUTF8IsAFaultWithItsLine() throws {
        let url = folder.url.appendingPathComponent("m.csv")
        try (Data("text,label\nfine,a\n".utf8) + Data([0xFF, 0xFE]) + Data(",b\n".utf8)).write(to: url)
        let error = #expect(throws: BraidError.self) { try Manifest.read(url) }
        #expect(error?.faults.map(\.line) == [3])
    }

    @Test func splitsDependOnIDsAndLabelsAloneAndKeepProportions() throws {
        let rows = (0..<400).map { "\($0),hello,\($0 % 4 == 0 ? "a" : "b")" }
        let forward = try Manifest.read(folder.write("id,text,label\n" + rows.joined(separator: "\n"), as: "m.csv"))
        let backward = try Manifest.read(folder.write("id,text,label\n" + rows.reversed().joined(separator: "\n"), as: "n.csv"))
        let splits = { (manifest: Manifest) in Dictionary(uniqueKeysWithValues: manifest.samples.map { ($0.id, $0.split) }) }
        #expect(splits(forward) == splits(backward))
        for label in ["a", "b"] {
            let of = forward.samples.filter { $0.label == label }
            let test = Double(of.filter { $0.split == .test }.count) / Double(of.count)
            #expect(abs(test - 0.15) < 0.02)
        }
        let other = try Manifest.read(forward.url, splits: SplitFractions(seed: 1))
        #expect(splits(other) != splits(forward))
    }

    @Test func groupsStayTogether() throws {
        let rows = (0..<300).map { "\($0),hello,\($0 % 2),g\($0 / 10)" }
        let manifest = try Manifest.read(folder.write("id,text,label,group\n" + rows.joined(separator: "\n"), as: "m.csv"))
        for (_, samples) in Dictionary(grouping: manifest.samples, by: \.group) { #expect(Set(samples.map(\.split)).count == 1) }
        #expect(Set(manifest.samples.map(\.split)).count == 3)
    }

    @Test func columnsAreMappedAndIgnored() throws {
        let url = try folder.write("caption,class,note\nhello,a,x\n", as: "m.csv")
        let columns = Columns(names: ["text": "caption", "label": "class"], ignored: ["note"])
        #expect(try Manifest.read(url, columns: columns).samples.first?.label == "a")
        let error = #expect(throws: BraidError.self) {
            try Manifest.read(url, columns: Columns(names: ["text": "kaption"], ignored: ["note"]))
        }
        #expect(error?.description.contains("kaption: columns.text names this column, and it is not there") == true)
    }

    @Test func jsonLinesThatLackAKeyOthersHaveAreFaults() throws {
        let rows = [
            #"{"text": "a", "label": "x", "split": "train"}"#, #"{"text": "b", "label": "y"}"#, #"{"text": "c", "split": "val"}"#,
        ]
        let error = #expect(throws: BraidError.self) {
            try Manifest.read(folder.write(rows.joined(separator: "\n"), as: "m.jsonl"))
        }
        #expect(error?.faults.map(\.line) == [2, 3])
        let nested = try folder.write(#"{"text": "a", "label": {"is": "x"}}"#, as: "nested.jsonl")
        #expect(throws: BraidError.self) { try Manifest.read(nested) }
    }

    @Test func mappingsGiveWayToAFileThatUsesThePlainNames() throws {
        let columns = Columns(names: ["text": "caption", "label": "class"], ignored: ["price"])
        let plain = try Manifest.read(folder.write("text,label\nhello,a\n", as: "p.csv"), columns: columns, adaptsColumns: true)
        #expect(plain.samples.first?.label == "a")
        let unlabelled = try folder.write("caption,price\nhello,3\n", as: "u.csv")
        #expect(try Manifest.read(unlabelled, columns: columns, adaptsColumns: true, needsLabels: false).samples.count == 1)
        #expect(throws: BraidError.self) { try Manifest.read(unlabelled, columns: columns, needsLabels: false) }
    }

    @Test func whatIsNoRegularFileIsNamed() throws {
        let pipe = folder.url.appendingPathComponent("pipe")
        #expect(mkfifo(pipe.path, 0o600) == 0)
        let url = try folder.write("image,label\npipe,x\n.,y\na.png,z\n", as: "m.csv")
        let error = #expect(throws: BraidError.self) { try Manifest.read(url) }
        #expect(error?.faults.map(\.line) == [2, 3])
        #expect(error?.description.contains("is a folder") == true)
    }

    @Test func ignoredColumnsAreIgnoredWhateverTheirName() throws {
        let url = try folder.write("text,label,weight\nhello,a,heavy\n", as: "m.csv")
        #expect(throws: BraidError.self) { try Manifest.read(url) }
        #expect(try Manifest.read(url, columns: Columns(ignored: ["weight"])).samples.first?.weight == 1)
    }

    @Test func missingFilesAreKeptWhereTheyMayBeSkipped() throws {
        let url = try folder.write("image,label\na.png,x\ngone.png,y\n", as: "m.csv")
        let manifest = try Manifest.read(url, onBadSample: .skip)
        #expect(manifest.missingFiles.map(\.fault.line) == [3])
        #expect(throws: BraidError.self) { try Manifest.read(url, onBadSample: .fail) }
    }

    @Test(arguments: ["", "text,label\n", "nothing\n1\n"]) func emptyAndUselessManifestsAreRefused(_ content: String) throws {
        let url = try folder.write(content, as: "m.csv")
        let error = #expect(throws: BraidError.self) { try Manifest.read(url) }
        #expect(error?.code == .badData)
    }
}
