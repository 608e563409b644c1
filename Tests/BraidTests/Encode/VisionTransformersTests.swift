import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// What a configuration of a Vision Transformer may ask for, and what is refused. Values: `ArchitectureTests`.
@Suite struct VisionTransformersTests {
    private func build(_ config: String) throws -> any Encoder {
        let folder = try TemporaryFolder()
        try folder.write(config, as: "config.json")
        try folder.write(#"{"image_processor_type": "ViTImageProcessor"}"#, as: "preprocessor_config.json")
        return try ModalityEncoder(
            .image, .init(encoder: folder.url.path, weights: "random", train: .none), relativeTo: folder.url
        ).encoder
    }

    @Test(arguments: [
        (#"{"model_type": "vit", "num_channels": 1}"#, "num_channels must be 3"),
        (#"{"model_type": "vit", "patch_size": [16, 8]}"#, "patch_size must be the same both ways"),
        (#"{"model_type": "vit", "image_size": [1, 2, 3]}"#, "image_size must be a number, or a list of height and width"),
        (#"{"model_type": "vit", "image_size": 8}"#, "the sizes do not fit together"),
        (#"{"model_type": "vit", "num_attention_heads": 5}"#, "the sizes do not fit together"),
        (#"{"model_type": "vit", "hidden_size": 9223372036854775807}"#, "the sizes do not fit together"),
        (#"{"model_type": "vit", "hidden_act": "mish"}"#, "hidden_act mish is not known"),
        (
            #"{"architecture": "vit_base_patch16_224", "global_pool": "avgmax"}"#,
            "global_pool avgmax is not known; this version has token"
        ),
        (
            #"{"architecture": "vit_base_patch16_224", "model_args": {"class_token": false}}"#,
            "global_pool is token, but class_token says that there is none"
        ),
        (#"{"architecture": "vit_base_patch16_224", "model_args": {"qk_norm": true}}"#, "model_args.qk_norm changes the network"),
        (#"{"architecture": "vit_base_patch16_224", "model_args": {"mlp_ratio": 1e9}}"#, "mlp_ratio gives perceptrons of no size"),
        (#"{"model_type": "dinov2", "mlp_ratio": 1e12}"#, "mlp_ratio gives perceptrons of no size"),
        (#"{"model_type": "dinov2_with_registers", "num_register_tokens": -1}"#, "the sizes do not fit together"),
        (#"{"model_type": "dinov3_vit", "value_bias": false}"#, "value_bias is false; this version has it true only"),
        (#"{"model_type": "dinov3_vit", "num_attention_heads": 64}"#, "the size of a head a multiple of 4"),
        (#"{"model_type": "mobilenet_v2", "output_stride": 16}"#, "output_stride is 16; this version has 32"),
        (#"{"model_type": "mobilenet_v2", "first_layer_is_expansion": false}"#, "first_layer_is_expansion is false"),
        (#"{"model_type": "clip", "architectures": ["CLIPForImageClassification"]}"#, "CLIPForImageClassification is not known"),
        (#"{"model_type": "clip", "projection_dim": 0, "vision_config": {}}"#, "the sizes do not fit together"),
        (#"{"model_type": "siglip_vision_model", "vision_use_head": false}"#, "vision_use_head is false"),
        (#"{"model_type": "swin", "use_absolute_embeddings": true}"#, "use_absolute_embeddings is true"),
        (#"{"model_type": "swin", "depths": [2, 2]}"#, "the sizes do not fit together"),
        (#"{"model_type": "swin", "num_heads": [3, 6, 12, 25]}"#, "the sizes do not fit together"),
    ]) func refused(_ config: String, _ message: String) throws {
        let error = #expect(throws: BraidError.self) { try build(config) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    /// Newer versions of Transformers write the settings of CLIP's processors into one file.
    @Test func processorsOfSeveralModalitiesAreRead() throws {
        let folder = try TemporaryFolder()
        var seeded = try SeededArchitecture("hf-clip-vision").files
        let settings = seeded.removeValue(forKey: "preprocessor_config.json") as? [String: Any]
        seeded["processor_config.json"] = try ["image_processor": #require(settings), "processor_class": "CLIPProcessor"]
        for (name, content) in seeded {
            try JSONSerialization.data(withJSONObject: content).write(to: folder.url.appendingPathComponent(name))
        }
        let encoder = try ModalityEncoder(
            .image, .init(encoder: folder.url.path, weights: "random", train: .none), relativeTo: folder.url)
        #expect(encoder.frontEnd.summary.hasPrefix("short side 48, crop 48×48, bicubic, mean [0.48145467"))
        #expect(encoder.encoder.dimension == 24)
    }

    /// Trained weights are written under the names they have here, beside the configuration that they came with.
    @Test(arguments: [
        "hf-clip-vision", "hf-siglip-vision-model", "hf-dinov2-registers", "hf-dinov3", "hf-swin", "hf-convnextv2_atto",
        "torchvision-vit_b_16",
        "timm-deit_tiny_distilled_patch16_224",
    ]) func trainedWeightsAreReadAgain(_ name: String) throws {
        let folder = try TemporaryFolder()
        try SeededArchitecture(name).write(to: folder.url)
        let settings = EncoderSettings(encoder: nil, weights: folder.url.path, train: .last(1))
        let first = try ModalityEncoder(.image, settings, relativeTo: folder.url)
        let copy = folder.url.appendingPathComponent("copy")
        try first.write(to: copy)
        let again = try ModalityEncoder(
            .image, .init(encoder: nil, weights: copy.path, train: .none), relativeTo: folder.url)
        let input = EncoderInput(values: try Fixtures.tensors("architectures/\(name).safetensors").tensor("input"))
        let embeddings = try [first, again].map { encoder in
            try withoutGradient { try encoder.encoder(input, mode: .evaluate).pooled }
        }
        #expect(try maxDifference(embeddings[0], embeddings[1]) <= 1e-5)
    }

    @Test func windowsMustDivideMaps() throws {
        let swin = try SwinTransformer(Scope(ParameterStore()), SwinTransformer.Shape(width: 8, depths: [1], heads: [1], window: 4))
        let error = #expect(throws: TorchError.self) { try swin(EncoderInput(values: .zeros([1, 3, 40, 32])), mode: .evaluate) }
        #expect(error?.description.contains("a map of 10×8 does not fall into windows of 4×4") == true)
    }

    @Test func adaptersTakeQueriesAndValues() throws {
        for (name, layers) in [("hf-vit", 2), ("timm-vit_base_patch16_224", 1)] {
            let folder = try TemporaryFolder()
            try SeededArchitecture(name).write(to: folder.url)
            let train = Trainable.lora(LowRank(rank: 2), targets: [])
            let encoder = try ModalityEncoder(
                .image, .init(encoder: nil, weights: folder.url.path, train: train), relativeTo: folder.url)
            let learnt = encoder.parameters.entries.filter { $0.role == .adapter }
            #expect(learnt.count == 3 * 2 * layers, "\(name): \(learnt.map(\.path))")
        }
    }

    /// All that a trained encoder of this kind computes must be part of the graph, resampled positions too.
    @Test func everyParameterLearns() throws {
        for name in ["hf-deit", "hf-siglip-vision", "timm-vit_tiny_patch16_224-map", "hf-swin", "hf-dinov3-gated"] {
            let folder = try TemporaryFolder()
            try SeededArchitecture(name).write(to: folder.url)
            let encoder = try ModalityEncoder(
                .image, .init(encoder: nil, weights: folder.url.path, train: .all), relativeTo: folder.url)
            let input = EncoderInput(values: try Fixtures.tensors("architectures/\(name).safetensors").tensor("wide/input"))
            let encoding = try encoder.encoder(input, mode: .train)
            try (encoding.pooled.power(2).sum() + encoding.tokens.power(3).sum()).backward()
            for entry in encoder.parameters.parameters {
                let size = try entry.tensor.gradient()?.absolute().sum().item() ?? 0
                // A key's bias moves all products of a query alike, which the softmax does not see.
                let isKey = entry.path.hasSuffix("attn.k.bias")
                #expect(size > 0 || isKey, "\(name): \(entry.path)")
            }
        }
    }
}
