import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Adapters in PEFT's format that are damaged, ask for too much, or say one thing and hold another: each is refused, and named.
@Suite struct HostileAdapterTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A copy of an adapter that is sound, with other fields or tensors; nil leaves one out.
    private func adapter(
        _ fields: [String: any Sendable] = [:], from base: String = "bert-lora",
        tensors change: (inout [(String, Tensor)]) throws -> Void = { _ in }
    ) throws -> URL {
        let url = folder.url.appendingPathComponent("adapter-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        let from = Fixtures.url("adapters/\(base)")
        let config = try JSONObject(from.appendingPathComponent("adapter_config.json")).fields.merging(fields) { $1 }
        try JSONSerialization.data(withJSONObject: config).write(to: url.appendingPathComponent("adapter_config.json"))
        let file = try SafetensorsFile(from.appendingPathComponent("adapter_model.safetensors"))
        var tensors = try file.entries.keys.sorted().map { ($0, try file.tensor($0).cloned()) }
        try change(&tensors)
        try SafetensorsWriter.write(
            tensors.map { (name: $0.0, tensor: $0.1) }, to: url.appendingPathComponent("adapter_model.safetensors"))
        return url
    }

    /// What is said of an encoder with that adapter, its folder left out.
    private func refusal(_ url: URL, train: Trainable = .none, _ place: SourceLocation = #_sourceLocation) throws -> String {
        let error = #expect(throws: BraidError.self, sourceLocation: place) {
            try TinyEncoders.encoder(
                "hf-bert", .text, in: folder.url.appendingPathComponent("base"), train: train,
                tuning: EncoderTuning(adapter: url.path))
        }
        #expect(error?.code == .badData, sourceLocation: place)
        return error?.description.replacing(url.path, with: "A") ?? ""
    }

    private static func first(_ tensors: [(String, Tensor)], _ part: String) throws -> Int {
        try #require(tensors.firstIndex { $0.0.hasSuffix(part) })
    }

    /// Folded into the weights, and as the beginning of a training.
    @Test(arguments: [Float.nan, .infinity, -.infinity]) func valuesThatAreNoNumbers(_ value: Float) throws {
        let url = try adapter { tensors in
            let place = try Self.first(tensors, "lora_B.weight")
            var values = try tensors[place].1.converted(to: .float32).array()
            values[3] = value
            tensors[place].1 = try Tensor(values, shape: tensors[place].1.shape)
        }
        for train in [Trainable.none, .lora(LowRank(rank: 4), targets: [])] {
            let said = try refusal(url, train: train)
            #expect(said.hasPrefix("A/adapter_model.safetensors: base_model.model."), "\(said)")
            #expect(said.hasSuffix("lora_B.weight holds NaN or infinity"), "\(said)")
        }
    }

    /// In the folder of the weights that it belongs to, where it would be left out without a word.
    @Test func anAdapterWithoutItsDescription() throws {
        try folder.write("{}", as: "weights/config.json")
        let place = folder.url.appendingPathComponent("weights/adapter")
        try FileManager.default.copyItem(at: adapter(), to: place)
        #expect(try WeightsFolder.find("weights", relativeTo: folder.url).adapter != nil)
        try FileManager.default.removeItem(at: place.appendingPathComponent("adapter_config.json"))
        let error = #expect(throws: BraidError.self) { try WeightsFolder.find("weights", relativeTo: folder.url) }
        #expect(error?.description.contains("weights/adapter: adapter_config.json is missing") == true)
    }

    @Test func wholeNumbersInPlaceOfWeights() throws {
        let url = try adapter { tensors in
            let place = try Self.first(tensors, "lora_A.weight")
            tensors[place].1 = try tensors[place].1.converted(to: .int32)
        }
        #expect(try refusal(url).hasSuffix("lora_A.weight holds whole numbers (int32), expected floating-point ones"))
    }

    /// Finite each, and not together.
    @Test func productsBeyondAllBounds() throws {
        let url = try adapter { tensors in
            for place in tensors.indices { tensors[place].1 = try .full(tensors[place].1.shape, 1e30) }
        }
        #expect(try refusal(url).contains(".weight holds NaN or infinity"))
        #expect(
            try refusal(adapter(["lora_alpha": 1e30])).contains(
                "adapter_config.json: lora_alpha is 1e+30; no adapter has as much"))
    }

    @Test func partsThatAreMissingOrTooMany() throws {
        let half = try adapter { tensors in
            let place = try Self.first(tensors, "lora_A.weight")
            tensors.remove(at: place)
        }
        #expect(try refusal(half).hasSuffix("has no lora_A.weight, which adapter_config.json asks for"))
        let none = try adapter { $0 = [("x.lora_B.weight", try .zeros([4, 4]))] }
        #expect(try refusal(none).hasPrefix("A/adapter_model.safetensors: x has no lora_A.weight"))
        let heads = try adapter(["modules_to_save": ["classifier"]]) {
            $0 = [("base_model.model.classifier.weight", try .zeros([4, 4]))]
        }
        #expect(try refusal(heads).hasPrefix("A/adapter_model.safetensors: holds no adapter"))
        let silent = try adapter(["use_dora": false], from: "bert-dora")
        #expect(try refusal(silent).hasSuffix("has lora_magnitude_vector, which adapter_config.json says nothing of"))
        let asked = try adapter(["use_dora": true])
        #expect(try refusal(asked).hasSuffix("has no lora_magnitude_vector, which adapter_config.json asks for"))
        let other = try adapter(["peft_type": "IA3"])
        #expect(try refusal(other).hasSuffix("has no ia3_l, which adapter_config.json asks for"))
    }

    @Test(arguments: [0, -1, 5, 1_000_000, Int.max]) func ranksThatTheFileDoesNotHave(_ rank: Int) throws {
        let said = try refusal(adapter(["r": rank]))
        #expect(said.hasPrefix("A/adapter_config.json: r "), "\(said)")
    }

    @Test func shapesThatFitNoLayer() throws {
        let url = try adapter { tensors in
            let place = try Self.first(tensors, "lora_A.weight")
            tensors[place].1 = try .ones([tensors[place].1.shape[0], 7])
        }
        let said = try refusal(url)
        #expect(
            said.hasPrefix("A/adapter_model.safetensors: the adapter's ") && said.contains("is [4, 7]; its layer takes [4, "),
            "\(said)")
        let flat = try adapter { tensors in
            let place = try Self.first(tensors, "lora_B.weight")
            tensors[place].1 = try .ones([4])
        }
        #expect(try refusal(flat).hasPrefix("A/adapter_config.json: r is 4, and lora_B.weight of "))
    }

    /// Lists of names, of which each is compared with each tensor's; documents without an end; a configuration that is none.
    @Test func configurationsThatAskForTooMuch() throws {
        let names = (0..<100_000).map { "layer\($0)" }
        #expect(
            try refusal(adapter(["modules_to_save": names])).contains("modules_to_save names 100000 modules; expected at most 16"))
        #expect(
            try refusal(adapter(["feedforward_modules": names])).contains(
                "feedforward_modules names 100000 modules; expected at most 1000"))
        let url = try adapter()
        let config = url.appendingPathComponent("adapter_config.json")
        for (text, said) in [
            (String(repeating: "[", count: 100_000), "the limit json-depth is 100"), ("[1]", "is not a JSON object"),
            ("{\"peft_type\": 3}", "peft_type must be a text"), ("{}", "peft_type is missing"), ("", "is not a JSON object"),
            ("{\"peft_type\": \"LORA\", \"r\": 1e300, \"lora_alpha\": 1}", "r must be a whole number"),
        ] {
            try Data(text.utf8).write(to: config)
            let found = try refusal(url)
            #expect(found.hasPrefix("A/adapter_config.json: ") && found.contains(said), "\(found)")
        }
    }

    /// What PEFT computes otherwise with, and this version does not.
    @Test(arguments: [
        ["use_qalora": true] as [String: any Sendable], ["use_bdlora": true], ["layer_replication": [[0, 1]]],
        ["alora_invocation_tokens": [1, 2]],
    ]) func variantsThatAreNotRead(_ field: [String: any Sendable]) throws {
        let name = try #require(field.keys.first)
        #expect(try refusal(adapter(field)).contains("adapter_config.json: \(name) is not read by this version; merge it"))
    }

    @Test func tensorsThatAreNone() throws {
        let url = try adapter()
        let file = url.appendingPathComponent("adapter_model.safetensors")
        let whole = try Data(contentsOf: file)
        for broken in [
            Data(), whole.prefix(100), whole.dropLast(3), Data([255, 255, 255, 255, 255, 255, 255, 127]) + whole.dropFirst(8),
        ] {
            try Data(broken).write(to: file)
            let error = #expect(throws: (any Error).self) { try AdapterFolder(url) }
            #expect(error.map { Causes.code(of: $0) } == .badData && "\(error.map { "\($0)" } ?? "")".hasPrefix(file.path))
        }
    }

    /// Adapters that name themselves, or each other, as what they are made for.
    @Test func basesInACircle() throws {
        let (one, two) = (try adapter(), try adapter())
        for (url, base) in [(one, two), (two, one)] {
            let config = try JSONObject(url.appendingPathComponent("adapter_config.json")).fields
            try JSONSerialization.data(withJSONObject: config.merging(["base_model_name_or_path": base.path]) { $1 })
                .write(to: url.appendingPathComponent("adapter_config.json"))
        }
        for (start, base) in [(one, two), (two, one)] {
            let error = #expect(throws: BraidError.self) { try WeightsFolder.find(start.path, relativeTo: folder.url) }
            #expect(error?.description.contains("\(base.path) is an adapter itself; merge that first (braid merge)") == true)
        }
    }
}
