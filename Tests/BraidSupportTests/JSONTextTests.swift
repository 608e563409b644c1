import Foundation
import TestSupport
import Testing

@testable import BraidSupport

/// JSON that asks for memory or a deep stack, wherever it is read.
@Suite struct JSONTextTests {
    private func outcome(_ text: String, values: Int = 1_000, depth: Int = 10) -> String? {
        do {
            try JSONText.check(Data(text.utf8), file: "f", values: values, depth: depth)
            return nil
        } catch { return "\(error)" }
    }

    @Test func boundsValuesAndDepth() {
        #expect(outcome(#"{"a": [1, 2, {"b": "x,,,[[[\"{{{"}], "c": null}"#, values: 12, depth: 3) == nil)
        #expect(
            outcome("[1,2,3]", values: 3)
                == "f: JSON of more than 3 values; the limit json-values is 3: where that is meant, set BRAID_LIMITS=json-values=NUMBER in the environment"
        )
        let deep = outcome("[[[1]]]", depth: 2)
        #expect(deep?.hasPrefix("f: JSON that is nested more than 2 deep; the limit json-depth is 2") == true)
        #expect(outcome("[\"\\\"\", [\"\\\\\"], [[]]]", depth: 3) == nil)
        #expect(outcome("\"unended \\") == nil, "whether it is JSON is asked later")
    }

    /// In UTF-16 what looks like a quote may be half a character.
    @Test func takesUTF8Alone() throws {
        let data = try #require(#"{"a": 1}"#.data(using: .utf16LittleEndian))
        let error = #expect(throws: BraidError.self) { try JSONText.check(data, file: "f") }
        #expect(error?.description == "f: is not UTF-8, as JSON is")
    }

    @Test func filesAreBoundedToo() throws {
        let folder = try TemporaryFolder()
        let clock = ContinuousClock()
        let deep = try folder.write(String(repeating: "[", count: 100_000), as: "deep.json")
        let objects = try folder.write(String(repeating: "{\"a\":", count: 100_000), as: "objects.json")
        let wide = try folder.write("[" + String(repeating: "1,", count: 2_100_000) + "1]", as: "wide.json")
        let pipe = folder.url.appendingPathComponent("pipe.json")
        #expect(mkfifo(pipe.path, 0o600) == 0)
        let large = folder.url.appendingPathComponent("large.json")
        #expect(FileManager.default.createFile(atPath: large.path, contents: Data()))
        #expect(truncate(large.path, 3 << 30) == 0)
        let took = clock.measure {
            for (file, message) in [
                (deep, "nested more than 100 deep; the limit json-depth"),
                (objects, "nested more than 100 deep; the limit json-depth"),
                (wide, "more than 2000000 values; the limit json-values"), (pipe, "cannot be read"),
                (large, "3221225472 bytes; the limit json-bytes"),
            ] {
                let error = #expect(throws: BraidError.self) { try JSONObject(file) }
                #expect(error?.description.hasPrefix(file.path) == true && error?.description.contains(message) == true)
            }
            #expect(throws: BraidError.self) { try JSONObject(text: String(repeating: "[", count: 100_000), path: "text") }
        }
        #expect(took < .seconds(20))
    }

    /// What Braid wrote itself is bounded as what others did, and damage is named.
    @Test func recordsAreBoundedAndNamed() throws {
        let folder = try TemporaryFolder()
        func outcome(_ text: String) throws -> (value: [String: Int]?, error: String) {
            let file = try folder.write(text, as: "record.json")
            do { return (try JSONText.record(file), "") } catch { return (nil, "\(error)".replacing(file.path, with: "F")) }
        }
        #expect(try JSONText.record(folder.url.appendingPathComponent("none.json"), as: [String: Int].self) == nil)
        #expect(try outcome(#"{"a": 1}"#).value == ["a": 1])
        for damaged in ["", "{", #"{"a": "b"}"#, "[]", #"{"a": 1}x"#] {
            #expect(try outcome(damaged).error == "F: is damaged, or not what this version of Braid writes", "\(damaged)")
        }
        #expect(try outcome(String(repeating: "[", count: 100_000)).error.contains("the limit json-depth is 100"))
        #expect(try outcome("[" + String(repeating: "1,", count: 2_100_000) + "1]").error.contains("the limit json-values"))
    }
}
