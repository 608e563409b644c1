import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Weights in every form that folders hold them in, and what is wrong with some.
@Suite struct WeightsFolderTests {
    private let folder: TemporaryFolder
    private let seeded: SeededArchitecture
    private let expected: SafetensorsFile

    init() throws {
        folder = try TemporaryFolder()
        seeded = try SeededArchitecture("timm-convnext_atto")
        expected = try Fixtures.tensors("architectures/timm-convnext_atto.safetensors")
    }

    private func embedding(_ weights: URL, encoder: String? = nil) throws -> Tensor {
        let loaded = try ModalityEncoder(
            .image, .init(encoder: encoder, weights: weights.path, train: .none), relativeTo: folder.url)
        let input = try EncoderInput(values: expected.tensor("input"))
        return try withoutGradient { try loaded.encoder(input, mode: .evaluate).pooled }
    }

    @Test func shardsLoadAsOneFile() throws {
        try seeded.write(to: folder.url)
        try FileManager.default.removeItem(at: folder.url.appendingPathComponent("model.safetensors"))
        let half = seeded.entries.count / 2
        var places: [String: String] = [:]
        for (name, entries) in [("a.safetensors", seeded.entries[..<half]), ("b.safetensors", seeded.entries[half...])] {
            try SeededArchitecture.write(Array(entries), to: folder.url.appendingPathComponent(name))
            for entry in entries { places[entry.name] = name }
        }
        let index = try JSONSerialization.data(withJSONObject: ["metadata": [String: Any](), "weight_map": places])
        try index.write(to: folder.url.appendingPathComponent("model.safetensors.index.json"))
        try #expect(maxDifference(embedding(folder.url), expected.tensor("pooled")) <= 1e-4)
        let found = try WeightsFolder.find(folder.url.path, relativeTo: folder.url)
        #expect(try found.fingerprint()?.count == 64)
        // A model made from shards holds one file.
        let copy = folder.url.appendingPathComponent("copy")
        try ModalityEncoder(.image, .init(encoder: nil, weights: folder.url.path, train: .none), relativeTo: folder.url)
            .write(to: copy)
        #expect(try FileManager.default.contentsOfDirectory(atPath: copy.path).sorted() == ["config.json", "model.safetensors"])
        try #expect(maxDifference(embedding(copy), expected.tensor("pooled")) <= 1e-4)
    }

    /// torchvision's batch norms have another epsilon than timm's: a model written under Braid's names must keep it.
    @Test func aLayoutsDifferencesSurviveWriting() throws {
        let mobile = try SeededArchitecture("torchvision-mobilenet_v3_small")
        try mobile.write(to: folder.url)
        let weights = folder.url.appendingPathComponent("model.safetensors").path
        let configuration = EncoderSettings(encoder: "mobilenetv3_small_100", weights: weights, train: .last(1))
        let trained = try ModalityEncoder(.image, configuration, relativeTo: folder.url)
        #expect(trained.layout == "torchvision")
        let copy = folder.url.appendingPathComponent("copy")
        try trained.write(to: copy)
        let read = try ModalityEncoder(.image, .init(encoder: nil, weights: copy.path, train: .none), relativeTo: folder.url)
        let file = try Fixtures.tensors("architectures/torchvision-mobilenet_v3_small.safetensors")
        let input = try EncoderInput(values: file.tensor("input"))
        let pooled = try withoutGradient { try read.encoder(input, mode: .evaluate).pooled }
        try #expect(maxDifference(pooled, file.tensor("pooled")) <= 1e-4)
        #expect((read.frontEnd as? ImageFrontEnd) == ImageFrontEnd.torchvision(resize: 256, crop: 224, .bilinear))
        #expect(read.layout == "torchvision")
    }

