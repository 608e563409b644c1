internal import Torch

extension VisionTransformer {
    /// DINOv2 (Oquab et al. 2023, arXiv:2304.07193), with registers too (Darcet et al. 2024, arXiv:2309.16588): timm's names, and `dinov2` and
    /// `dinov2_with_registers`, whose sizes Transformers' `config.json` gives.
    static let dinov2Builders =
        ["small", "base", "large", "giant"].flatMap { size in
            [0, 4].map { registers in
                TimmViT(
                    "vit_\(size)_patch14\(registers > 0 ? "_reg\(registers)" : "")_dinov2",
                    registers > 0 ? "arXiv:2309.16588" : "arXiv:2304.07193", size, patch: 14, image: 518
                ) { shape in
                    shape.scalesLayers = true
                    if registers > 0 { shape.prefix = VisionShape.Prefix(registers: registers, positions: 0) }
                    if size == "giant" { shape.perceptron = .gated }
                }.builder
            }
        } + [
            dinov2("dinov2", "arXiv:2304.07193", hasRegisters: false),
            dinov2("dinov2_with_registers", "arXiv:2309.16588", hasRegisters: true),
        ]

    private static func dinov2(_ name: String, _ paper: String, hasRegisters: Bool) -> EncoderBuilder {
        EncoderBuilder(
            modality: .image, name: name, paper: paper,
            layouts: { [.dinov2(name, layers: try dinov2Shape($0, hasRegisters).layers)] },
            adapters: .vision,
            build: { (try VisionTransformer($0.scope, dinov2Shape($0.config, hasRegisters)), try ImageFrontEnd($0)) }
        )
        .usually(
            hasRegisters ? "facebook/dinov2-with-registers-base" : "facebook/dinov2-base", licence: "Apache-2.0",
            config: #"{"patch_size": 14, "image_size": 518}"#)
    }

    private static func dinov2Shape(_ config: JSONObject, _ hasRegisters: Bool) throws -> VisionShape {
        var shape = try VisionShape(transformers: config, patch: hasRegisters ? 16 : 14, epsilon: 1e-6, activation: .gelu)
        shape.hasProjectionBias = try config.bool("qkv_bias", true)
        shape.embeddingDropout = try config.double("hidden_dropout_prob", 0)
        shape.attentionDropout = try config.double("attention_probs_dropout_prob", 0)
        shape.scalesLayers = true
        let wide = Double(shape.hidden) * (try config.double("mlp_ratio", 4))
        guard (8...1e6).contains(wide) else { throw config.fault("mlp_ratio gives perceptrons of no size that can be built") }
        shape.intermediate = Int(wide)
        if try config.bool("use_swiglu_ffn", false) {
            // Two thirds, so that three matrices are as large as two; rounded up to a multiple of eight.
            shape.intermediate = (Int(bounded: Double(shape.intermediate) * 2 / 3) + 7) / 8 * 8
            shape.perceptron = .gated
        }
        if hasRegisters {
            shape.prefix.registers = try config.int("num_register_tokens", 4)
            shape.resampling = .antialiased
        }
        // The published classifiers look at both.
        if try config.strings("architectures", []).contains(where: { $0.hasSuffix("ForImageClassification") }) {
            shape.pooling = .classAndMean
        }
        try shape.check(config)
        return shape
    }
}

extension KeyMap {
    /// The names Transformers gives the parameters of DINOv2.
    fileprivate static func dinov2(_ model: String, layers: Int) -> KeyMap {
        transformersVision(
            model, layers: layers,
            [
                ("norm1.", "norm1."), ("norm2.", "norm2."), ("layer_scale1.lambda1", "ls1.gamma"),
                ("layer_scale2.lambda1", "ls2.gamma"),
                ("mlp.fc1.", "mlp.fc1."), ("mlp.fc2.", "mlp.fc2."), ("mlp.weights_in.", "mlp.fc1."),
                ("mlp.weights_out.", "mlp.fc2."),
            ])
    }
}
