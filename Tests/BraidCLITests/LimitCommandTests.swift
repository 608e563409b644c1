import Foundation
import TestSupport
import Testing

/// Limits as a user meets them: what is refused, how it is said, and how it is raised.
@Suite struct LimitCommandTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func braid(_ arguments: [String], limits: String? = nil) throws -> Ended {
        try Ended("braid", arguments, in: folder.url, limits.map { ["BRAID_LIMITS": $0] } ?? [:])
    }

    @Test func aLimitIsLoweredAndRaisedInTheEnvironment() throws {
        try folder.write("id,text,label,split\n1,a,x,train\n2,b,y,train\n3,c,x,val\n4,d,y,test\n", as: "m.csv")
        let lines = (1...4).map {
            "{\"id\": \($0), \"text\": \"t\($0)\", \"label\": \"\($0 % 2)\", \"split\": \"\($0 < 3 ? "train" : "val")\"}"
        }
        try folder.write(lines.joined(separator: "\n"), as: "m.jsonl")
        let advice = "where that is meant, set BRAID_LIMITS="
        let cases = [
            ("m.csv", "columns=3", "m.csv:1: more than 3 columns; the limit columns is 3: \(advice)columns=NUMBER"),
            ("m.csv", "row-bytes=10", "m.csv:1: a row of more than 10 bytes; the limit row-bytes is 10: \(advice)row-bytes=NUMBER"),
            ("m.csv", "cell-bytes=4", "m.csv:1: a cell of more than 4 bytes; the limit cell-bytes is 4"),
            ("m.jsonl", "columns=3", "m.jsonl:1: more than 3 different keys; the limit columns is 3"),
            ("m.jsonl", "row-bytes=10", "m.jsonl:1: a row of more than 10 bytes"),
            ("m.jsonl", "cell-bytes=4", "m.jsonl:1: a cell of more than 4 bytes"),
            ("m.csv", "columns=0", "BRAID_LIMITS: columns=0: expected NAME=NUMBER, with a number above 0"),
        ]
        for (file, limits, message) in cases {
            let ended = try braid(["check", file, "--quiet"], limits: limits)
            #expect(ended.code == (limits == "columns=0" ? 78 : 65), "\(limits): \(ended.error)")
            #expect(ended.error.hasPrefix("error: \(message)"), "\(limits): \(ended.error)")
        }
        let classes = try braid(["check", "m.csv", "--quiet"], limits: "classes=1")
        #expect(
            classes.code == 65 && classes.out.contains("error: m.csv: label: 2 classes in the train split; the limit classes is 1"))
        try folder.write("id,image,label\n" + (1...90).map { "\($0),gone\($0).png,\($0 % 2)\n" }.joined(), as: "gone.csv")
        try folder.write(String(repeating: "{no}\n", count: 90), as: "bad.jsonl")
        for file in ["gone.csv", "bad.jsonl"] {
            let many = try braid(["check", file, "--quiet"], limits: "faults=50")
            #expect(many.code == 65 && many.out.contains("reading ends after 90 faults; the limit faults is 50"), "\(many.out)")
        }
        for file in ["m.csv", "m.jsonl"] { #expect(try braid(["check", file, "--quiet"], limits: "columns=4").code == 0) }
    }

    /// A manifest may name anything by a path.
    @Test func mediaThatAreNoFilesOrTooLarge() throws {
        let place = { (name: String) in folder.url.appendingPathComponent(name).path }
        #expect(mkfifo(place("pipe"), 0o600) == 0)
        for (name, target) in [("zero", "/dev/zero"), ("log", "/proc/kmsg")] {
            try FileManager.default.createSymbolicLink(atPath: place(name), withDestinationPath: target)
        }
        #expect(
            FileManager.default.createFile(atPath: place("sparse"), contents: nil) && truncate(place("sparse"), 3_000_000_000) == 0)
        let names = ["pipe", "zero", ".", "gone", "sparse", "log"]
        for column in ["text_path", "image", "audio"] {
            let rows = names.enumerated().map { "\($0.offset),\($0.element),\($0.offset % 2)\n" }.joined()
            try folder.write("id,\(column),label\n\(rows)", as: "m.csv")
            let ended = try braid(["check", "m.csv", "--quiet", "--json"])
            #expect(ended.code == 65)
            for (line, reason) in [
                (2, "is not a regular file"), (3, "is not a regular file"), (4, "is a folder"), (5, "no such file"),
            ] {
                #expect(ended.out.contains("m.csv:\(line): \(column): ") && ended.out.contains(reason), "\(ended.out)")
            }
            #expect(ended.out.contains("m.csv:6: "), "\(column): \(ended.out)")
            if column == "text_path" {
                #expect(ended.out.contains("has 3000000000 bytes; the limit text-bytes is 16000000"), "\(ended.out)")
            }
        }
    }

    @Test func whatIsNamedAsAFileIsOne() throws {
        #expect(mkfifo(folder.url.appendingPathComponent("pipe.yaml").path, 0o600) == 0)
        #expect(mkfifo(folder.url.appendingPathComponent("pipe.csv").path, 0o600) == 0)
        for (arguments, code) in [
            (["check", "pipe.yaml"], Int32(66)), (["check", "pipe.csv"], 66), (["train", "pipe.yaml"], 66),
            (["init", "pipe.csv"], 66),
            (["check", "/dev/zero"], 66),
        ] {
            let ended = try braid(arguments)
            #expect(ended.code == code && ended.error.contains("is not a regular file"), "\(arguments): \(ended.error)")
        }
        try FileManager.default.createSymbolicLink(
            atPath: folder.url.appendingPathComponent("log.csv").path, withDestinationPath: "/proc/kmsg")
        #expect(try braid(["check", "log.csv"]).code != 0)
        try folder.write("a: 1", as: "c.yaml")
        let limited = try braid(["train", "c.yaml"], limits: "document-bytes=3")
        #expect(limited.code == 65 && limited.error.contains("4 bytes; the limit document-bytes is 3"), "\(limited.error)")
    }
}
