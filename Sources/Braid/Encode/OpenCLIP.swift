internal import Torch

/// CLIP as OpenCLIP saves it (Cherti et al. 2023, arXiv:2212.07143): an `open_clip_config.json`, and keys such as `visual.transformer.resblocks.0` and
/// `token_embedding`, those of the text tower behind `text.` where it is a custom one.
///
/// Both towers are Transformers of CLIP's form; towers of timm, Hugging Face, ResNets and CoCa are refused by name.
struct OpenCLIP {
    /// The size of the space that both towers share.
    private let dimension: Int
    private let isQuick: Bool
    private let vision: JSONObject
    private let text: JSONObject

    /// Reads the `model_cfg` of an `open_clip_config.json`.
    init(_ config: JSONObject) throws {
        let model = try config.object("model_cfg")
        try model.expectNeutral(besides: [
            "embed_dim", "vision_cfg", "text_cfg", "quick_gelu", "custom_text", "init_logit_scale", "init_logit_bias",
            "nonscalar_logit_scale",
        ])
        dimension = try model.int("embed_dim")
        try model.expectSizes(["embed_dim": dimension])
        isQuick = try model.bool("quick_gelu", false)
        (vision, text) = (try model.object("vision_cfg"), try model.object("text_cfg"))
    }

    private func activation(_ tower: JSONObject) throws -> Activation {
        let changed = try tower.object("act_kwargs")
        try changed.expectNeutral(besides: ["approximate"])
        let form = try changed.string("approximate", "none")
        guard form == "none" || (form == "tanh" && !isQuick) else {
            throw changed.fault("approximate \(form) is not known; this version has tanh, without quick_gelu")
        }
        return isQuick ? .quickGelu : form == "tanh" ? .geluTanh : .gelu
    }

    private func epsilon(_ tower: JSONObject) throws -> Double {
        let changed = try tower.object("norm_kwargs")
        try changed.expectNeutral(besides: ["eps"])
        return try changed.positive("eps", 1e-5)
    }

    private static func inner(_ tower: JSONObject, _ hidden: Int) throws -> Int {
        let size = Double(hidden) * (try tower.double("mlp_ratio", 4))
        guard (1...1e6).contains(size) else { throw tower.fault("mlp_ratio gives perceptrons of no size that can be built") }
        return Int(size)
    }

    /// The picture tower.
    func visionShape() throws -> VisionShape {
        if vision.has("timm_model_name") {
            throw vision.fault(
                "timm_model_name is \(try vision.string("timm_model_name")): this version has OpenCLIP's own Vision Transformers; take timm's file of that model"
            )
        }
        guard !(vision.fields["layers"] is [Any]) else {
            throw vision.fault("layers is a list, as a ResNet has it: this version has OpenCLIP's Vision Transformers")
        }
        // Queries of a pooler that is not there, dropped patches of the training, and what else a caller may ask for change nothing.
        try vision.expectNeutral(besides: [
            "image_size", "layers", "width", "head_width", "mlp_ratio", "patch_size", "ls_init_value", "no_ln_pre",
            "final_ln_after_pool", "pool_type", "act_kwargs", "norm_kwargs", "patch_dropout", "output_tokens",
            "attn_pooler_queries",
            "attn_pooler_heads", "pos_embed_type", "timm_pool", "timm_proj", "timm_drop", "timm_model_pretrained",
        ])
        var shape = VisionShape()
        shape.hidden = try vision.int("width", 768)
        shape.layers = try vision.int("layers", 12)
        let head = try vision.int("head_width", 64)
        guard (1...100_000).contains(shape.hidden), (1...shape.hidden).contains(head) else {
            throw vision.fault("width and head_width must be 1 or more, and a head within the width")
        }
        shape.heads = shape.hidden / head
        shape.intermediate = try Self.inner(vision, shape.hidden)
        let (patch, size) = (try vision.sides("patch_size", 16), try vision.sides("image_size", 224))
        guard patch.height > 0, patch.height == patch.width else { throw vision.fault("patch_size must be the same both ways") }
        shape.patch = patch.height
        shape.grid = VisionShape.Grid(rows: size.height / patch.height, columns: size.width / patch.height)
        (shape.perceptron, shape.epsilon) = (.plain(try activation(vision)), try epsilon(vision))
        (shape.resampling, shape.joinsProjections, shape.hasPatchBias) = (.antialiased, true, false)
        shape.hasFirstNorm = try !vision.bool("no_ln_pre", false)
        shape.normsPooled = try vision.bool("final_ln_after_pool", false)
        shape.scalesLayers = vision.has("ls_init_value")
        let pooling = try vision.string("pool_type", "tok")
        guard pooling == "tok" || pooling == "avg" else {
            throw vision.fault("pool_type \(pooling) is not known; this version has tok and avg")
        }
        shape.pooling = pooling == "avg" ? .mean : .classToken
        (shape.projection, shape.isProjectionTransposed) = (dimension, true)
        try shape.check(vision)
        return shape
    }

