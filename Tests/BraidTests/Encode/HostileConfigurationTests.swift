import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Numbers in a downloaded `config.json` that would overflow, or ask for all memory: each is an error.
@Suite struct HostileConfigurationTests {
    private static let base: [String: any Sendable] = [
        "vocab_size": 10, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8,
        "n_embd": 8, "n_layer": 1, "n_head": 2,
    ]

    @Test(arguments: [
        ["hidden_size": Int.max] as [String: any Sendable], ["num_hidden_layers": 10_000_000], ["num_attention_heads": 0],
        ["pad_token_id": Int.min], ["pad_token_id": 10], ["max_position_embeddings": 1], ["hidden_size": 8.5],
        ["hidden_act": "mish"], ["is_decoder": true],
    ]) func roBERTa(_ changes: [String: any Sendable]) {
        let config = JSONObject(Self.base.merging(changes) { $1 }, path: "config.json")
        #expect(throws: BraidError.self) { try BertShape(config, .roberta) }
    }

    @Test(arguments: [
        ["n_embd": 4_611_686_018_427_387_904] as [String: any Sendable], ["n_layer": 1_000_000], ["n_head": 3],
        ["n_inner": -1], ["scale_attn_weights": false],
    ]) func gpt2(_ changes: [String: any Sendable]) {
        let config = JSONObject(Self.base.merging(changes) { $1 }, path: "config.json")
        #expect(throws: BraidError.self) { try GPT2.Shape(config) }
    }

    @Test(arguments: [
        ["spec_size": Int.max] as [String: any Sendable], ["spec_size": 0], ["num_mel_bins": 0], ["num_mel_bins": 60],
        ["patch_stride": 0], ["patch_stride": [4, 8]], ["patch_size": Int.max],
        ["depths": [2, 2, 6, 2, 1], "num_attention_heads": [1, 1, 1, 1, 1]],
        ["window_size": 7], ["enable_fusion": true],
    ]) func clap(_ changes: [String: any Sendable]) throws {
        #expect(throws: BraidError.self) { try HTSAT.Shape(JSONObject(changes, path: "config.json")) }
        // As published: the last map is one window.
        let published = try HTSAT.Shape(JSONObject([:], path: "config.json"))
        #expect(published.lastSide == 8 && published.frames == 1024 && published.stretches == 4)
    }

    @Test(arguments: [-1e300, 0, 0.5]) func longestTexts(_ length: Double) throws {
        let folder = try TemporaryFolder()
        try FileManager.default.copyItem(
            at: Fixtures.minilm.appendingPathComponent("tokenizer.json"), to: folder.url.appendingPathComponent("tokenizer.json"))
        try folder.write("{\"model_max_length\": \(length)}", as: "tokenizer_config.json")
        let source = EncoderSource(
            scope: Scope(ParameterStore()), config: JSONObject([:], path: "config.json"), folder: folder.url,
            options: EncoderOptions())
        let error = #expect(throws: BraidError.self) { try TextFrontEnd(source, vocabulary: 40_000, longestText: 512) }
        #expect(error?.description.hasSuffix("tokenizer_config.json: model_max_length must be 1 or more") == true)
    }

    @Test(arguments: [
        #"{"architecture": "resnet18", "model_args": {"output_stride": 8}, "pretrained_cfg": {}}"#,
        #"{"architecture": "resnet18", "global_pool": "max", "pretrained_cfg": {}}"#,
        #"{"architecture": "efficientnet_b0", "model_args": {"act_layer": "relu"}, "pretrained_cfg": {}}"#,
        #"{"model_type": "efficientnet", "width_coefficient": 1.0, "depth_coefficient": 1.0, "hidden_act": "relu"}"#,
        #"{"model_type": "convnext", "depths": [1, 1, 1], "hidden_sizes": [8, 8, 8, 8]}"#,
        #"{"model_type": "resnet", "depths": [1, 1, 1, 100000]}"#, #"{"model_type": "vit"}"#, #"{"model_type": 3}"#, "[]",
    ]) func imagesThatWouldComputeSomethingElse(_ config: String) throws {
        let folder = try TemporaryFolder()
        try folder.write(config, as: "config.json")
        #expect(throws: BraidError.self) {
            try ModalityEncoder(
                .image, .init(encoder: folder.url.path, weights: "random", train: .none), relativeTo: folder.url)
        }
    }
}
