import Foundation
import TestSupport
import Testing

@testable import Torch

/// Files that run code when an unsafe reader loads them.
@Suite struct HostileCheckpointTests {
    private static let advice = """
        Nothing in the file was executed. Get these weights as safetensors, or save them again in Python: \
        torch.save(model.state_dict(), "weights.pth")
        """

    @Test(arguments: [
        ("system.pth", "posix.system"), ("system-legacy.pth", "posix.system"), ("system4.pth", "posix.system"),
        ("system4-legacy.pth", "posix.system"), ("eval.pth", "__builtin__.eval"), ("eval-legacy.pth", "__builtin__.eval"),
        ("getattr.pth", "__builtin__.getattr"), ("load-bytes.pth", "torch.storage._load_from_bytes"),
        ("module.pth", "torch.nn.modules.linear.Linear"), ("import.pth", "antigravity.geohash"),
        ("inst.pth", "os.system"), ("dotted.pth", "torch.serialization.os.fn"),
    ])
    func namesTheClassOrFunction(_ file: String, _ name: String) throws {
        try expect(file, "holds \(name), which is neither a tensor nor a plain container. \(Self.advice)")
    }

    @Test(arguments: [("extension.pth", "EXT1"), ("obj.pth", "OBJ"), ("newobj-ex.pth", "NEWOBJ_EX")])
    func namesTheOpcode(_ file: String, _ name: String) throws {
        try expect(file, "uses the pickle opcode \(name), which torch.save does not write. \(Self.advice)")
    }

    @Test(arguments: [
        ("call-result.pth", "calls what is neither a tensor's nor a container's constructor. \(advice)"),
        ("cycle.pth", "nests dictionaries more than 32 deep, or has one that contains itself"),
        ("cyclic-dict.pth", "nests dictionaries more than 32 deep, or has one that contains itself"),
        ("dots.pth", "its entry x/data/../../escape has a name that leads out of the archive"),
        ("big-endian.pth", "was saved with the byte order big, expected little"),
        (
            "compressed.pth",
            "its entry x/data.pkl is compressed, which torch.save does not do: unpack it, and read what is in it"
        ),
    ])
    func refuses(_ file: String, _ message: String) throws { try expect(file, message) }

    @Test func refusesTorchScript() throws {
        let url = Fixtures.url("checkpoints/torchscript.pt")
        let error = #expect(throws: CheckpointError.self) { try PickledCheckpoint(url) }
        #expect(
            error?.description == """
                \(url.path): is a TorchScript archive (torch.jit.save), which holds code. Save its weights in Python: \
                torch.save(torch.jit.load(path).state_dict(), "weights.pth")
                """)
    }

    @Test func refusesEveryFunctionThatTheTableLacks() {
        for name in ["os system", "builtins exec", "builtins getattr", "torch load", "torch.hub load", "torch ops", "sys exit"] {
            let global = "c" + name.replacingOccurrences(of: " ", with: "\n") + "\n."
            let message = refusal(ZipBuilder(pickle: [0x80, 2] + Array(global.utf8)).data)
            #expect(
                message
                    == "holds \(name.replacingOccurrences(of: " ", with: ".")), which is neither a tensor nor a plain container. \(Self.advice)"
            )
        }
    }

    /// A name must not colour a terminal, or fill it.
    @Test func showsNamesAsPlainText() {
        let name = "\u{1B}[31m\u{202E}" + String(repeating: "a", count: 900)
        let message = refusal(ZipBuilder(pickle: [0x80, 2] + Array("cm\n\(name)\n.".utf8)).data)
        #expect(message?.hasPrefix("holds m.?[31m?" + String(repeating: "a", count: 72) + "…, which") == true, "\(message ?? "")")
    }

    private func expect(_ file: String, _ message: String) throws {
        let url = Fixtures.url("checkpoints/hostile/\(file)")
        let error = #expect(throws: CheckpointError.self) { try PickledCheckpoint(url) }
        #expect(error?.description == "\(url.path): \(message)")
        #expect(!FileManager.default.fileExists(atPath: "braid-pickle-was-executed"))
    }
}
