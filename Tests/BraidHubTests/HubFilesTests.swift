internal import BraidSupport
internal import Foundation
internal import TestSupport
internal import Testing

@testable internal import BraidHub

@Suite struct HubFilesTests {
    private func selection(_ listing: [String], _ contents: [String: String] = [:]) throws -> HubFiles.Selection {
        try HubFiles.selection(of: listing) { name in try contents[name].map { try JSONValue(Data($0.utf8), path: name) } }
    }

    @Test(arguments: [
        (["model.safetensors", "pytorch_model.bin", "model.safetensors.index.json"], ["model.safetensors"]),
        (["pytorch_model.bin", "tf_model.h5", "onnx/model.onnx"], ["pytorch_model.bin"]),
        (["Cnn14_mAP=0.431.pth"], ["Cnn14_mAP=0.431.pth"]),
        (["a.pth", "b.pth", "c.pt"], ["c.pt"]),
        (["weights.safetensors", "a.pth"], ["weights.safetensors"]),
        (["a.safetensors", "b.safetensors"], []),
        (["deep/model.safetensors"], []),
    ])
    func choosesWeights(listing: [String], weights: [String]) throws {
        #expect(try selection(listing) == HubFiles.Selection(weights: weights))
    }

    @Test func takesCompanionsAndLeavesTheRest() throws {
        let listing = ["vocab.txt", "rust_model.ot", ".gitattributes", "config.json", "openvino/config.json"]
        #expect(try selection(listing).companions == ["config.json", "vocab.txt"])
    }

    @Test func readsAnIndexFirst() throws {
        let listing = ["pytorch_model.bin.index.json", "s-1.bin", "s-2.bin", "s-3.bin"]
        let before = try selection(listing)
        #expect(before == HubFiles.Selection(companions: ["pytorch_model.bin.index.json"], isFinal: false))
        let after = try selection(listing, ["pytorch_model.bin.index.json": #"{"weight_map": {"a": "s-2.bin", "b": "s-1.bin"}}"#])
        #expect(after.weights == ["s-1.bin", "s-2.bin"] && after.isFinal)
        #expect(throws: BraidError.self) { try selection(listing, ["pytorch_model.bin.index.json": "{}"]) }
        #expect(throws: BraidError.self) {
            try selection(listing, ["pytorch_model.bin.index.json": #"{"weight_map": {"a": "../x.bin"}}"#])
        }
    }

    @Test func readsTheModulesFirst() throws {
        let listing = [
            "modules.json", "model.safetensors", "1_Pooling/config.json", "2_Dense/config.json", "2_Dense/pytorch_model.bin", "3/x",
        ]
        #expect(try selection(listing).isFinal == false)
        let modules = #"[{"path": ""}, {"path": "1_Pooling"}, {"path": "2_Dense"}, {"path": "../.."}]"#
        let after = try selection(listing, ["modules.json": modules])
        #expect(after.companions == ["modules.json", "1_Pooling/config.json", "2_Dense/config.json", "2_Dense/pytorch_model.bin"])
        #expect(after.weights == ["model.safetensors"] && after.isFinal)
    }

    /// The old layout of sentence-transformers: the weights lie in the Transformer's folder, and come last.
    @Test func takesTheWeightsOfATransformerInAFolder() throws {
        let listing = [
            "modules.json", "0_Transformer/config.json", "0_Transformer/pytorch_model.bin", "0_Transformer/vocab.txt",
            "1_Pooling/config.json", "tf_model.h5",
        ]
        let modules = #"[{"path": "0_Transformer", "type": "sentence_transformers.models.Transformer"}, {"path": "1_Pooling"}]"#
        let found = try selection(listing, ["modules.json": modules])
        #expect(
            found.companions == ["modules.json", "0_Transformer/config.json", "0_Transformer/vocab.txt", "1_Pooling/config.json"])
        #expect(found.weights == ["0_Transformer/pytorch_model.bin"] && found.isFinal)
    }
}

@Suite struct HubVerificationTests {
    @Test func findsDamage() throws {
        let hub = try HubServer()
        let snapshot = try hub.snapshot("braid/plain")
        let client = try HubClient(environment: hub.environment(["HF_HUB_OFFLINE": "1"]))
        let repository = try HubRepository("braid/plain")
        #expect(try client.verify(repository).intact == ["config.json", "model.safetensors"])

        let blob = snapshot.appendingPathComponent("config.json").resolvingSymlinksInPath()
        try Data("{}".utf8).write(to: blob)
        try FileManager.default.removeItem(at: snapshot.appendingPathComponent("model.safetensors").resolvingSymlinksInPath())
        try Data("x".utf8).write(to: snapshot.appendingPathComponent("notes.txt"))
        let result = try client.verify(repository)
        #expect(result.intact == [] && result.unchecked == ["notes.txt"])
        #expect(
            result.description == """
                0 files are intact, 2 damaged, 1 have no checksum
                config.json: its sum is 9e26dfeeb6e641a33dae4961196235bdb965b21b, not dc1fb7b6703fe03317c1a080b523bf475f3d4818; delete \(blob.path) and download again
                model.safetensors: its content \(result.damaged[1].blob) is gone; download again
                """)
        let error = #expect(throws: BraidError.self) { try client.verify(HubRepository("braid/full")) }
        #expect(error?.code == .noInput)
    }
}
