import Foundation
import TestSupport
import Testing

@testable import Torch

/// Headers of safetensors files that ask for time and memory: each is refused before anything is made of it.
@Suite struct HostileHeaderTests {
    private func outcome(_ header: String, _ bounds: SafetensorsHeader.Bounds = .init(), data: Int = 0) -> String? {
        let bytes = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8)
        return (bytes + [UInt8](repeating: 0, count: data)).withUnsafeBytes { all in
            do {
                _ = try SafetensorsHeader(all, path: "f", bounds: bounds).parse()
                return nil
            } catch { return "\(error)" }
        }
    }

    private static func entry(_ name: String, shape: String = "[0]") -> String {
        #""\#(name)":{"dtype":"F32","shape":\#(shape),"data_offsets":[0,0]}"#
    }

    private static func advice(_ limit: String) -> String {
        ": where that is meant, set BRAID_LIMITS=\(limit)=NUMBER in the environment"
    }

    @Test func boundsBytesTensorsAndNames() {
        let three = "{" + (0..<3).map { Self.entry("t\($0)") }.joined(separator: ",") + "}"
        #expect(outcome(three) == nil)
        #expect(
            outcome(three, .init(bytes: 20))
                == "f: has a header of \(three.utf8.count) bytes; the limit header-bytes is 20\(Self.advice("header-bytes"))")
        #expect(
            outcome(three, .init(tensors: 2)) == "f: has more than 2 tensors; the limit tensors is 2\(Self.advice("tensors"))")
        #expect(
            outcome(three, .init(nameBytes: 1))
                == "f: has a name of 2 bytes, t0; the limit tensor-name-bytes is 1\(Self.advice("tensor-name-bytes"))")
        let texts = #"{"__metadata__":{"a":"","b":"","c":""}}"#
        #expect(outcome(texts) == nil)
        #expect(outcome(texts, .init(tensors: 2))?.contains("more than 2 texts in __metadata__; the limit tensors is 2") == true)
    }

    /// The two of the issue, shrunk: many tensors, and nothing but numbers.
    @Test func stopsWhereTheLimitIs() {
        let clock = ContinuousClock()
        let many = "{" + (0..<20_000).map { Self.entry("t\($0)") }.joined(separator: ",") + "}"
        let numbers = "{" + Self.entry("a", shape: "[" + String(repeating: "1,", count: 1_000_000) + "1]") + "}"
        let took = clock.measure {
            #expect(outcome(many, .init(tensors: 100))?.hasPrefix("f: has more than 100 tensors") == true)
            #expect(outcome(numbers) == "f: a: has more than 64 dimensions")
        }
        #expect(took < .seconds(20))
    }

    @Test(arguments: [
        ("{\(entry("a")),\(entry("a"))}", "f: a is there twice"),
        (#"{"__metadata__":{},"__metadata__":{}}"#, "f: __metadata__ is there twice"),
        (#"{"__metadata__":3}"#, "f: __metadata__ must map names to texts"),
        (#"{"__metadata__":{"a":3}}"#, "f: __metadata__ must map names to texts"),
        (#"{"a":{"dtype":"F32","dtype":"F32","shape":[],"data_offsets":[0,4]}}"#, "f: a: dtype is there twice"),
        (#"{"a":{"dtype":"F32","shape":[0]}}"#, "f: a: expected dtype, shape and data_offsets"),
        (#"{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0,0]}}"#, "f: a: expected dtype, shape and data_offsets"),
        (#"{"a":[]}"#, "f: a: expected dtype, shape and data_offsets"),
        (
            #"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,0]}}"#,
            "f: the header is not JSON of tensors: expected a smaller number at byte 55"
        ),
        ("{} x", "f: the header is not JSON of tensors: expected its end at byte 11"),
        ("", "f: the header is not JSON of tensors: expected a { at byte 8"),
        ("[", "f: the header is not JSON of tensors: expected a { at byte 8"),
    ])
    func refusesWhatIsNoHeader(_ header: String, _ message: String) {
        #expect(outcome(header) == message)
    }

    /// What a field that nobody reads holds is skipped, however deep it nests.
    @Test func skipsWhatNestsDeep() {
        let depth = 100_000
        let deep = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        #expect(outcome(#"{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0],"x":\#(deep)}}"#) == nil)
        #expect(outcome(#"{"a":\#(deep)}"#) == "f: a: expected dtype, shape and data_offsets")
    }

    @Test func readsEscapesAndSpaces() throws {
        let header = "{ \"a\\u00e9\\\"\" : { \"data_offsets\" : [ 0 , 8 ] , \"shape\":[ 2 ],\n\"dtype\":\"F32\"} }   "
        let bytes = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8)
        let (entries, _) = try (bytes + [UInt8](repeating: 0, count: 8)).withUnsafeBytes {
            try SafetensorsHeader($0, path: "f").parse()
        }
        #expect(entries.keys.sorted() == ["aé\""] && entries["aé\""]?.shape == [2])
    }
}
