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

    /// Numbers that ask for more than a limit allows, with random weights and with a file's: refused before anything is allocated.
    @Test(arguments: [
        (
            #"{"model_type": "bert", "num_hidden_layers": 100000}"#,
            "num_hidden_layers: asks for 100000 layers; the limit encoder-layers is 1000"
        ),
        (#"{"model_type": "convnext", "depths": [1, 1, 1, 1000], "hidden_sizes": [8, 8, 8, 8]}"#, "asks for 1003 layers"),
        (#"{"model_type": "clip", "text_config": {"num_hidden_layers": 1e300}}"#, "layers; the limit encoder-layers"),
        (
            #"{"model_type": "bert", "vocab_size": 30522, "hidden_size": 65536, "num_hidden_layers": 12, "num_attention_heads": 16, "intermediate_size": 65536}"#,
            "embeddings.word_embeddings.weight, 30522 × 65536, makes it more than 1000000000 values of new weights"
        ),
        (
            #"{"model_type": "bert", "vocab_size": 30522, "hidden_size": 8192, "num_hidden_layers": 900, "num_attention_heads": 16, "intermediate_size": 8192}"#,
            "the limit parameters is 1000000000"
        ),
    ]) func networksThatAreTooLarge(_ config: String, _ message: String) throws {
        let folder = try TemporaryFolder()
        try folder.write(config, as: "config.json")
        let modality: Modality = config.contains("convnext") ? .image : .text
        let took = ContinuousClock().measure {
            let error = #expect(throws: BraidError.self) {
                try ModalityEncoder(
                    modality, .init(encoder: folder.url.path, weights: "random", train: .none), relativeTo: folder.url)
            }
            #expect(error?.code == .badData && error?.description.contains(message) == true, "\(error?.description ?? "")")
            #expect(error?.description.hasPrefix(folder.url.appendingPathComponent("config.json").path) == true)
        }
        #expect(took < .seconds(20))
    }

    /// Of weights that are there it is said that they do not fit, as of any other size.
    @Test func networksThatAreLargerThanTheirFile() throws {
        let folder = try TemporaryFolder()
        for name in ["tokenizer.json", "model.safetensors"] {
            try FileManager.default.copyItem(
                at: Fixtures.minilm.appendingPathComponent(name), to: folder.url.appendingPathComponent(name))
        }
        let sizes = #""hidden_size": 65536, "num_hidden_layers": 900, "num_attention_heads": 16, "intermediate_size": 65536"#
        try folder.write(#"{"model_type": "bert", "vocab_size": 30522, \#(sizes)}"#, as: "config.json")
        let took = ContinuousClock().measure {
            let error = #expect(throws: LoadError.self) {
                try ModalityEncoder(.text, .init(encoder: nil, weights: folder.url.path, train: .none), relativeTo: folder.url)
            }
            let message = "embeddings.word_embeddings.weight is [30522, 384], expected [30522, 65536]"
            #expect(error?.description.contains(message) == true)
        }
        #expect(took < .seconds(20))
    }

    @Test func specialTokensOfNoVocabulary() throws {
        let folder = try TemporaryFolder()
        let processor = #""post_processor":{"type":"BertProcessing","sep":["[SEP]",1000000000],"cls":["[CLS]",1]}"#
        let model = #""model":{"type":"WordLevel","vocab":{"a":0,"[UNK]":1},"unk_token":"[UNK]"}"#
        let file = try folder.write("{\(processor),\(model)}", as: "tokenizer.json")
        let source = EncoderSource(
            scope: Scope(ParameterStore()), config: JSONObject([:], path: "config.json"), folder: folder.url,
            options: EncoderOptions())
        let error = #expect(throws: BraidError.self) { try TextFrontEnd(source, vocabulary: 30_522, longestText: 512) }
        #expect(
            error?.description
                == "\(file.path): gives the special token [SEP] the id 1000000000, but config.json has a vocab_size of 30522: ids go from 0 to 30521"
        )
        #expect(error?.code == .badData)
    }

    @Test(arguments: [-1e30, 0, 0.5]) func longestTexts(_ length: Double) throws {
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
