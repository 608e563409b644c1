internal import Torch

extension VisionTransformer {
    /// ViT and DeiT under timm's names, `vit` and `deit`, whose sizes Transformers' `config.json` gives, and their descendants.
    static let builders = (vit + deit).map(\.builder) + transformers

    /// Plain ones (Dosovitskiy et al. 2021; Steiner et al. 2022, arXiv:2106.10270).
    private static let vit: [TimmViT] = [
        ("tiny", 16, [224, 384]), ("small", 8, [224]), ("small", 16, [224, 384]), ("small", 32, [224, 384]), ("base", 8, [224]),
        ("base", 16, [224, 384]), ("base", 32, [224, 384]), ("large", 16, [224, 384]), ("large", 32, [224, 384]),
        ("huge", 14, [224]),
    ].flatMap { size, patch, images in
        images.map { image in
            TimmViT("vit_\(size)_patch\(patch)_\(image)", "arXiv:2010.11929", size, patch: patch, image: image)
        }
    }

    /// DeiT (Touvron et al. 2021, arXiv:2012.12877), with and without distillation, and DeiT III (arXiv:2204.07118).
    private static let deit: [TimmViT] =
        [("tiny", 224), ("small", 224), ("base", 224), ("base", 384)].flatMap { size, image in
            [
                TimmViT("deit_\(size)_patch16_\(image)", "arXiv:2012.12877", size, patch: 16, image: image),
                TimmViT("deit_\(size)_distilled_patch16_\(image)", "arXiv:2012.12877", size, patch: 16, image: image) { shape in
                    shape.prefix = VisionShape.Prefix(hasDistillation: true, positions: 2)
                    shape.pooling = .classAndDistillation
                },
            ]
        }
        + [
            ("small", 16, 224), ("small", 16, 384), ("medium", 16, 224), ("base", 16, 224), ("base", 16, 384),
            ("large", 16, 224), ("large", 16, 384), ("huge", 14, 224),
        ].map { size, patch, image in
            TimmViT("deit3_\(size)_patch\(patch)_\(image)", "arXiv:2204.07118", size, patch: patch, image: image) { shape in
                shape.prefix.positions = 0
                shape.scalesLayers = true
            }
        }

    private static let transformers = [
        EncoderBuilder(
            modality: .image, name: "vit", paper: "arXiv:2010.11929",
            layouts: { [.visionTransformer("vit", layers: try stated($0).layers)] },
            adapters: .vision, build: { (try VisionTransformer($0.scope, stated($0.config)), try ImageFrontEnd($0)) }
        )
        .usually("google/vit-base-patch16-224", licence: "Apache-2.0"),
        EncoderBuilder(
            modality: .image, name: "deit", paper: "arXiv:2012.12877",
            layouts: { [.visionTransformer("deit", layers: try stated($0).layers)] }, adapters: .vision,
            build: { source in
                var shape = try stated(source.config)
                shape.prefix = VisionShape.Prefix(hasDistillation: true, positions: 2)
                // With a classifier for each of the two tokens, both count.
                let classifiers = try source.config.strings("architectures", [])
                if classifiers.contains("DeiTForImageClassificationWithTeacher") { shape.pooling = .classAndDistillation }
                return (try VisionTransformer(source.scope, shape), try ImageFrontEnd(source))
            }
        )
        .usually("facebook/deit-base-distilled-patch16-224", licence: "Apache-2.0"),
    ]

    /// The shape that Transformers' `config.json` of a ViT or DeiT states.
    private static func stated(_ config: JSONObject) throws -> VisionShape {
        var shape = try VisionShape(transformers: config, patch: 16, epsilon: 1e-12, activation: .gelu)
        shape.hasProjectionBias = try config.bool("qkv_bias", true)
        shape.dropout = try config.double("hidden_dropout_prob", 0)
        shape.embeddingDropout = shape.dropout
        shape.attentionDropout = try config.double("attention_probs_dropout_prob", 0)
        return shape
    }
}

extension AdapterTargets {
    /// Of Vision Transformers: queries and values, or the layer that makes all three.
    static let vision = AdapterTargets(
        lowRank: ["attn.q", "attn.v", "attn.qkv"], scaled: ["attn.k", "attn.v", "attn.qkv", "mlp.fc2"], scaledInputs: ["mlp.fc2"])
}

extension KeyMap {
    /// The names Transformers gives the parameters of ViT and DeiT.
    static func visionTransformer(_ model: String, layers: Int) -> KeyMap {
        let perLayer = [
            ("layernorm_before.", "norm1."), ("layernorm_after.", "norm2."), ("intermediate.dense.", "mlp.fc1."),
            ("output.dense.", "mlp.fc2."),
        ]
        return transformersVision(model, layers: layers, perLayer, dropped: ["pooler.", "\(model).pooler.", "decoder."])
    }

    /// What the names of ViT, DeiT and DINOv2 have in common in Transformers.
    static func transformersVision(
        _ model: String, layers: Int, _ perLayer: [(String, String)], dropped: [String] = []
    ) -> KeyMap {
        var renamed = [
            ("embeddings.cls_token", "cls_token"), ("embeddings.distillation_token", "dist_token"),
            ("embeddings.register_tokens", "reg_token"), ("embeddings.position_embeddings", "pos_embed"),
            ("embeddings.patch_embeddings.projection.", "patch_embed.proj."), ("layernorm.", "norm."),
        ]
        let attention = [("query", "q"), ("key", "k"), ("value", "v")].map { ("attention.attention.\($0).", "attn.\($1).") }
        for layer in 0..<layers {
            for (from, to) in attention + [("attention.output.dense.", "attn.proj.")] + perLayer {
                renamed.append(("encoder.layer.\(layer).\(from)", "blocks.\(layer).\(to)"))
            }
        }
        let mask = ["embeddings.mask_token", "\(model).embeddings.mask_token"]
        return huggingFace(
            prefix: "\(model).", marker: "embeddings.", renamed,
            dropped: mask + ["classifier.", "cls_classifier.", "distillation_classifier."] + dropped)
    }

    /// The names torchvision gives the parameters of its ViT.
    static func torchvisionViT(layers: Int) -> KeyMap {
        var renamed = [
            ("class_token", "cls_token"), ("conv_proj.", "patch_embed.proj."), ("encoder.pos_embedding", "pos_embed"),
            ("encoder.ln.", "norm."),
        ]
        for layer in 0..<layers {
            let (from, to) = ("encoder.layers.encoder_layer_\(layer).", "blocks.\(layer).")
            renamed += [
                ("ln_1.", "norm1."), ("ln_2.", "norm2."), ("self_attention.in_proj_weight", "attn.qkv.weight"),
                ("self_attention.in_proj_bias", "attn.qkv.bias"), ("self_attention.out_proj.", "attn.proj."),
                // Files of the first versions have names of their own for the perceptron.
                ("mlp.0.", "mlp.fc1."), ("mlp.linear_1.", "mlp.fc1."), ("mlp.3.", "mlp.fc2."), ("mlp.linear_2.", "mlp.fc2."),
            ].map { (from + $0.0, to + $0.1) }
        }
        return KeyMap(
            "torchvision", markers: ["conv_proj."], renamed: renamed.map { (from: $0.0, to: $0.1) }, dropped: ["heads."])
    }
}
