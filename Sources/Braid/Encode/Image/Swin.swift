internal import Torch

extension SwinTransformer {
    /// timm's names, and `swin`, whose sizes Transformers' `config.json` gives.
    static let builders =
        [
            ("tiny", 96, 6, [3, 6, 12, 24], 7, 224), ("small", 96, 18, [3, 6, 12, 24], 7, 224),
            ("base", 128, 18, [4, 8, 16, 32], 7, 224), ("base", 128, 18, [4, 8, 16, 32], 12, 384),
            ("large", 192, 18, [6, 12, 24, 48], 7, 224), ("large", 192, 18, [6, 12, 24, 48], 12, 384),
        ].map { size, width, third, heads, window, image in
            let shape = Shape(width: width, depths: [2, 2, third, 2], heads: heads, window: window)
            return EncoderBuilder(
                modality: .image, name: "swin_\(size)_patch4_window\(window)_\(image)", paper: "arXiv:2103.14030",
                adapters: .vision,
                build: { source in
                    let shape = try changed(shape, source.config)
                    let bare = ImageFrontEnd.torchvision(resize: image, crop: image, .bicubic)
                    return (try SwinTransformer(source.scope, shape), try ImageFrontEnd(source, bare: bare))
                })
        } + [
            EncoderBuilder(
                modality: .image, name: "swin", paper: "arXiv:2103.14030", layouts: { [.swin(try stated($0))] }, adapters: .vision,
                build: { (try SwinTransformer($0.scope, stated($0.config)), try ImageFrontEnd($0)) }
            )
            .usually("microsoft/swin-tiny-patch4-window7-224", licence: "Apache-2.0")
        ]

    /// The shape with what timm's `model_args` say.
    private static func changed(_ shape: Shape, _ config: JSONObject) throws -> Shape {
        let known: Set<String> = [
            "img_size", "embed_dim", "depths", "num_heads", "window_size", "mlp_ratio", "qkv_bias", "strict_img_size",
        ]
        try config.expectPlainTimm(besides: known)
        let given = try config.object("model_args")
        var shape = shape
        shape.width = try given.int("embed_dim", shape.width)
        shape.depths = try given.ints("depths", shape.depths)
        shape.heads = try given.ints("num_heads", shape.heads)
        shape.window = try given.int("window_size", shape.window)
        shape.ratio = try given.double("mlp_ratio", shape.ratio)
        shape.hasProjectionBias = try given.bool("qkv_bias", true)
        try check(shape, config)
        return shape
    }

    /// The shape that Transformers' `config.json` states.
    private static func stated(_ config: JSONObject) throws -> Shape {
        var shape = Shape(joinsProjections: false)
        shape.width = try config.int("embed_dim", 96)
        shape.depths = try config.ints("depths", shape.depths)
        shape.heads = try config.ints("num_heads", shape.heads)
        shape.window = try config.int("window_size", 7)
        shape.ratio = try config.double("mlp_ratio", 4)
        shape.hasProjectionBias = try config.bool("qkv_bias", true)
        shape.activation = try config.activation("hidden_act", .gelu)
        shape.epsilon = try config.positive("layer_norm_eps", 1e-5)
        shape.dropout = try config.double("hidden_dropout_prob", 0)
        (shape.embeddingDropout, shape.outputDropout) = (shape.dropout, shape.dropout)
        shape.attentionDropout = try config.double("attention_probs_dropout_prob", 0)
        guard try !config.bool("use_absolute_embeddings", false) else {
            throw config.fault("use_absolute_embeddings is true: this version has Swin's relative positions alone")
        }
        guard try config.int("patch_size", 4) == 4, try config.int("num_channels", 3) == 3 else {
            throw config.fault("patch_size must be 4, and num_channels 3")
        }
        try check(shape, config)
        return shape
    }

    /// Refuses sizes that no network has.
    static func check(_ shape: Shape, _ config: JSONObject) throws {
        let sizes = [shape.width, shape.window] + shape.depths + shape.heads
        guard sizes.allSatisfy({ (1...8192).contains($0) }), (1...8).contains(shape.depths.count),
            shape.depths.count == shape.heads.count, shape.window <= 128, (0.01...100).contains(shape.ratio),
            shape.heads.enumerated().allSatisfy({ (shape.width << $0.offset).isMultiple(of: $0.element) })
        else {
            throw config.fault(
                "the sizes do not fit together: depths and num_heads hold a number for each stage, and heads divide the size of a token there"
            )
        }
    }
}

extension KeyMap {
    /// The names Transformers gives the parameters of Swin.
    fileprivate static func swin(_ shape: SwinTransformer.Shape) -> KeyMap {
        let renamed = [
            ("embeddings.patch_embeddings.projection.", "patch_embed.proj."), ("embeddings.norm.", "patch_embed.norm."),
            ("layernorm.", "norm."),
        ]
        return huggingFace(
            prefix: "swin.", marker: "embeddings.", renamed + swinBlocks(shape, in: "encoder."),
            dropped: ["classifier.", "decoder.", "embeddings.mask_token", "swin.embeddings.mask_token"])
    }

    /// What Transformers calls the parts of Swin's blocks, and what they are called here: the merging stands at the end of a stage there.
    ///
    /// - Parameter place: What the names there begin with, in front of `layers`.
    static func swinBlocks(_ shape: SwinTransformer.Shape, in place: String) -> [(String, String)] {
        shape.depths.enumerated().flatMap { stage, depth in
            let merging = ("\(place)layers.\(stage).downsample.", "layers.\(stage + 1).downsample.")
            return [merging]
                + (0..<depth).flatMap { block in
                    [
                        ("layernorm_before.", "norm1."), ("layernorm_after.", "norm2."), ("attention.self.query.", "attn.q."),
                        ("attention.self.key.", "attn.k."), ("attention.self.value.", "attn.v."),
                        ("attention.self.relative_position_", "attn.relative_position_"), ("attention.output.dense.", "attn.proj."),
                        ("intermediate.dense.", "mlp.fc1."), ("output.dense.", "mlp.fc2."),
                    ].map { from, to in
                        ("\(place)layers.\(stage).blocks.\(block).\(from)", "layers.\(stage).blocks.\(block).\(to)")
                    }
                }
        }
    }
}
