import Foundation
import TestSupport
import Testing
import Torch

@Suite struct SafetensorsTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func roundTripsDtypesShapesAndMetadata() throws {
        let url = folder.url.appendingPathComponent("a.safetensors")
        let tensors: [(name: String, tensor: Tensor)] = [
            ("half", try Tensor([Float(1), 2.5], shape: [2]).converted(to: .float16)),
            ("ids", try Tensor([Int64(3), -4], shape: [2, 1])),
            ("scalar", try Tensor.full([], 7)), ("empty", try Tensor.zeros([0, 5])), ("bytes", try Tensor([UInt8(9)], shape: [1])),
        ]
        try SafetensorsWriter.write(tensors, metadata: ["format": "pt"], to: url)
        let file = try SafetensorsFile(url)
        #expect(file.metadata == ["format": "pt"])
        #expect(file.entries.count == tensors.count)
        for (name, tensor) in tensors {
            let read = try file.tensor(name)
            #expect(read.dtype == tensor.dtype)
            try #expect(maxDifference(read, tensor) == 0)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["a.safetensors"])
    }

    /// Files whose header lies about what follows.
    @Test(arguments: [
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,400]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#, 0),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 8), (#"{"a":3}"#, 0), ("[1]", 0), ("nonsense", 0),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, 4),
    ])
    func refusesHeadersThatLie(_ header: String, _ dataBytes: Int) throws {
        let url = folder.url.appendingPathComponent("bad.safetensors")
        let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
        try (length + Data(header.utf8) + Data(count: dataBytes)).write(to: url)
        #expect(throws: SafetensorsError.self) { try SafetensorsFile(url) }
    }

    @Test func refusesEveryTruncation() throws {
        let whole = folder.url.appendingPathComponent("whole.safetensors")
        try SafetensorsWriter.write([("a", try Tensor.ones([4]))], to: whole)
        let data = try Data(contentsOf: whole)
        let cut = folder.url.appendingPathComponent("cut.safetensors")
        for length in 0..<data.count {
            try data.prefix(length).write(to: cut)
            #expect(throws: SafetensorsError.self, "cut to \(length) bytes") { try SafetensorsFile(cut) }
        }
    }

    @Test func loadingReportsEverythingAtOnce() throws {
        let url = folder.url.appendingPathComponent("m.safetensors")
        try SafetensorsWriter.write(
            [("a.weight", try .zeros([3, 2])), ("a.bais", try .zeros([3])), ("extra", try .zeros([1]))], to: url)
        let store = try ParameterStore(loading: SafetensorsFile(url))
        _ = try Linear(Scope(store) / "a", 4, 3)
        let error = #expect(throws: LoadError.self) { try store.report.check() }
        let report = try #require(error?.report)
        #expect(report.missing == ["a.bias"])
        #expect(report.unused == ["a.bais", "extra"])
        #expect(report.mismatched.map(\.key) == ["a.weight"])
        #expect(error?.description.contains("missing: a.bias; the file has a.bais") == true)
    }

    @Test func trainingALoadedTensorLeavesTheFileAlone() throws {
        let url = folder.url.appendingPathComponent("m.safetensors")
        try SafetensorsWriter.write([("w", try .ones([4]))], to: url)
        let before = try Data(contentsOf: url)
        let tensor = try SafetensorsFile(url).tensor("w")
        try tensor.copyInPlace(from: .zeros([4]))
        #expect(try tensor.array() == [0, 0, 0, 0])
        #expect(try Data(contentsOf: url) == before)
    }

    /// What an optimizer has kept goes back where it was, or is refused by its name.
    @Test func whatIsCopiedOverHasTheSameForm() throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appendingPathComponent("kept.safetensors")
        try SafetensorsWriter.write(
            [
                ("whole", try .full([2], 3)), ("wide", try .full([1, 2], 3)), ("broken", try .full([2], .nan)),
                ("integers", try Tensor.full([2], 3).converted(to: .int64)),
            ], to: url)
        let file = try SafetensorsFile(url)
        let target = try Tensor.zeros([2])
        try file.copy("whole", over: target)
        #expect(try target.array() == [3, 3])
        for (name, message) in [
            ("wide", "wide is float32 [1, 2], expected float32 [2]"), ("integers", "integers is int64 [2], expected float32 [2]"),
            ("broken", "broken holds NaN or infinity"), ("none", "there is no tensor called none"),
        ] {
            let error = #expect(throws: SafetensorsError.self) { try file.copy(name, over: target) }
            #expect(error?.description == "\(url.path): \(message)")
        }
        #expect(try target.array() == [3, 3])
    }
}
