import BraidSupport
import Foundation
import TestSupport
import Testing

/// Files that appear whole, and what is found in them.
@Suite struct FilesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Two threads that write the same file leave the one's content or the other's, and no temporary file.
    @Test func writersOfOneFileDoNotMixTheirContents() throws {
        let url = folder.url.appendingPathComponent("file")
        let texts = ["a", "b"].map { String(repeating: $0, count: 200_000) }
        let failures = Failures()
        DispatchQueue.concurrentPerform(iterations: 8) { index in
            do { try AtomicFile.write(texts[index % 2], to: url) } catch { failures.add("\(error)") }
        }
        #expect(failures.all.isEmpty, "\(failures.all)")
        #expect(try texts.contains(String(contentsOf: url, encoding: .utf8)))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["file"])
    }

    @Test func aFolderThatCannotBeWrittenIsNamed() throws {
        let error = #expect(throws: FileWriteError.self) {
            try AtomicFile.write("x", to: folder.url.appendingPathComponent("none/file"))
        }
        #expect(error?.description.hasSuffix("none/file: cannot be written: No such file or directory") == true)
    }

    @Test(arguments: [("a,b", "\"a,b\""), ("say \"so\"", "\"say \"\"so\"\"\""), ("plain", "plain"), ("a\nb", "\"a\nb\"")])
    func cellsAreQuotedWhereTheyMustBe(_ cell: String, _ quoted: String) { #expect(DelimitedText.quoted(cell) == quoted) }

    @Test func sizesAreReadInDecimalUnits() {
        #expect(ByteCount.text(999) == "999 B")
        #expect(ByteCount.text(1_500_000) == "1.5 MB")
    }

    @Test func fieldsAreAskedForByType() throws {
        let json = try JSONObject(folder.write(#"{"size": 3, "name": "x", "none": null}"#, as: "a.json"))
        #expect(try json.int("size") == 3 && json.string("name") == "x" && !json.has("none"))
        #expect(throws: BraidError.self) { try json.int("name") }
        #expect(throws: BraidError.self) { try json.int("absent") }
        #expect(try json.int("absent", 7) == 7)
    }

    @Test func theNearestNameIsFound() {
        #expect(nearest(to: "fusoin", in: ["fusion", "head"]) == "fusion")
        #expect(nearest(to: "zzzzzz", in: ["fusion", "head"]) == nil)
        // A name that is as long as a file makes it takes no time.
        let long = String(repeating: "x", count: 5_000_000)
        let before = ContinuousClock.now
        #expect(nearest(to: long, in: ["fusion", long + "y"]) == nil && nearest(to: "fusoin", in: [long, "fusion"]) == "fusion")
        #expect(near(long, in: ["fusion", "head"], atMost: 3).isEmpty)
        #expect(ContinuousClock.now - before < .seconds(2))
    }
}

private final class Failures: @unchecked Sendable {
    private let lock = NSLock()
    private var texts: [String] = []

    func add(_ text: String) { lock.withLock { texts.append(text) } }
    var all: [String] { lock.withLock { texts } }
}
