import Foundation
import TestSupport
import Testing

@testable import Torch

/// Files that are no checkpoint, or another one than their name says.
@Suite struct CheckpointFormatTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func opensByContentNotByName() throws {
        let formats: [(String, any Checkpoint.Type)] = [
            ("zip.pth", PickledCheckpoint.self), ("legacy.pth", PickledCheckpoint.self),
            ("expected.safetensors", SafetensorsFile.self), ("shards/model.safetensors.index.json", ShardedCheckpoint.self),
        ]
        for (name, type) in formats {
            #expect(Swift.type(of: try Checkpoints.open(Fixtures.url("checkpoints/\(name)"))) == type)
        }
        let disguised = folder.url.appendingPathComponent("weights.pth")
        try FileManager.default.copyItem(at: Fixtures.url("checkpoints/expected.safetensors"), to: disguised)
        #expect(try Checkpoints.open(disguised) is SafetensorsFile)
        let error = #expect(throws: CheckpointError.self) { try PickledCheckpoint(disguised) }
        #expect(
            error?.message
                == "is a safetensors file whatever its name says: open it as one, or give it the extension .safetensors")
    }

    @Test(arguments: [
        (
            "<!DOCTYPE html>\n<html>",
            "is a web page, not a checkpoint: the download was answered by a page. Download the file itself"
        ),
        (
            "\n <HTML lang=en>", "is a web page, not a checkpoint: the download was answered by a page. Download the file itself"
        ),
        (
            "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
            "is a Git LFS pointer, not the checkpoint: run git lfs pull in its repository, or download the file itself"
        ),
        ("GGUF\u{3}", "is a GGUF file, not a checkpoint of PyTorch: get the weights as safetensors"),
        ("nonsense", "is no checkpoint that is known here: neither safetensors nor a file of torch.save"),
        (
            "x" + String(repeating: "\0", count: 256) + "ustar\0",
            "is a tar archive. If an early PyTorch saved it, load and save it again with a newer one; otherwise unpack it first"
        ),
    ])
    func saysWhatAFileIs(_ content: String, _ message: String) throws {
        let url = try folder.write(content, as: "weights.pth")
        #expect(#expect(throws: CheckpointError.self) { try PickledCheckpoint(url) }?.description == "\(url.path): \(message)")
        #expect(#expect(throws: CheckpointError.self) { try Checkpoints.open(url) }?.description == "\(url.path): \(message)")
    }

    @Test(
        arguments: [
            ([0x93] + Array("NUMPY".utf8), "is a NumPy array (.npy), not a checkpoint: save the arrays as safetensors"),
            ([0x1F, 0x8B, 8], "is compressed with gzip: unpack it first"),
            (
                [0x80, 2, 0x7D, 0x2E],
                """
                is a pickle, but not one of torch.save. Nothing in the file was executed. Get these weights as safetensors, or save \
                them again in Python: torch.save(model.state_dict(), "weights.pth")
                """
            ),
            (Array("PK".utf8) + [3, 4], "is a zip archive that is cut off: it has no directory at its end"),
        ] as [([UInt8], String)])
    func saysWhatBytesAre(_ content: [UInt8], _ message: String) { #expect(refusal(content) == message) }

    @Test func refusesWhatIsNoFile() throws {
        let empty = try folder.write("", as: "empty.pth")
        let absent = folder.url.appendingPathComponent("absent.pth")
        // Nobody writes to it: opening it would wait for ever.
        let pipe = folder.url.appendingPathComponent("pipe.safetensors")
        #expect(mkfifo(pipe.path, 0o600) == 0)
        for (url, message) in [
            (empty, "is empty"), (absent, "cannot be read: no such file"), (pipe, "cannot be read: is not a regular file"),
            (folder.url, "cannot be read: is a folder; expected a file"),
        ] {
            #expect(#expect(throws: CheckpointError.self) { try PickledCheckpoint(url) }?.message == message)
            #expect(#expect(throws: CheckpointError.self) { try Checkpoints.open(url) }?.message == message)
        }
    }
}
