import BraidSupport
import Foundation
import TestSupport
import Testing

@testable import Braid

/// What people's files look like, and what must not be read as something else.
@Suite struct MessyManifestTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("x", as: "a.png")
    }

    private func faults(_ text: String, as name: String = "m.csv") throws -> [String] {
        do {
            _ = try Manifest.read(folder.write(text, as: name))
            return []
        } catch let error as BraidError { return error.faults.map(\.description) }
    }

    /// A quote that nobody meant, and rows that it would swallow.
    @Test func textBehindAClosingQuoteIsNamed() throws {
        let swallowed = try faults("id,text,label\n1,\"5 inch pipe,a\n2,short,b\n3,6\" pipe,a\n4,long,b\n")
        #expect(
            swallowed == [
                "m.csv:2: a quoted field that starts in this row ends in line 4 before other text; write a quote within a field twice"
            ])
        let same = try faults("id,text,label\n1,\"bold\"ly said,a\n2,short,b\n")
        #expect(
            same == ["m.csv:2: a quoted field that starts in this row ends before other text; write a quote within a field twice"])
        #expect(try faults("id,text,label\n1,5\" pipe,a\n2,\"said \"\"so\"\"\",b\n").isEmpty)
    }

    @Test func aQuotedFieldOfVeryManyLinesIsNamed() throws {
        let lines = (0..<DelimitedParser.linesOfField + 50).map { "\($0),text \($0),a" }.joined(separator: "\n")
        let found = try faults("id,text,label\nx,\"never closed,a\n\(lines)\ny,\"good\",b\n")
        #expect(found.contains { $0.hasPrefix("m.csv:2: a quoted field that starts in this row takes more than 100 lines") })
        // What comes behind is read again.
        #expect(!found.contains { $0.contains("never closed") })
        let hundred = (0..<DelimitedParser.linesOfField).map { "line \($0)" }.joined(separator: "\n")
        #expect(try faults("id,text,label\nx,\"\(hundred)\",a\ny,good,b\n").isEmpty)
    }

    @Test func semicolonsSeparateWhereAHeaderHasNoComma() throws {
        let manifest = try Manifest.read(folder.write("id;text;label\n1;one, two;a\n2;\"x;y\";b\n", as: "m.csv"))
        #expect(manifest.samples.map(\.text) == [.inline("one, two"), .inline("x;y")])
    }

    @Test func utf16IsOneFault() throws {
        let url = folder.url.appendingPathComponent("wide.csv")
        try #require("id,text,label\n1,a,b\n".data(using: .utf16)).write(to: url)
        let error = #expect(throws: BraidError.self) { try Manifest.read(url) }
        #expect(error?.faults.contains { $0.message.contains("is UTF-16") } == true)
        #expect((error?.faults.count ?? 9) <= 2)
    }

    @Test func jsonHasNoNaNAndTruthsAreLabels() throws {
        let found = try faults("{\"text\": \"a\", \"label\": NaN}\n{\"text\": \"b\", \"label\": \"x\"}\n", as: "m.jsonl")
        #expect(found.first?.contains("holds NaN or Infinity, which JSON does not have; write null") == true)
        let truths = try Manifest.read(
            folder.write("{\"text\": \"a\", \"label\": true}\n{\"text\": \"b\", \"label\": false}\n", as: "t.jsonl"))
        #expect(truths.samples.map(\.label) == ["true", "false"])
    }

    @Test func splitsHaveTheNamesPeopleGiveThem() throws {
        let names = ["Train", "TRAINING", "validation", "valid", "dev", "val", "Test", "testing "]
        let rows = names.enumerated().map { "\($0.offset),t\($0.offset),\($0.offset % 2),\($0.element)" }.joined(separator: "\n")
        let manifest = try Manifest.read(folder.write("id,text,label,split\n\(rows)\n", as: "m.csv"))
        #expect(manifest.samples.map(\.split) == [.train, .train, .val, .val, .val, .val, .test, .test])
    }

    @Test func blanksAroundALabelAreCutAndLikenessIsNamed() throws {
        let text =
            "id,text,label\n"
            + ["cat", "cat ", " Cat", "dog", "1", "1.0", "Dog"].enumerated().map { "\($0),x\($0),\($1)\n" }.joined()
        let url = try folder.write(text, as: "m.csv")
        #expect(try Manifest.read(url).samples.map(\.label) == ["cat", "cat", "Cat", "dog", "1", "1.0", "Dog"])
        let warnings = try DataCheck(manifest: url).warnings
        #expect(
            warnings.contains("label: \"1\" (1 row) and \"1.0\" (1 row) are different classes; write them alike if they are one"))
        #expect(warnings.contains { $0.hasPrefix("label: \"Cat\" (1 row) and \"cat\" (2 rows) are different") })
        #expect(warnings.contains { $0.hasPrefix("label: \"Dog\" (1 row) and \"dog\" (1 row) are different") })
    }

    @Test(arguments: [
        ("['red', 'blue']", ["red", "blue"]), ("[\"red\", \"it's\"]", ["red", "it's"]), ("['it\\'s', \"a, b\"]", ["it's", "a, b"]),
        ("[]", []), ("[1, 2]", ["1", "2"]), ("red|blue", ["red", "blue"]), ("|", []),
    ])
    func listsAreNames(_ cell: String, _ names: [String]) throws {
        #expect(try Multilabel().names(in: cell) == names)
        if cell.hasPrefix("["), names.count > 1 { #expect(ProposedTask([cell, "[]"]).kind == .multilabel) }
    }

    @Test func whatIsNoListIsAName() throws {
        #expect(
            NameList.names(in: "[red, blue]") == nil && NameList.names(in: "['red'") == nil
                && NameList.names(in: "['a' 'b']") == nil)
        #expect(try Multilabel(separator: ",").names(in: "red, blue") == ["red", "blue"])
        #expect(throws: TargetError.self) { try Multilabel(separator: ",").names(in: "red,,blue") }
        let lists = try Manifest.read(
            folder.write("{\"text\": \"a\", \"label\": [\"x|y\", \"z\"]}\n{\"text\": \"b\", \"label\": []}\n", as: "l.jsonl"))
        #expect(try lists.samples.map { try Multilabel().names(in: $0.label ?? "?") } == [["x|y", "z"], []])
    }

    /// No val split, and few rows: training needs some, and gets them from train.
    @Test func valIsTakenFromTrainWhereThereIsNone() throws {
        let rows = (0..<40).map { "\($0),t\($0),\($0 % 4 == 0 ? "rare" : "common"),\($0 < 32 ? "train" : "test")" }.joined(
            separator: "\n")
        let manifest = try Manifest.read(folder.write("id,text,label,split\n\(rows)\n", as: "m.csv"))
        let val = manifest.samples(in: .val)
        #expect((3...7).contains(val.count) && val.contains { $0.label == "rare" })
        #expect(manifest.samples(in: .train).contains { $0.label == "rare" } && manifest.samples(in: .test).count == 8)
        #expect(manifest.notes == ["no row is in val: \(val.count) of the 32 train rows stand in for it, each class in proportion"])
        // Where a model is applied, rows are what the file says they are.
        let url = folder.url.appendingPathComponent("m.csv")
        #expect(try Manifest.read(url, adaptsColumns: true).samples(in: .val).isEmpty)
        let ten = (0..<10).map { "\($0),t\($0),\($0 % 2)" }.joined(separator: "\n")
        let few = try Manifest.read(folder.write("id,text,label\n\(ten)\n", as: "ten.csv"))
        for split in Split.allCases { #expect(!few.samples(in: split).isEmpty, "\(split)") }
        #expect(Set(few.samples(in: .train).compactMap(\.label)).count == 2)
    }

    @Test func rowsWithoutAMediumAreSkippedWhereBadSamplesAre() throws {
        let url = try folder.write("id,text,label\n1,one,a\n2,,b\n3,three,b\n", as: "m.csv")
        let error = #expect(throws: BraidError.self) { try Manifest.read(url) }
        #expect(error?.description == "m.csv:3: has no image, text or audio; a sample needs at least one")
        let rest = try Manifest.read(url, onBadSample: .skip)
        #expect(rest.samples.map(\.id) == ["1", "3"])
        #expect(rest.notes == ["m.csv: 1 of 3 rows have no medium and are left out, the first in line 3"])
    }

    /// A file that a model meets may have columns that nobody knows.
    @Test func furtherColumnsAreNoFaultWhereAModelIsApplied() throws {
        let url = try folder.write("id,text,label,price,colour\n1,one,a,3,red\n2,two,b,4,blue\n", as: "m.csv")
        #expect(throws: BraidError.self) { try Manifest.read(url) }
        #expect(try Manifest.read(url, adaptsColumns: true).samples.count == 2)
    }

    /// Faults of the file and of its media come in one go, those of a kind together.
    @Test func manyFaultsOfAKindAreShort() throws {
        let rows = (0..<2000).map { "\($0),gone-\($0).png,\($0 % 2),\($0 == 7 ? "heavy" : "1")" }.joined(separator: "\n")
        let check = try DataCheck(manifest: folder.write("id,image,label,weight\n\(rows)\n", as: "m.csv"))
        #expect(check.errors.count >= 2001)
        let lines = check.summary.split(separator: "\n")
        #expect(lines.count < 20)
        #expect(lines.contains { $0.contains("m.csv:9: weight: \"heavy\" is not a number") })
        #expect(lines.contains { $0.contains("… and 1995 more like these") })
    }

    @Test func addressesAndForeignPathsAreNamed() throws {
        let there = folder.url.appendingPathComponent("a.png").absoluteString
        let cells = ["http://127.0.0.1:9/a.png", "s3://bucket/a.png", #"C:\pictures\a.png"#, there]
        let rows = cells.enumerated().map { "\($0.offset),\($0.element),\($0.offset % 2)\n" }.joined()
        let found = try faults("id,image,label\n" + rows)
        #expect(found.count == 3)
        #expect(found[0].hasPrefix("m.csv:2: image: http://127.0.0.1:9/a.png: cannot be fetched: "))
        #expect(found[1].contains("s3://bucket/a.png: lies in an object store (s3://)"))
        #expect(found[2].contains("is a path of Windows"))
    }

    /// gzip.compress(b"id,text,label\\n1,hello,a\\n2,hi,b\\n", mtime=0) of Python.
    private static let zipped =
        Data(base64Encoded: "H4sIAAAAAAAC/8tM0SlJrSjRyUlMSs3hMtTJSM3JyddJ5DLSycjUSeICALjyYSEfAAAA") ?? Data()

    /// The same rows, whole and cut.
    @Test func gzipIsRead() throws {
        let url = folder.url.appendingPathComponent("m.csv.gz")
        try Self.zipped.write(to: url)
        #expect(try Manifest.read(url).samples.map(\.text) == [.inline("hello"), .inline("hi")])
        for count in [30, Self.zipped.count - 4] {
            try Self.zipped.prefix(count).write(to: url)
            let error = #expect(throws: BraidError.self, "cut at \(count)") { try Manifest.read(url) }
            #expect(error?.description.contains("its compression is damaged") == true, "\(error?.description ?? "")")
        }
    }

    @Test func labelsAndWeightsThatTeachNothingAreNamed() throws {
        let url = try folder.write("id,text,label,weight\n1,a,x,0\n2,b,y,0\n3,c,x,0\n4,d,y,0\n", as: "m.csv")
        #expect(try DataCheck(manifest: url).errors.contains { $0.contains("every sample of the train split has weight 0") })
        #expect(throws: TargetError.self) { try Regression().names(in: "1e308") }
        #expect(try Regression().names(in: "-1e30") == [])
    }
}
