internal import Torch

extension VisionTransformer {
    /// The picture towers of CLIP (Radford et al. 2021, arXiv:2103.00020) and SigLIP (Zhai et al. 2023, arXiv:2303.15343): timm's names, and
    /// Transformers' `clip` and `siglip`, of whose checkpoints the text tower is left out, `clip_vision_model` and `siglip_vision_model`.
    static let clipBuilders = timmCLIP.map(\.builder) + timmSigLIP.map(\.builder) + CLIPTower.allCases.map(\.builder)

    private static let timmCLIP: [TimmViT] = [
        ("base", 32, [224, 256, 384, 448]), ("base", 16, [224, 384]), ("large", 14, [224, 336]),
    ].flatMap { size, patch, images in
        let sizes = images.map { ("\($0)", $0) } + [("quickgelu_224", 224)]
        return sizes.map { ending, image in
            TimmViT("vit_\(size)_patch\(patch)_clip_\(ending)", "arXiv:2103.00020", size, patch: patch, image: image) { shape in
                (shape.hasFirstNorm, shape.hasPatchBias, shape.epsilon) = (true, false, 1e-5)
                if ending != "\(image)" { shape.perceptron = .plain(.quickGelu) }
            }
        }
    }

    /// The activation is timm's for each name: some of the same weights are said to have another one in Transformers.
    private static let timmSigLIP: [TimmViT] = [
        ("base", 16, [224, 256, 384, 512], Activation.gelu), ("base", 32, [256], .geluTanh), ("large", 16, [256, 384], .gelu),
        ("large", 16, [512], .geluTanh), ("so400m", 14, [224, 378, 384], .gelu), ("so400m", 16, [256, 384, 512], .geluTanh),
    ].flatMap { size, patch, images, activation in
        images.map { image in
            TimmViT("vit_\(size)_patch\(patch)_siglip_\(image)", "arXiv:2303.15343", size, patch: patch, image: image) { shape in
                shape.prefix = VisionShape.Prefix(hasClass: false, positions: 0)
                (shape.pooling, shape.perceptron) = (.attention, .plain(activation))
            }
        }
    }
}

/// The `model_type`s of Transformers whose picture tower is a Vision Transformer.
private enum CLIPTower: String, CaseIterable {
    case clip
    case clipVision = "clip_vision_model"
    case sigLIP = "siglip"
    case sigLIPVision = "siglip_vision_model"

    private var isCLIP: Bool { self == .clip || self == .clipVision }
    /// Whether the configuration is of both towers.
    private var isWhole: Bool { self == .clip || self == .sigLIP }

    var builder: EncoderBuilder {
        EncoderBuilder(
            modality: .image, name: rawValue, paper: isCLIP ? "arXiv:2103.00020" : "arXiv:2303.15343",
            layouts: { [.clipVision(layers: try shape($0).layers, lastNorm: isCLIP ? "fc_norm." : "norm.")] }, adapters: .vision,
            build: { source in
                var shape = try shape(source.config)
                if try projects(source) {
                    let config = source.config
                    shape.projection = try config.int("projection_dim", 512)
                    try shape.check(config)
                }
                return (try VisionTransformer(source.scope, shape), try ImageFrontEnd(source))
            }
        )
        .usually(
            isCLIP ? "openai/clip-vit-base-patch32" : "google/siglip-base-patch16-224", licence: isCLIP ? "MIT" : "Apache-2.0")
    }

    /// Whether the embedding goes into the space that it shares with the texts: in whole models, and in towers that come with the layer.
    private func projects(_ source: EncoderSource) throws -> Bool {
        guard isCLIP else { return false }
        let architectures = try source.config.strings("architectures", [])
        return self == .clip || architectures.contains("CLIPVisionModelWithProjection") || source.scope.holds("projection.weight")
    }

    private func shape(_ whole: JSONObject) throws -> VisionShape {
        let config = isWhole ? try whole.object("vision_config") : whole
        let architectures = try whole.strings("architectures", [])
        if let classifier = architectures.first(where: { $0.hasSuffix("ForImageClassification") }) {
            throw whole.fault(
                "architectures: \(classifier) is not known; this version has the whole model and the picture tower alone")
        }
        var shape = try VisionShape(
            transformers: config, patch: isCLIP ? 32 : 16, epsilon: isCLIP ? 1e-5 : 1e-6,
            activation: isCLIP ? .quickGelu : .geluTanh)
        shape.attentionDropout = try config.double("attention_dropout", 0)
        guard !isCLIP else {
            (shape.hasFirstNorm, shape.hasPatchBias, shape.normsPooled) = (true, false, true)
            return shape
        }
        guard try config.bool("vision_use_head", true) else {
            throw config.fault("vision_use_head is false: this version has SigLIP with its pooling head")
        }
        shape.prefix = VisionShape.Prefix(hasClass: false, positions: 0)
        shape.pooling = .attention
        return shape
    }
}

extension KeyMap {
    /// The names Transformers gives the parameters of CLIP's and SigLIP's picture towers, alone or beside the text tower.
    fileprivate static func clipVision(layers: Int, lastNorm: String) -> KeyMap {
        var renamed = [
            ("embeddings.class_embedding", "cls_token"), ("embeddings.patch_embedding.", "patch_embed.proj."),
            ("embeddings.position_embedding.weight", "pos_embed"), ("pre_layrnorm.", "norm_pre."), ("post_layernorm.", lastNorm),
            ("head.probe", "attn_pool.latent"), ("head.attention.in_proj_", "attn_pool.in_proj_"),
            ("head.attention.out_proj.", "attn_pool.proj."), ("head.layernorm.", "attn_pool.norm."),
            ("head.mlp.", "attn_pool.mlp."),
        ]
        for layer in 0..<layers {
            for (from, to) in [
                ("layer_norm1.", "norm1."), ("layer_norm2.", "norm2."), ("self_attn.q_proj.", "attn.q."),
                ("self_attn.k_proj.", "attn.k."),
                ("self_attn.v_proj.", "attn.v."), ("self_attn.out_proj.", "attn.proj."), ("mlp.", "mlp."),
            ] {
                renamed.append(("encoder.layers.\(layer).\(from)", "blocks.\(layer).\(to)"))
            }
        }
        let ids = "embeddings.position_ids"
        return KeyMap(
            "Hugging Face", markers: ["vision_model.", "embeddings."],
            renamed: renamed.map { (from: "vision_model.\($0.0)", to: $0.1) } + renamed.map { (from: $0.0, to: $0.1) }
                + [(from: "visual_projection.", to: "projection.")],
            dropped: ["text_model.", "text_projection.", "logit_scale", "logit_bias", ids, "vision_model.\(ids)"])
    }
}
