import BraidSupport
import Foundation
import TestSupport
import Testing

@testable import Braid

/// Manifests that ask for too much, and others that are only large: time grows with the file, and what is refused is refused at once.
@Suite struct LargeManifestTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func refusal(_ text: String, as name: String) throws -> String {
        let url = try folder.write(text, as: name)
        let clock = ContinuousClock()
        var message = ""
        let time = clock.measure {
            do { _ = try Manifest.read(url) } catch { message = "\(error)" }
        }
        #expect(time < .seconds(20), "\(name) took \(time), in a build without optimisation")
        return message
    }

    @Test(arguments: ["csv", "tsv"]) func aHeaderOfVeryManyColumnsIsRefused(_ ending: String) throws {
        let separator = ending == "csv" ? "," : "\t"
        let names = (0..<100_000).map { "c\($0)" }.joined(separator: separator)
        let found = try refusal("text\(separator)label\(separator)\(names)\n", as: "m.\(ending)")
        #expect(
            found
                == "m.\(ending):1: more than 65536 columns; the limit columns is 65536: where that is meant, set BRAID_LIMITS=columns=NUMBER in the environment"
        )
    }

    @Test func veryManyKeysAreRefused() throws {
        let one = (0..<100_000).map { "\"k\($0)\": 1" }.joined(separator: ",")
        #expect(
            try refusal("{\(one)}\n", as: "one.jsonl").hasPrefix("one.jsonl:1: more than 65536 different keys; the limit columns"))
        let many = (0..<70_000).map { "{\"k\($0)\":1}\n" }.joined()
        #expect(try refusal(many, as: "many.jsonl").hasPrefix("many.jsonl:65537: more than 65536 different keys"))
    }

    @Test func largeCellsAndRowsAreRefused() throws {
        let text = String(repeating: "a b ", count: 1_250_000)
        for (name, content) in [
            ("c.csv", "text,label\n\(text),x\n"), ("q.csv", "text,label\n\"\(text)\",x\n"),
            ("j.jsonl", "{\"label\": \"x\", \"text\": \"\(text)\"}\n"),
        ] {
            let line = name == "j.jsonl" ? 1 : 2
            #expect(
                try refusal(content, as: name).hasPrefix("\(name):\(line): a cell of more than 4000000 bytes; the limit cell-bytes")
            )
        }
        let half = String(text.prefix(3_500_000))
        let cells = Array(repeating: half, count: 3)
        #expect(
            try refusal("text,a,b\n\(cells.joined(separator: ","))\n", as: "r.csv")
                .hasPrefix("r.csv:2: a row of more than 8000000 bytes; the limit row-bytes"))
        let keys = cells.enumerated().map { "\"k\($0.offset)\": \"\($0.element)\"" }.joined(separator: ",")
        #expect(try refusal("{\(keys)}", as: "r.jsonl").hasPrefix("r.jsonl:1: a row of more than 8000000 bytes"))
        let list = "{\"text\": \"a\", \"label\": [\(String(repeating: "0,", count: 2_500_000))0]}\n"
        #expect(try refusal(list, as: "l.jsonl").contains("limit cell-bytes"))
    }

    @Test func longNamesAreRefused() throws {
        let long = String(repeating: "é", count: 2500)
        for (name, content, place) in [
            ("i.csv", "id,text,label\n\(long),a,x\n", "i.csv:2: id: is a name of 5000"),
            ("g.csv", "text,label,group\na,x,\(long)\n", "g.csv:2: group: is a name of 5000"),
            ("l.csv", "text,label\na,x\nb,\(long)\n", "l.csv:3: label: is a name of 5000"),
            ("l.jsonl", "{\"text\": \"a\", \"label\": [\"x\", \"\(long)\"]}\n", "l.jsonl:1: label: is a name of 5003"),
            ("c.tsv", "text\tlabel\t\(long)\na\tx\t1\n", "c.tsv: the name of column 3 has 5000"),
        ] {
            let found = try refusal(content, as: name)
            #expect(found.hasPrefix("\(place) bytes; the limit name-bytes is 4096"), "\(found)")
        }
        // A list may be longer, and so may a text.
        let names = (0..<1000).map { "class \($0)" }
        let url = try folder.write("text,label\n\(long),\(names.joined(separator: "|"))\n", as: "m.csv")
        #expect(try Manifest.read(url).samples.count == 1)
    }

    /// A column of sentences that was taken for one of labels.
    @Test func sentencesAsLabelsTakeLinearTime() throws {
        let sentence = String(repeating: "of many words, ", count: 250)
        let url = try folder.write(
            "text,label\n" + (0..<2000).map { "a,\"\($0) \(sentence)\($0)\"\n" }.joined(), as: "m.csv")
        let time = try ContinuousClock().measure {
            let labels = try Manifest.read(url).samples.compactMap { $0.labels["label"] }
            #expect(ProposedTask(labels).kind == .multiclass)
            let counts = [Split.train: Dictionary(uniqueKeysWithValues: labels.map { ($0, 1) })]
            #expect(DataCheck.nearlyEqual(counts, HeadSettings(.multiclass)).isEmpty)
        }
        #expect(time < .seconds(20), "\(time), in a build without optimisation")
    }

    @Test func veryManyClassesAreRefused() throws {
        let samples = (0..<12_000).map {
            Sample(id: "\($0)", line: $0 + 2, split: .train, media: [.text: .inline("x")], label: "class \($0)")
        }
        let error = #expect(throws: BraidError.self) { try Target.fit(HeadSettings(.multiclass), samples, file: "m.csv") }
        #expect(error?.description.hasPrefix("m.csv: label: 12000 classes in the train split; the limit classes is 10000") == true)
        let target = try Target.fit(HeadSettings(.multiclass), samples, file: "m.csv", mostClasses: 12_000)
        #expect(try target.scale.index(of: "class 11999") == target.classes.firstIndex(of: "class 11999"))
    }

    /// Twice as many columns take about twice the time, and not four times.
    @Test func timeGrowsWithTheColumns() throws {
        func seconds(_ count: Int) throws -> Double {
            let names = (0..<count).map { "c\($0)" }
            let url = try folder.write(
                "text,label,\(names.joined(separator: ","))\n"
                    + (0..<4).map { "t\($0),\($0 % 2),\(Array(repeating: "1", count: count).joined(separator: ","))\n" }.joined(),
                as: "w\(count).csv")
            let columns = Columns(
                ignored: Array(names.dropFirst(10)), tables: [.tabular: TableColumns(numbers: Array(names.prefix(10)))])
            var samples = 0
            let time = try ContinuousClock().measure { samples = try Manifest.read(url, columns: columns).samples.count }
            #expect(samples == 4)
            return time / .seconds(1)
        }
        _ = try seconds(500)
        let (small, large) = (try seconds(5000), try seconds(20_000))
        #expect(large < 12 * small + 0.2, "\(small) s, then \(large) s")
    }

    @Test func unknownColumnsAreNamedInLinearTime() throws {
        let names = (0..<20_000).map { "unknown \($0)" }.joined(separator: ",")
        let found = try refusal("text,label,\(names)\na,b\(String(repeating: ",", count: 20_000))\n", as: "m.csv")
        #expect(found.contains("… and 19") || found.contains("more like these"))
    }

    /// A file is the same however it comes in pieces.
    @Test func piecesMakeNoDifference() throws {
        let text = Data("a,\"b\"\"c\r\nd\",\r\n\n\"x\"y,z\n,\"\"\n\"1\n2\",3,4\n5,6\r7".utf8)
        func records(_ size: Int) throws -> ([String], [Fault]) {
            var parser = DelimitedParser(separator: ",")
            var found: [String] = []
            for start in stride(from: 0, to: text.count, by: size) {
                try parser.feed(text.subdata(in: start..<min(start + size, text.count))) { line, record in
                    found.append("\(line): \(record.texts().texts)")
                }
            }
            let last = try parser.finish { line, record in found.append("\(line): \(record.texts().texts)") }
            return (found, parser.faults + [last].compactMap { $0 })
        }
        let whole = try records(text.count)
        #expect(
            whole.0 == [
                "1: [\"a\", \"b\\\"c\\r\\nd\", \"\"]", "5: [\"\", \"\"]", "6: [\"1\\n2\", \"3\", \"4\"]", "8: [\"5\", \"6\"]",
                "9: [\"7\"]",
            ])
        #expect(whole.1.map(\.line) == [4])
        for size in [1, 2, 3, 7] {
            let parts = try records(size)
            #expect(parts.0 == whole.0 && parts.1 == whole.1, "\(size)")
        }
    }

    @Test func numbersAndGivenIDsAreToldApart() {
        var ids = SampleIDs()
        #expect(ids.note(nil, row: 1, line: 2) == nil && ids.note(nil, row: 2, line: 3) == nil)
        #expect(ids.note("x", row: 3, line: 4) == nil && ids.note("x", row: 4, line: 5) == 4)
        #expect(ids.note("2", row: 5, line: 6) == 3 && ids.note("7", row: 6, line: 7) == nil)
        #expect(ids.note(nil, row: 7, line: 8) == 7)
        #expect((8..<5000).allSatisfy { ids.note("id \($0)", row: $0, line: $0) == nil })
        #expect(ids.note("id 4321", row: 5000, line: 1) == 4321)
        #expect(ids.note("e\u{301}", row: 5001, line: 1) == nil && ids.note("\u{E9}", row: 5002, line: 1) == nil)
    }

    /// What a check keeps of rows divides them as the whole samples are divided.
    @Test func aCheckCountsWhatTrainingSees() throws {
        let plain = (0..<300).map { "\($0),t\($0),\($0 % 3 == 0 ? "rare" : "common"),\($0 % 40)" }
        let split = (0..<90).map { "\($0),t\($0),\($0 % 3),,\($0 < 60 ? "train" : "test")" }
        for (name, text) in [
            ("a.csv", "id,text,label,group\n\(plain.joined(separator: "\n"))\n"),
            ("b.csv", "id,text,label,group,split\n\(split.joined(separator: "\n"))\n"),
            ("c.csv", "id,text,label\n1,a,x\n2,b,y\n3,c,x\n4,d,y\n"),
        ] {
            let url = try folder.write(text, as: name)
            let manifest = try Manifest.read(url)
            let counts = try DataCheck(manifest: url, heads: [HeadSettings(.multiclass)]).counts[0].splits
            for split in Split.allCases {
                let labels = manifest.samples(in: split).compactMap(\.label)
                #expect(counts[split] ?? [:] == Dictionary(labels.map { ($0, 1) }, uniquingKeysWith: +), "\(name), \(split)")
            }
        }
    }

    @Test func numbersThatOverflowAreNamed() throws {
        let url = try folder.write(
            "id,text,label,weight,age\n1,a,1e308,1,3\n2,b,2,1e300,1e308\n3,c,3,1,-1e200\n", as: "m.csv")
        let columns = Columns(tables: [.tabular: TableColumns(numbers: ["age"])])
        let error = #expect(throws: BraidError.self) { try Manifest.read(url, columns: columns) }
        #expect(
            error?.faults.map(\.description) == [
                "m.csv:3: age: \"1e308\" is beyond what can be learnt; expected a number from -1e30 to 1e30",
                "m.csv:3: weight: \"1e300\" is beyond any weight; expected a number from 0 to 1e12",
                "m.csv:4: age: \"-1e200\" is beyond what can be learnt; expected a number from -1e30 to 1e30",
            ])
        let samples = [1.0, 1e308].enumerated().map {
            Sample(id: "\($0.offset)", line: $0.offset + 2, split: .train, media: [:], label: "\($0.element)")
        }
        let label = #expect(throws: BraidError.self) { try Target.fit(HeadSettings(.regression), samples, file: "m.csv") }
        #expect(label?.description.hasPrefix("m.csv:3: label: 1e+308 is beyond what can be learnt") == true)
    }
}
