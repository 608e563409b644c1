internal import Torch

/// The sizes of a text tower of CLIP's or SigLIP's kind.
struct ContrastiveTextShape {
    let vocabulary: Int
    let block: CLIPBlockShape
    let layers: Int
    let positions: Int
    /// The size of an embedding behind the projection.
    let projection: Int

    /// Asks `scope` for the weights.
    ///
    /// - Parameters:
    ///   - scope: The model's place.
    ///   - projection: The layer behind the pooling, and what its parameters' paths begin with; nil for none.
    ///   - isCausal: Whether tokens see only those before them.
    func parts(
        _ scope: Scope, _ projection: (layer: Projection, path: String)?, isCausal: Bool
    ) throws -> TextTransformer.Parts {
        let (hidden, tower) = (block.hidden, scope / "text_model")
        let normal = Initializer.normal(deviation: 0.02)
        let words = try Embedding(tower / "embeddings" / "token_embedding", vocabulary, hidden, initializer: normal)
        let places = try Embedding(tower / "embeddings" / "position_embedding", positions, hidden, initializer: normal)
        (tower / "embeddings").ignore("position_ids")
        let blocks =
            [["text_model.embeddings."]] + (0..<layers).map { ["text_model.encoder.layers.\($0)."] }
            + [["text_model.final_layer_norm."] + (projection.map { [$0.path] } ?? [])]
        return TextTransformer.Parts(
            embed: { ids, numbers in try words(ids) + places(numbers) },
            layers: try (0..<layers).map { try TransformerBlock(clip: tower / "encoder" / "layers" / $0, block) },
            finalNorm: try LayerNorm(tower / "final_layer_norm", hidden, epsilon: block.epsilon), hidden: hidden,
            projection: projection?.layer, blocks: blocks,
            relations: { length in
                [TokenRelations(bias: isCausal ? try TokenRelations.window(length, before: nil, after: 0) : nil)]
            })
    }
}

/// The text towers of CLIP (Radford et al. 2021, arXiv:2103.00020) and SigLIP (Zhai et al. 2023, arXiv:2303.15343), whose embeddings share a space with
/// those of their image towers.
///
/// Parameters have Transformers' names: `text_model.embeddings.token_embedding`, `text_model.encoder.layers.0.self_attn.q_proj`, …,
/// `text_projection`.
enum ContrastiveText: String, CaseIterable {
    case clip
    case clipText = "clip_text_model"
    case siglip
    case siglipText = "siglip_text_model"

    /// Whether it is SigLIP's: every token sees all, padding counts as text, and the embedding is the last token's.
    private var isSiglip: Bool { self == .siglip || self == .siglipText }

    /// The settings of the text tower: a part of the whole model's `config.json`, or all of a tower's own.
    private func settings(_ config: JSONObject) throws -> JSONObject {
        guard self == .clip || self == .siglip else { return config }
        return try config.object("text_config")
    }

    private func shape(_ config: JSONObject) throws -> ContrastiveTextShape {
        let text = try settings(config)
        let block = try CLIPBlockShape(
            text, hidden: isSiglip ? 768 : 512, heads: isSiglip ? 12 : 8, intermediate: isSiglip ? 3072 : 2048,
            activation: isSiglip ? .geluTanh : .quickGelu, epsilon: isSiglip ? 1e-6 : 1e-5)
        let vocabulary = try text.int("vocab_size", isSiglip ? 32_000 : 49_408)
        let positions = try text.int("max_position_embeddings", isSiglip ? 64 : 77)
        let layers = try text.int("num_hidden_layers", 12)
        let projection = try isSiglip ? text.int("projection_size", block.hidden) : config.int("projection_dim", 512)
        try text.expectSizes([
            "vocab_size": vocabulary, "max_position_embeddings": positions, "num_hidden_layers": layers,
            isSiglip ? "projection_size" : "projection_dim": projection,
        ])
        guard layers <= 1000 else { throw text.fault("num_hidden_layers is \(layers); it must be at most 1000") }
        return ContrastiveTextShape(
            vocabulary: vocabulary, block: block, layers: layers, positions: positions, projection: projection)
    }

    private func build(_ source: EncoderSource) throws -> (any Encoder, any FrontEnd) {
        let shape = try shape(source.config)
        var frontEnd = try TextFrontEnd(source, vocabulary: shape.vocabulary, longestText: shape.positions)
        // SigLIP was trained on texts that are filled up, and has no mask.
        if isSiglip { frontEnd.filledLength = frontEnd.maxLength }
        let (scope, hidden) = (source.scope, shape.block.hidden)
        let projection: (layer: Projection, path: String)? =
            if isSiglip {
                (.upright(try Linear(scope / "text_model" / "head", hidden, shape.projection)), "text_model.head.")
            } else if self == .clip || scope.holds("text_projection.weight") {
                (
                    .upright(
                        try Linear(
                            scope / "text_projection", hidden, shape.projection, bias: false,
                            initializer: .normal(deviation: 0.02))), "text_projection."
                )
            } else { nil }
        let parts = try shape.parts(scope, projection, isCausal: !isSiglip)
        if projection != nil { try source.options.refuseOtherPooling(than: .last) }
        let pooling = try TextPooling(source, behind: frontEnd, hidden: hidden, otherwise: .last)
        return (TextTransformer(parts, pooling: pooling, inference: scope.store.inference), frontEnd)
    }

    /// The names of the whole model, whose image tower is left out, and of a text tower that was saved by itself.
    private static let layouts: [KeyMap] = {
        let others = ["vision_model.", "visual_projection.", "logit_scale", "logit_bias"]
        let bare = ["embeddings.", "encoder.", "final_layer_norm.", "head."].map { (from: $0, to: "text_model.\($0)") }
        return [
            KeyMap("Hugging Face, both towers", markers: ["vision_model."], dropped: others),
            KeyMap("Hugging Face, the bare tower", markers: ["embeddings.token_embedding."], renamed: bare),
        ]
    }()

    /// nil of a text tower by itself.
    private var sharedSpace: SharedSpaceKeys? {
        switch self {
        case .clip: SharedSpaceKeys(scale: "logit_scale")
        case .siglip: SharedSpaceKeys(scale: "logit_scale", offset: "logit_bias")
        case .clipText, .siglipText: nil
        }
    }

    static let builders = allCases.map { kind in
        EncoderBuilder(
            modality: .text, name: kind.rawValue, paper: kind.isSiglip ? "arXiv:2303.15343" : "arXiv:2103.00020",
            layouts: { _ in layouts }, adapters: AdapterTargets(lowRank: ["q_proj", "v_proj"], scaled: nil),
            sharedSpace: kind.sharedSpace,
            build: { try kind.build($0) }
        )
        .usually(
            kind.isSiglip ? "google/siglip-base-patch16-224" : "openai/clip-vit-base-patch32",
            licence: kind.isSiglip ? "Apache-2.0" : "MIT")
    }
}
