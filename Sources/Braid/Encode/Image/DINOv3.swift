internal import Torch

extension VisionTransformer {
    /// DINOv3's Vision Transformers (Siméoni et al. 2025, arXiv:2508.10104): `dinov3_vit`, whose sizes Transformers' `config.json` gives.
    ///
    /// The shifts, jitters and scales of positions that it was trained with act in that training alone, and are left out.
    static let dinov3Builders = [
        EncoderBuilder(
            modality: .image, name: "dinov3_vit", paper: "arXiv:2508.10104", layouts: { [.dinov3(try dinov3Shape($0))] },
            adapters: .vision,
            build: { (try VisionTransformer($0.scope, dinov3Shape($0.config)), try ImageFrontEnd($0)) }
        )
        .usually(
            "facebook/dinov3-vitb16-pretrain-lvd1689m", licence: "DINOv3",
            config: #"""
                {"hidden_size": 768, "num_attention_heads": 12, "intermediate_size": 3072, "num_register_tokens": 4, "image_size": 224}
                """#)
    ]

    private static func dinov3Shape(_ config: JSONObject) throws -> VisionShape {
        let small: [String: Any] = ["hidden_size": 384, "num_attention_heads": 6, "intermediate_size": 1536]
        let whole = JSONObject(small.merging(config.fields) { _, stated in stated }, path: config.path)
        var shape = try VisionShape(transformers: whole, patch: 16, epsilon: 1e-5, activation: .gelu)
        shape.rotaryBase = try config.double("rope_theta", 100)
        shape.prefix = VisionShape.Prefix(registers: try config.int("num_register_tokens", 0), positions: 0)
        shape.hasProjectionBias = try config.bool("query_bias", true)
        shape.hasKeyBias = try config.bool("key_bias", false)
        try config.expect("value_bias", shape.hasProjectionBias)
        guard shape.hasProjectionBias || !shape.hasKeyBias else { throw config.fault("key_bias is true, but query_bias false") }
        try config.expect("proj_bias", true)
        try config.expect("mlp_bias", true)
        shape.scalesLayers = true
        shape.attentionDropout = try config.double("attention_dropout", 0)
        if try config.bool("use_gated_mlp", false) { shape.perceptron = .gatedApart(shape.perceptron.activation) }
        guard (shape.rotaryBase ?? 0) > 1, (shape.hidden / shape.heads).isMultiple(of: 4) else {
            throw config.fault("rope_theta must be beyond 1, and the size of a head a multiple of 4")
        }
        try shape.check(config)
        return shape
    }
}

extension KeyMap {
    /// The names Transformers gives the parameters of DINOv3: those of published files, and those that version 5 has in memory.
    fileprivate static func dinov3(_ shape: VisionShape) -> KeyMap {
        let isGated = if case .gatedApart = shape.perceptron { true } else { false }
        var renamed = [
            ("embeddings.cls_token", "cls_token"), ("embeddings.register_tokens", "reg_token"),
            ("embeddings.patch_embeddings.", "patch_embed.proj."),
        ]
        for layer in 0..<shape.layers {
            for (from, to) in [
                ("norm1.", "norm1."), ("norm2.", "norm2."), ("attention.q_proj.", "attn.q."), ("attention.k_proj.", "attn.k."),
                ("attention.v_proj.", "attn.v."), ("attention.o_proj.", "attn.proj."), ("layer_scale1.lambda1", "ls1.gamma"),
                ("layer_scale2.lambda1", "ls2.gamma"), ("mlp.down_proj.", "mlp.fc2."), ("mlp.gate_proj.", "mlp.fc1_g."),
                ("mlp.up_proj.", isGated ? "mlp.fc1_x." : "mlp.fc1."),
            ] {
                renamed += ["", "model."].map { ("\($0)layer.\(layer).\(from)", "blocks.\(layer).\(to)") }
            }
        }
        return KeyMap(
            "Hugging Face", markers: ["embeddings."], renamed: renamed.map { (from: $0.0, to: $0.1) },
            dropped: ["embeddings.mask_token"])
    }
}
