import Foundation
import TestSupport
import Testing

@testable import Torch

@Suite struct ShardedCheckpointTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        let shards = Fixtures.url("checkpoints/shards")
        for name in try FileManager.default.contentsOfDirectory(atPath: shards.path) {
            try FileManager.default.copyItem(
                at: shards.appendingPathComponent(name), to: folder.url.appendingPathComponent(name))
        }
    }

    @Test(arguments: ["model.safetensors.index.json", "pytorch_model.bin.index.json"])
    func readsAllShards(_ index: String) throws {
        let checkpoint = try Checkpoints.open(folder.url.appendingPathComponent(index))
        #expect(checkpoint is ShardedCheckpoint)
        #expect(checkpoint.directory.mapValues(\.shape) == ["a.weight": [2, 2], "a.bias": [2], "b.weight": [3]])
        #expect(try checkpoint.tensor("b.weight").bytes() == [Float(0), 1, 2].flatMap { bytes($0.bitPattern) })
        let error = #expect(throws: CheckpointError.self) { try checkpoint.tensor("c") }
        #expect(error?.message == "there is no tensor called c")
    }

    @Test func listsAllThatIsWrong() throws {
        let first = "model-00001-of-00002.safetensors"
        try Data("junk".utf8).write(to: folder.url.appendingPathComponent("junk.bin"))
        try FileManager.default.copyItem(
            at: folder.url.appendingPathComponent(first), to: folder.url.appendingPathComponent("copy.safetensors"))
        let url = try folder.write(
            """
            {"metadata": {}, "weight_map": {"a.weight": "\(first)", "b.weight": "\(first)", "c": "absent.safetensors",
            "d": "../model.safetensors", "e": "/etc/passwd", "f": "junk.bin", "g": "index.json", "a.bias": "copy.safetensors"}}
            """, as: "index.json")
        let error = #expect(throws: CheckpointError.self) { try ShardedCheckpoint(url) }
        #expect(
            error?.description == """
                \(url.path): the index and its files do not fit:
                  ../model.safetensors is not in the index's folder
                  /etc/passwd is not in the index's folder
                  absent.safetensors: cannot be read: no such file
                  index.json is no checkpoint but an index
                  junk.bin: is no checkpoint that is known here: neither safetensors nor a file of torch.save
                  a.bias is in copy.safetensors and in \(first)
                  a.weight is in \(first) and in copy.safetensors
                  b.weight is not in \(first)
                """)
    }

    @Test func boundsFilesAndTensors() throws {
        func index(_ count: Int, _ file: (Int) -> String) -> String {
            #"{"weight_map": {"# + (0..<count).map { "\"t\($0)\": \"\(file($0))\"" }.joined(separator: ",") + "}}"
        }
        let files = try folder.write(index(1_001) { "\($0).bin" }, as: "files.index.json")
        let first = #expect(throws: CheckpointError.self) { try ShardedCheckpoint(files) }
        #expect(first?.message.hasPrefix("names more than 1000 files; the limit shards is 1000") == true)
        let tensors = try folder.write(index(100_001) { _ in "a" }, as: "tensors.index.json")
        let second = #expect(throws: CheckpointError.self) { try ShardedCheckpoint(tensors) }
        #expect(second?.message.hasPrefix("names more than 100000 tensors; the limit tensors is 100000") == true)
    }

    @Test(arguments: [
        ("{}", "is not the index of a checkpoint: it has no weight_map from names to files"),
        (#"{"weight_map": {"a": 3}}"#, "is not the index of a checkpoint: it has no weight_map from names to files"),
        (#"{"weight_map": {}}"#, "the index names no tensors"),
        (#"{"weight_map": {"a": "x", "a": "x"}}"#, "names a twice"),
        ("{", "is not the index of a checkpoint: it has no weight_map from names to files"),
    ])
    func refusesWhatIsNoIndex(_ content: String, _ message: String) throws {
        let url = try folder.write(content, as: "index.json")
        #expect(#expect(throws: CheckpointError.self) { try Checkpoints.open(url) }?.message == message)
    }
}
