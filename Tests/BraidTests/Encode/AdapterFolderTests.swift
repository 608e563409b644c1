import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Folders that the real peft wrote, on seeded encoders of Transformers: scripts/references/adapters.py.
@Suite struct AdapterFolderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    static let cases = [
        ("bert-lora", "hf-bert"), ("bert-dora", "hf-bert"), ("bert-ia3", "hf-bert"), ("bert-classifier", "hf-bert"),
        ("distilbert-lora", "hf-distilbert"), ("gpt2-lora", "hf-gpt2"), ("gpt2-ia3", "hf-gpt2"), ("resnet-lora", "hf-resnet18"),
        ("resnet-dora", "hf-resnet18"),
    ]

    private func encoder(_ base: String, _ adapter: String?, train: Trainable = .none) throws -> ModalityEncoder {
        let tuning = EncoderTuning(adapter: adapter.map { Fixtures.url("adapters/\($0)").path })
        return try TinyEncoders.encoder(
            base, base.contains("resnet") ? .image : .text, in: folder.url, train: train, tuning: tuning)
    }

    /// What peft's model gives, and ours of the same input.
    private func tokens(_ name: String, _ encoder: ModalityEncoder) throws -> (Tensor, Tensor) {
        let expected = try Fixtures.tensors("adapters/\(name)/expected.safetensors")
        return try withoutGradient {
            guard encoder.modality == .text else {
                let input = EncoderInput(values: try expected.tensor("input"))
                return (try expected.tensor("tokens"), try encoder.encoder(input, mode: .evaluate).tokens)
            }
            let mask = try expected.tensor("mask").converted(to: .bool)
            let input = EncoderInput(values: try expected.tensor("ids"), mask: mask, lengths: [11, 6])
            let ours = try encoder.encoder(input, mode: .evaluate).tokens
            return (try expected.tensor("tokens"), try ours * mask.unsqueezed(-1).converted(to: .float32))
        }
    }

    private func trainable(_ name: String) throws -> Trainable {
        let method = try AdapterFolder(Fixtures.url("adapters/\(name)")).method
        return if case .lowRank(let rank) = method { .lora(LowRank(rank: rank.rank), targets: []) } else { .ia3 }
    }

    /// Folded into the weights, and as the beginning of a training.
    @Test(arguments: cases) func encodersAgreeWithPeft(_ name: String, _ base: String) throws {
        for train in [Trainable.none, try trainable(name)] {
            let encoder = try encoder(base, name, train: train)
            let (expected, found) = try tokens(name, encoder)
            let scale = max(1, try expected.absolute().maximum([0, 1, 2]).item())
            #expect(try maxDifference(found, expected) <= 1e-5 * scale, "\(train.text)")
            #expect(encoder.parameters.entries.contains { $0.role == .adapter } == (train != .none))
            #expect(try maxDifference(tokens(name, try self.encoder(base, nil)).1, expected) > 1e-3 * scale, "it must act")
        }
    }

    /// What is written has peft's keys and values, and reads as the same.
    @Test(arguments: cases) func whatIsWrittenIsWhatPeftWrites(_ name: String, _ base: String) throws {
        let encoder = try encoder(base, name, train: trainable(name))
        let written = folder.url.appendingPathComponent("written")
        try encoder.write(to: written)
        let theirs = try Fixtures.tensors("adapters/\(name)/adapter_model.safetensors")
        let ours = try SafetensorsFile(written.appendingPathComponent("adapter/adapter_model.safetensors"))
        // peft keeps a head beside the adapter, and the name of the model within a classifier.
        let keys = theirs.entries.keys.filter { !$0.contains("classifier") }
        let bare = { (key: String) in key.replacingOccurrences(of: "model.bert.", with: "model.") }
        #expect(ours.entries.keys.sorted() == keys.map(bare).sorted())
        for key in keys { #expect(try maxDifference(theirs.tensor(key), ours.tensor(bare(key))) == 0, "\(key)") }
        // The base is what it was.
        let kept = try Data(contentsOf: written.appendingPathComponent("model.safetensors"))
        #expect(try kept == Data(contentsOf: folder.url.appendingPathComponent("model.safetensors")))
        // By its folder, and by the adapter's own.
        for weights in [written, written.appendingPathComponent("adapter")] {
            let read = try ModalityEncoder(
                encoder.modality, .init(encoder: nil, weights: weights.path, train: .none), relativeTo: folder.url)
            let (expected, found) = try tokens(name, read)
            #expect(try maxDifference(found, expected) <= 1e-5 * max(1, expected.absolute().maximum([0, 1, 2]).item()))
            // A frozen encoder is passed on with its adapter.
            let again = folder.url.appendingPathComponent("again-\(weights.lastPathComponent)")
            try read.write(to: again)
            #expect(FileManager.default.fileExists(atPath: again.appendingPathComponent("adapter/adapter_config.json").path))
            #expect(try read.fingerprint() != self.encoder(base, nil).fingerprint())
        }
    }

    @Test func theConfigurationIsPefts() throws {
        func config(_ name: String, _ base: String) throws -> JSONObject {
            let written = folder.url.appendingPathComponent("config-\(name)")
            try encoder(base, name, train: trainable(name)).write(to: written)
            return try JSONObject(written.appendingPathComponent("adapter/adapter_config.json"))
        }
        let bert = try config("bert-dora", "hf-bert")
        #expect(try bert.string("peft_type") == "LORA" && bert.int("r") == 2 && bert.double("lora_alpha") == 8)
        #expect(try bert.bool("use_dora") && bert.bool("use_rslora") && !bert.bool("fan_in_fan_out"))
        // output.dense is the end of attention.output.dense too: peft must not take more than is there.
        #expect(try bert.strings("target_modules").count == 9)
        let gpt2 = try config("gpt2-ia3", "hf-gpt2")
        #expect(try gpt2.string("peft_type") == "IA3" && gpt2.bool("fan_in_fan_out"))
        #expect(try gpt2.strings("feedforward_modules") == (0..<3).map { "h.\($0).mlp.c_proj" })
        let resnet = try config("resnet-lora", "hf-resnet18")
        #expect(try resnet.strings("target_modules").first == "encoder.stages.3.layers.1.layer.0.convolution")
    }

    @Test func namesThatEndOthersAreOnePattern() throws {
        let train = Trainable.lora(LowRank(rank: 1), targets: ["bn0", "conv1", "layer4.1.conv2"])
        let settings = EncoderSettings(encoder: nil, weights: Fixtures.url("resnet").path, train: train)
        let error = #expect(throws: BraidError.self) { try ModalityEncoder(.image, settings, relativeTo: folder.url) }
        #expect(error?.description.contains("lora_targets: no layer's name ends in bn0") == true)
        let stem = settings.with(train: .lora(LowRank(rank: 1), targets: ["layer4.1.conv2", "layer1.0.conv1", "fc1"].dropLast()))
        let written = folder.url.appendingPathComponent("w")
        try ModalityEncoder(.image, stem, relativeTo: folder.url).write(to: written)
        let config = try JSONObject(written.appendingPathComponent("adapter/adapter_config.json"))
        #expect(try config.strings("target_modules") == ["layer1.0.conv1", "layer4.1.conv2"])
    }

    @Test func whatDoesNotFitIsRefused() throws {
        func message(_ base: String, _ adapter: String, _ train: Trainable = .none) -> String? {
            #expect(throws: BraidError.self) { try encoder(base, adapter, train: train) }?.description
        }
        #expect(message("hf-gpt2", "bert-lora")?.contains("adapts encoder.layer.0.attention.self.query") == true)
        #expect(
            message("hf-bert", "bert-lora", .lora(LowRank(rank: 8), targets: []))?.contains("set lora:4, and leave the others out")
                == true)
        #expect(message("hf-bert", "bert-lora", .ia3)?.contains("an adapter of another kind; merge it first") == true)
        #expect(message("hf-bert", "nothing")?.contains("is no adapter of peft: there is no adapter_config.json") == true)
        for (field, value, said) in [
            ("peft_type", "\"LOHA\"", "peft_type is LOHA; this version reads LORA and IA3"), ("bias", "\"all\"", "its biases"),
            ("rank_pattern", "{\"x\": 2}", "rank_pattern gives layers numbers of their own"),
        ] {
            let other = folder.url.appendingPathComponent(field)
            try FileManager.default.copyItem(at: Fixtures.url("adapters/bert-lora"), to: other)
            var fields = try JSONObject(other.appendingPathComponent("adapter_config.json")).fields
            fields[field] = try JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed)
            try JSONSerialization.data(withJSONObject: fields).write(to: other.appendingPathComponent("adapter_config.json"))
            #expect(#expect(throws: BraidError.self) { try AdapterFolder(other) }?.description.contains(said) == true)
        }
    }
}