    @Test func aPickleThatWouldRunSomethingIsRefusedByName() throws {
        try seeded.write(to: folder.url)
        let hostile = Fixtures.url("checkpoints/hostile")
        let names = try FileManager.default.contentsOfDirectory(atPath: hostile.path).filter { $0.contains("system") }
        #expect(!names.isEmpty)
        for name in names {
            let error = #expect(throws: CheckpointError.self) {
                try embedding(hostile.appendingPathComponent(name), encoder: "convnext_atto")
            }
            #expect(error?.description.contains("system") == true, "\(name): \(error?.description ?? "")")
            #expect(error?.description.contains("Nothing in the file was executed") == true)
        }
    }

    @Test func everythingThatDoesNotFitIsInOneError() throws {
        var entries = seeded.entries
        let renamed = try #require(entries.firstIndex { $0.name == "stages.0.blocks.0.conv_dw.weight" })
        entries[renamed] = .init(name: "stages.0.blocks.0.convdw.weight", shape: entries[renamed].shape, kind: "matrix")
        let reshaped = try #require(entries.firstIndex { $0.name == "stages.1.blocks.0.norm.weight" })
        entries[reshaped] = .init(name: entries[reshaped].name, shape: [7], kind: "scale")
        try seeded.write(to: folder.url)
        try SeededArchitecture.write(entries, to: folder.url.appendingPathComponent("model.safetensors"))
        let error = #expect(throws: LoadError.self) { try embedding(folder.url) }
        let lines = error?.description.split(separator: "\n").dropFirst() ?? []
        #expect(
            lines == [
                "  missing: stages.0.blocks.0.conv_dw.weight; the file has stages.0.blocks.0.convdw.weight",
                "  shape: stages.1.blocks.0.norm.weight is [7], expected [80]", "  unused: stages.0.blocks.0.convdw.weight",
            ])
    }

    /// Every option of an encoder, from the configuration to what `braid embed` writes.
    @Test func optionsAct() throws {
        let wave = Fixtures.url("audio/vorbis-16k.ogg").path
        try folder.write("text,audio\n\"the green tree\",\(wave)\n\"two\",\(wave)\n", as: "manifest.csv")
        func embedding(_ modality: Modality, _ option: String = "") throws -> Tensor {
            let weights = modality == .text ? Fixtures.minilm : Fixtures.url("cnn10")
            let yaml =
                "columns: {ignore: [\(modality == .text ? "audio" : "text")]}\nmodalities: {\(modality): {weights: \(weights.path)\(option)}}"
            let configuration = try Configuration.parse(yaml, file: "c.yaml", folder: folder.url)
            let options = Inference.Options(device: .cpu, onBadSample: .fail, reporter: SilentReporter(), cachesEmbeddings: false)
            let export = try EmbeddingExport(
                configuration: configuration, manifest: folder.url.appendingPathComponent("manifest.csv"), modalities: [modality],
                options)
            let out = folder.url.appendingPathComponent(UUID().uuidString)
            try export.write(to: .init(out))
            return try SafetensorsFile(out.appendingPathComponent("part-00000.safetensors")).tensor(modality.rawValue)
        }
        let text = try embedding(.text)
        try #expect(maxDifference(text, embedding(.text, ", pooling: mean")) == 0)
        var seen = [text]
        for mode in TextPooling.Mode.allCases where mode != .mean {
            let other = try embedding(.text, ", pooling: \(mode.rawValue)")
            // mean and mean_sqrt_len_tokens are the same once they are normalised, as this folder says.
            for before in seen where mode != .meanOverRoot { try #expect(maxDifference(other, before) > 1e-3, "\(mode)") }
            seen.append(other)
        }
        let whole = try embedding(.audio)
        let windowed = try embedding(.audio, ", window: 0.16")
        let overlapping = try embedding(.audio, ", window: 0.16, overlap: 0.5")
        try #expect(maxDifference(whole, windowed) > 1e-4)
        try #expect(maxDifference(windowed, overlapping) > 1e-4)
    }

    @Test func foldersThatLeaveAChoiceAreRefused() throws {
        try folder.write("{}", as: "config.json")
        for name in ["one.pth", "two.pth"] { try folder.write("x", as: name) }
        let error = #expect(throws: BraidError.self) { try WeightsFolder.find(folder.url.path, relativeTo: folder.url) }
        #expect(error?.description == "weights \(folder.url.path): name one of its files of weights: one.pth, two.pth")
    }

    @Test(arguments: [
        ("org/name", true), ("org/name@v1.0", true), ("./org/name", false), ("org/name.safetensors", false), ("name", false),
        ("a/b/c", false), ("org/na..me", false), ("weights/best.pth", false),
    ]) func hubIDsAreToldFromPaths(_ name: String, _ isID: Bool) {
        #expect((WeightsFolder.repository(name) != nil) == isID)
    }

    /// What a program that wraps a model leaves in front of every key, once or twice.
    @Test(arguments: ["module.", "_orig_mod.", "model.", "backbone.", "base.", "encoder.", "net.0.", "model.module."])
    func aPrefixOfAllKeysIsLeftOut(_ prefix: String) throws {
        try seeded.write(to: folder.url)
        let wrapped = seeded.entries.map { SeededArchitecture.Entry(name: prefix + $0.name, shape: $0.shape, kind: $0.kind) }
        let tensors = try zip(wrapped, seeded.entries).map { ($0.name, try SeededArchitecture.tensor($1.name, $1.shape, $1.kind)) }
        try SafetensorsWriter.write(tensors, to: folder.url.appendingPathComponent("model.safetensors"))
        try #expect(maxDifference(embedding(folder.url), expected.tensor("pooled")) <= 1e-4)
        let loaded = try ModalityEncoder(
            .image, .init(encoder: nil, weights: folder.url.path, train: .none), relativeTo: folder.url)
        #expect(loaded.report?.summary.hasSuffix("; keys read without their prefix \(prefix)") == true)
    }

    @Test func anAdapterAndAnotherModelAreNamed() throws {
        try seeded.write(to: folder.url)
        let other = seeded.entries.map { ("x\($0.name)", try? SeededArchitecture.tensor($0.name, $0.shape, $0.kind)) }
        try SafetensorsWriter.write(
            other.compactMap { pair in pair.1.map { (pair.0, $0) } }, to: folder.url.appendingPathComponent("model.safetensors"))
        let error = #expect(throws: LoadError.self) { try embedding(folder.url) }
        let lines = (error?.description ?? "").split(separator: "\n")
        #expect(lines.count < 50 && lines.dropFirst().first?.contains("none of its keys is known") == true)
        try folder.write("{}", as: "adapter_config.json")
        let adapter = #expect(throws: BraidError.self) { try embedding(folder.url) }
        #expect(adapter?.description.contains("is an adapter of peft, not a model") == true)
    }

    /// As timm's save_for_hf writes a model without a classifier.
    @Test func argumentsAtTheirDefaultsChangeNothing() throws {
        let plain: [String: Any] = [
            "model_args": ["num_classes": 0, "global_pool": "avg", "in_chans": 3, "drop_rate": 0.0, "act_layer": NSNull()]
        ]
        #expect(throws: Never.self) { try JSONObject(plain, path: "config.json").expectPlainTimm() }
        for (key, value) in [
            ("global_pool", "max" as Any), ("in_chans", 1), ("drop_path_rate", 0.1), ("output_stride", 8), ("act_layer", "silu"),
        ] {
            #expect(throws: BraidError.self, "\(key)") {
                try JSONObject(["model_args": [key: value]], path: "config.json").expectPlainTimm()
            }
        }
    }
}
