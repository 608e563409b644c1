import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// ELECTRA and the encoders that are built of TransformerBlock, against Transformers: scripts/references/text_transformers.py.
@Suite struct TextTransformersTests {
    private static let names = ArchitectureTests.names(
        "hf-electra", "hf-albert", "hf-modernbert", "hf-qwen3", "hf-nomic_bert", "hf-deberta")

    /// Padding beside longer texts, no padding computed, and alone: the same, and the reference's.
    @Test(arguments: names) func padOrAlone(_ name: String) throws {
        let folder = try TemporaryFolder()
        try SeededArchitecture(name).write(to: folder.url)
        let expected = try Fixtures.tensors("architectures/\(name).safetensors")
        let (ids, mask) = (try expected.tensor("ids"), try expected.tensor("mask").converted(to: .bool))
        let lengths = try mask.converted(to: .int64).sum([1]).array(of: Int64.self).map(Int.init)
        for precision in [nil, Precision.fp32] {
            let encoder = try encoder(folder.url, precision)
            for given in [nil, lengths] {
                let input = EncoderInput(values: ids, mask: mask, lengths: given)
                let encoding = try withoutGradient { try encoder(input, mode: .evaluate) }
                let real = try encoding.tokens.where(mask.unsqueezed(-1), else: Tensor.zeros([]))
                try expectClose(
                    real, expected.tensor("tokens"), "\(name), tokens, frozen: \(precision != nil), lengths: \(given != nil)")
                try expectClose(encoding.pooled, expected.tensor("pooled_mean"), "\(name), pooled")
            }
            for (row, length) in lengths.enumerated() {
                let own = try ids.slice(0, row..<row + 1).slice(1, 0..<length)
                for given in [nil, [length]] {
                    let alone = try withoutGradient { try encoder(EncoderInput(values: own, lengths: given), mode: .evaluate) }
                    let tokens = try expected.tensor("tokens").slice(0, row..<row + 1).slice(1, 0..<length)
                    try expectClose(alone.tokens, tokens, "\(name), text \(row) alone")
                }
            }
        }
    }

    private func encoder(_ folder: URL, _ precision: Precision?) throws -> any Encoder {
        let config = try JSONObject(folder.appendingPathComponent("config.json"))
        let builder = try EncoderRegistry.builder(config.string("model_type"), for: .text)
        let store = try ParameterStore(
            loading: SafetensorsFile(folder.appendingPathComponent("model.safetensors")), layouts: builder.layouts(config),
            inference: precision)
        let encoder = try textEncoder(builder.name, Scope(store), config, TextPooling(modes: [.mean]))
        try store.report.check()
        // Every parameter belongs to a block, so that each can be trained.
        for entry in store.entries {
            #expect(encoder.blocks.contains { $0.contains(where: entry.path.hasPrefix) }, "\(entry.path)")
        }
        return encoder
    }

    private func expectClose(_ found: Tensor, _ expected: Tensor, _ what: String) throws {
        let difference = try maxDifference(found, expected)
        #expect(difference <= 1e-5, "\(what): \(difference)")
    }

    /// Layers that share their weights are one block; what is trained of it, all of them compute with.
    @Test func sharedLayersAreOneBlock() throws {
        for (name, stages) in [("hf-albert", 1), ("hf-albert-groups", 2)] {
            let folder = try TemporaryFolder()
            try SeededArchitecture(name).write(to: folder.url)
            #expect(try encoder(folder.url, nil).blocks.count == 1 + stages)
        }
    }

    private static let refusals: [(name: String, key: String, value: any Sendable, error: String)] = [
        ("hf-albert", "num_attention_heads", 5, "num_attention_heads must divide hidden_size"),
        ("hf-albert", "hidden_act", "mish", "hidden_act mish is not known"),
        ("hf-electra", "embedding_size", 0, "the sizes do not fit together"),
        ("hf-modernbert", "layer_types", ["full_attention"], "layer_types has 1 entries, num_hidden_layers is 4"),
        (
            "hf-modernbert", "rope_parameters", ["full_attention": ["rope_type": "yarn"]],
            "rope_type is yarn; this version has default"
        ),
        ("hf-qwen3", "rope_scaling", ["type": "dynamic", "factor": "2"], "type is dynamic; this version has default"),
        ("hf-qwen3", "num_key_value_heads", 3, "num_key_value_heads must divide num_attention_heads"),
        ("hf-qwen3-sliding", "use_sliding_window", false, "use_sliding_window must be true"),
        ("hf-deberta-v3", "relative_attention", false, "relative_attention is false"),
        ("hf-deberta-v3", "conv_kernel_size", 3, "conv_kernel_size is not 0"),
        ("hf-deberta-v3", "pos_att_type", "p2p|c2p", "pos_att_type p2p is not known"),
        ("hf-nomic_bert", "prenorm", true, "prenorm is true; this version has it false only"),
        ("hf-nomic_bert", "rotary_scaling_factor", 2, "rotary_scaling_factor must be 1 in this version"),
    ]

    /// A `config.json` that asks for another network is refused by its key.
    @Test func otherNetworksAreRefused() throws {
        for (name, key, value, message) in Self.refusals {
            var fields = try #require(SeededArchitecture(name).files["config.json"] as? [String: Any])
            fields[key] = value
            let config = JSONObject(fields, path: "config.json")
            let error = #expect(throws: BraidError.self, "\(name) \(key)") {
                _ = try textEncoder(config.string("model_type"), Scope(ParameterStore()), config, TextPooling(modes: [.mean]))
            }
            #expect(error?.description.contains(message) == true, "\(name): \(error?.description ?? "")")
        }
    }

    @Test func distancesLieInTheReferencesBuckets() throws {
        let expected = try Fixtures.tensors("architectures/hf-deberta-v3.safetensors")
        let found = try DistanceBuckets(count: 256, longest: 512).bucketed(expected.tensor("distances"))
        #expect(try found.array(of: Int64.self) == expected.tensor("buckets").array(of: Int64.self))
    }

    /// nomic-embed-text-v1.5 was published with the keys of its own code.
    @Test func nomicsOwnConfigurationIsRead() throws {
        let fields = try #require(SeededArchitecture("hf-nomic_bert").files["config.json"] as? [String: Any])
        let own: [String: Any] = [
            "model_type": "nomic_bert", "vocab_size": 200, "n_embd": 48, "n_inner": 96, "n_head": 4, "n_layer": 3,
            "n_positions": 40,
            "type_vocab_size": 2, "layer_norm_epsilon": 1e-12, "rotary_emb_base": 1000, "rotary_emb_fraction": 1.0,
            "prenorm": false,
            "qkv_proj_bias": false, "activation_function": "swiglu", "rotary_scaling_factor": NSNull(), "resid_pdrop": 0.0,
        ]
        let folder = try TemporaryFolder()
        try SeededArchitecture("hf-nomic_bert").write(to: folder.url)
        let ids = try Fixtures.tensors("architectures/hf-nomic_bert.safetensors").tensor("alone_ids")
        var pooled: [Tensor] = []
        for config in [fields, own] {
            let text = String(decoding: try JSONSerialization.data(withJSONObject: config), as: UTF8.self)
            try folder.write(text, as: "config.json")
            let encoder = try encoder(folder.url, nil)
            pooled.append(try withoutGradient { try encoder(EncoderInput(values: ids), mode: .evaluate).pooled })
        }
        #expect(try maxDifference(pooled[0], pooled[1]) == 0)
    }
}