    /// The text tower.
    func textShape() throws -> ContrastiveTextShape {
        // Ids of padding and of a text's end are asked for by other poolings alone.
        try text.expectNeutral(besides: [
            "context_length", "vocab_size", "width", "heads", "layers", "mlp_ratio", "act_kwargs", "norm_kwargs", "pad_id",
            "eos_id",
            "output_tokens", "pool_type", "proj_type", "hf_tokenizer_name", "hf_model_pretrained", "hf_proj_type", "hf_pooler_type",
        ])
        try text.expect("pool_type", "argmax")
        try text.expect("proj_type", "linear")
        let hidden = try text.int("width", 512)
        try text.expectSizes(["width": hidden])
        let block = CLIPBlockShape(
            hidden: hidden, heads: try text.int("heads", 8), intermediate: try Self.inner(text, hidden),
            activation: try activation(text), epsilon: try epsilon(text), attentionDropout: 0, joinsProjections: true)
        let shape = ContrastiveTextShape(
            vocabulary: try text.int("vocab_size", 49_408), block: block, layers: try text.int("layers", 12),
            positions: try text.int("context_length", 77), projection: dimension)
        try text.expectSizes([
            "vocab_size": shape.vocabulary, "context_length": shape.positions, "layers": shape.layers, "heads": block.heads,
        ])
        guard shape.layers <= 1000, hidden.isMultiple(of: block.heads) else {
            throw text.fault("layers must be at most 1000, and heads divide width")
        }
        return shape
    }

    private static func read(_ source: EncoderSource) throws -> (any Encoder, any FrontEnd) {
        let shape = try OpenCLIP(source.config).textShape()
        let frontEnd = try TextFrontEnd(source, vocabulary: shape.vocabulary, longestText: shape.positions)
        try source.options.refuseOtherPooling(than: .last)
        let hidden = shape.block.hidden
        let projection = Projection.transposed(
            try TransposedLinear(source.scope / "text_projection", hidden, shape.projection, bias: false))
        let parts = try shape.parts(source.scope, (projection, "text_projection."), isCausal: true)
        return (TextTransformer(parts, pooling: TextPooling(modes: [.last]), inference: source.scope.store.inference), frontEnd)
    }

    /// The picture tower, by a name that no file has: what it stands for is an `open_clip_config.json`.
    static let visionBuilders = [
        EncoderBuilder(
            modality: .image, name: "open_clip", paper: "arXiv:2212.07143",
            layouts: { [.openCLIPVision(try OpenCLIP($0).visionShape())] }, adapters: .vision,
            build: { source in
                let shape = try OpenCLIP(source.config).visionShape()
                return (try VisionTransformer(source.scope, shape), try ImageFrontEnd(source))
            }
        )
        .usually(usual, licence: "MIT", config: usualShape)
    ]

    /// The text tower, by the same name.
    static let textBuilders = [
        EncoderBuilder(
            modality: .text, name: "open_clip", paper: "arXiv:2212.07143",
            layouts: { [.openCLIPText(layers: try OpenCLIP($0).textShape().layers)] },
            adapters: AdapterTargets(lowRank: ["in_proj"], scaled: nil),
            sharedSpace: SharedSpaceKeys(scale: "logit_scale", offset: "logit_bias", needsOffset: false), build: read
        )
        .usually(usual, licence: "MIT", config: usualShape)
    ]

