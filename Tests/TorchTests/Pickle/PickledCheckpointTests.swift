import Foundation
import TestSupport
import Testing

@testable import Torch

/// Files of torch.save against the same tensors as safetensors.
@Suite struct PickledCheckpointTests {
    @Test(arguments: ["zip.pth", "zip-protocol4.pth", "zip-protocol5.pt", "legacy.pth", "legacy-protocol4.pth"])
    func readsWhatTorchSaves(_ name: String) throws {
        let file = try PickledCheckpoint(Fixtures.url("checkpoints/\(name)"))
        try expectSame(file, Fixtures.tensors("checkpoints/expected.safetensors"))
        #expect(file.source == (name == "zip-protocol5.pt" ? "state_dict" : nil))
        #expect(file.alternatives.isEmpty)
        #expect(file.unsupported.isEmpty)
    }

    @Test func saysHowElementsLie() throws {
        let file = try PickledCheckpoint(Fixtures.url("checkpoints/zip.pth"))
        let (base, rows) = (try #require(file.entries["base"]), try #require(file.entries["rows"]))
        #expect(base.isContiguous && rows.isContiguous && base.isAligned)
        #expect(rows.range == base.range.lowerBound + 48..<base.range.upperBound, "the storage is shared")
        let shared = ["base", "every_other", "rows", "transposed"]
        #expect(file.entries.filter(\.value.isShared).keys.sorted() == shared)
        #expect(file.entries["transposed"]?.isContiguous == false)
        #expect(file.entries["transposed"]?.strides == [1, 6])
        #expect(file.entries["every_other"]?.strides == [12, 3])
        #expect(file.entries["expanded"]?.strides == [0, 1])
        #expect(file.entries["scalar"]?.shape == [])
        let legacy = try PickledCheckpoint(Fixtures.url("checkpoints/legacy.pth"))
        #expect(legacy.entries.values.contains { !$0.isAligned })
    }

    /// The files hold an optimizer, values of NumPy, a Namespace, a defaultdict, a set, a device and a long integer too.
    @Test(arguments: ["training-zip.pth", "training-legacy.pth"])
    func findsTheModelOfATrainingCheckpoint(_ name: String) throws {
        let url = Fixtures.url("checkpoints/\(name)")
        let file = try PickledCheckpoint(url)
        #expect(file.source == "model")
        #expect(file.alternatives == ["model_ema"])
        try expectSame(file, Fixtures.tensors("checkpoints/training.safetensors"))

        let other = try PickledCheckpoint(url, source: "model_ema")
        #expect(other.source == "model_ema")
        #expect(other.entries.keys.sorted() == ["only"])
        let error = #expect(throws: CheckpointError.self) { try PickledCheckpoint(url, source: "args") }
        #expect(error?.message == "has no tensors under args")
    }

    @Test func joinsNestedNamesWithDots() throws {
        let file = try PickledCheckpoint(Fixtures.url("checkpoints/nested.pth"))
        #expect(file.source == nil)
        #expect(file.directory.mapValues(\.shape) == ["encoder.w": [2, 6], "decoder.layers.0": []])
    }

    @Test func refusesUnsupportedTensorsOnlyWhenAskedForThem() throws {
        let file = try PickledCheckpoint(Fixtures.url("checkpoints/unsupported.pth"))
        #expect(file.entries.keys.sorted() == ["fine"])
        let reasons = [
            "sparse": "it is sparse, and only dense tensors are read",
            "quantized": "it is quantized, and only dense tensors are read",
            "meta": "it is without data (on the meta device), and only dense tensors are read",
            "conjugate": "it is a negative or conjugate view, and only plain tensors are read",
            "negative": "it is a negative or conjugate view, and only plain tensors are read",
            "complex": "its dtype complex64 is not supported", "uint16": "its dtype uint16 is not supported",
            "float8": "its dtype float8_e4m3fn is not supported",
        ]
        #expect(file.unsupported == reasons)
        for (name, reason) in reasons {
            let error = #expect(throws: CheckpointError.self) { try file.tensor(name) }
            #expect(error?.message == "\(name) cannot be read: \(reason)")
        }
        let error = #expect(throws: CheckpointError.self) { try file.tensor("absent") }
        #expect(error?.message == "there is no tensor called absent")
    }

    private func expectSame(_ file: PickledCheckpoint, _ expected: SafetensorsFile) throws {
        #expect(file.directory == expected.directory)
        for name in expected.entries.keys.sorted() {
            let (tensor, reference) = (try file.tensor(name), try expected.tensor(name))
            #expect(tensor.shape == reference.shape, "\(name)")
            #expect(tensor.dtype == reference.dtype, "\(name)")
            #expect(try tensor.bytes() == reference.bytes(), "\(name)")
        }
    }
}