    private static let usual = "laion/CLIP-ViT-B-32-laion2B-s34B-b79K"
    private static let usualShape = #"""
        {"model_cfg": {"embed_dim": 512, "vision_cfg": {"image_size": 224, "layers": 12, "width": 768, "patch_size": 32},
         "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 512, "heads": 8, "layers": 12}}}
        """#
}

extension JSONObject {
    /// Refuses keys that are not known, but for those whose values ask for nothing: null, false, zero.
    fileprivate func expectNeutral(besides known: Set<String>) throws {
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) where !known.contains(key) {
            let number = (try? double(key, 1)) ?? 1
            guard !has(key) || number == 0 || (try? bool(key, true)) == false else {
                throw fault("\(key) is \(value), which changes the network in a way that is not known here")
            }
        }
    }
}

extension KeyMap {
    /// What OpenCLIP calls the parts of a block, and what they are called here: in front of a layer's number, and behind it.
    private static func blocks(
        _ layers: Int, from: String, to: String, _ parts: [(String, String)]
    ) -> [(from: String, to: String)] {
        (0..<layers).flatMap { layer in parts.map { (from: "\(from)\(layer).\($0.0)", to: "\(to)\(layer).\($0.1)") } }
    }

    /// What stands in OpenCLIP's files beside the towers.
    private static let beside = ["logit_scale", "logit_bias", "attn_mask", "input_resolution", "context_length", "vocab_size"]

    fileprivate static func openCLIPVision(_ shape: VisionShape) -> KeyMap {
        let parts = [
            ("ln_1.", "norm1."), ("ln_2.", "norm2."), ("attn.in_proj_weight", "attn.qkv.weight"),
            ("attn.in_proj_bias", "attn.qkv.bias"),
            ("attn.out_proj.", "attn.proj."), ("mlp.c_fc.", "mlp.fc1."), ("mlp.c_proj.", "mlp.fc2."), ("ls_1.", "ls1."),
            ("ls_2.", "ls2."),
        ]
        let ends = [
            ("class_embedding", "cls_token"), ("positional_embedding", "pos_embed"), ("conv1.", "patch_embed.proj."),
            ("ln_pre.", "norm_pre."), ("ln_post.", shape.normsPooled ? "fc_norm." : "norm."), ("proj", "projection.weight"),
        ]
        return KeyMap(
            "OpenCLIP", markers: ["visual.conv1."],
            renamed: blocks(shape.layers, from: "visual.transformer.resblocks.", to: "blocks.", parts)
                + ends.map { (from: "visual.\($0.0)", to: $0.1) },
            dropped: ["token_embedding.", "positional_embedding", "transformer.", "ln_final.", "text_projection", "text."] + beside)
    }

    fileprivate static func openCLIPText(layers: Int) -> KeyMap {
        let parts = [
            ("ln_1.", "layer_norm1."), ("ln_2.", "layer_norm2."), ("attn.in_proj_weight", "self_attn.in_proj.weight"),
            ("attn.in_proj_bias", "self_attn.in_proj.bias"), ("attn.out_proj.", "self_attn.out_proj."), ("mlp.c_fc.", "mlp.fc1."),
            ("mlp.c_proj.", "mlp.fc2."),
        ]
        let ends = [
            ("token_embedding.", "text_model.embeddings.token_embedding."),
            ("positional_embedding", "text_model.embeddings.position_embedding.weight"),
            ("ln_final.", "text_model.final_layer_norm."), ("text_projection", "text_projection.weight"),
        ]
        let renamed = ["", "text."].flatMap { prefix in
            blocks(layers, from: "\(prefix)transformer.resblocks.", to: "text_model.encoder.layers.", parts)
                + ends.map { (from: prefix + $0.0, to: $0.1) }
        }
        return KeyMap(
            "OpenCLIP", markers: ["token_embedding.", "text.token_embedding."], renamed: renamed,
            dropped: ["visual.", "text.attn_mask"] + beside)
    }
}
