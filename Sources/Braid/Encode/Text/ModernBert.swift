internal import Torch

/// ModernBERT (Warner et al. 2024, arXiv:2412.13663): rotary positions, gated perceptrons, norms in front, and attention that in two of three
/// layers sees a window only.
///
/// Parameters have Transformers' names: `embeddings.tok_embeddings`, `layers.0.attn.Wqkv`, `layers.0.mlp.Wi`, …, `final_norm`.
struct ModernBert: TextModel {
    let vocabulary: Int
    let longestText: Int
    let hidden: Int
    private let intermediate: Int
    private let heads: Int
    /// Of each layer, whether it sees a window only.
    private let isLocal: [Bool]
    /// How many tokens a local layer sees in either direction.
    private let window: Int
    private let bases: (global: Double, local: Double)
    private let epsilon: Double
    private let hasBias: (norm: Bool, attention: Bool, feed: Bool)
    private let dropout: (embedding: Double, attention: Double, feed: Double)
    private let activation: Activation

    init(_ config: JSONObject) throws {
        vocabulary = try config.int("vocab_size")
        longestText = try config.int("max_position_embeddings", 8192)
        hidden = try config.int("hidden_size")
        intermediate = try config.int("intermediate_size")
        heads = try config.int("num_attention_heads")
        window = try config.int("local_attention", 128) / 2
        isLocal = try Self.localLayers(config)
        bases = (
            try RotarySettings(config, part: "full_attention", old: "global_rope_theta", otherwise: 160_000).base,
            try RotarySettings(config, part: "sliding_attention", old: "local_rope_theta", otherwise: 10_000).base
        )
        epsilon = try config.positive("norm_eps", 1e-5)
        hasBias = (
            try config.bool("norm_bias", false), try config.bool("attention_bias", false), try config.bool("mlp_bias", false)
        )
        dropout = (
            try config.double("embedding_dropout", 0), try config.double("attention_dropout", 0),
            try config.double("mlp_dropout", 0)
        )
        activation = try config.activation("hidden_activation", .gelu)
        try config.expectSizes([
            "vocab_size": vocabulary, "max_position_embeddings": longestText, "hidden_size": hidden,
            "intermediate_size": intermediate, "num_attention_heads": heads, "local_attention": 2 * window,
        ])
        guard hidden.isMultiple(of: 2 * heads) else {
            throw config.fault("hidden_size is \(hidden); num_attention_heads must divide it into heads of an even size")
        }
    }

    /// By `layer_types`, or by the number of which every one is global.
    private static func localLayers(_ config: JSONObject) throws -> [Bool] {
        let layers = try config.int("num_hidden_layers")
        let step = try config.int("global_attn_every_n_layers", 3)
        guard (1...1000).contains(layers), step >= 1 else {
            throw config.fault("num_hidden_layers must lie in 1 ... 1000, global_attn_every_n_layers be 1 or more")
        }
        guard config.has("layer_types") else { return (0..<layers).map { $0 % step != 0 } }
        return try config.layerTypes(layers)
    }

    func parts(_ scope: Scope) throws -> TextTransformer.Parts {
        let place = scope / "embeddings"
        let words = try Embedding(place / "tok_embeddings", vocabulary, hidden, initializer: .normal(deviation: 0.02))
        let norm = try layerNorm(place / "norm")
        let layers = try isLocal.indices.map { try layer(scope / "layers" / $0, isFirst: $0 == 0) }
        let (global, local) = (rotary(bases.global), rotary(bases.local))
        let (isLocal, window) = (isLocal, window)
        return TextTransformer.Parts(
            embed: { ids, _ in try norm(words(ids)) }, layers: layers, finalNorm: try layerNorm(scope / "final_norm"),
            hidden: hidden, dropout: dropout.embedding,
            blocks: [["embeddings."]] + isLocal.indices.map { ["layers.\($0)."] } + [["final_norm."]]
        ) { length in
            // In short texts the window hides nothing.
            let near = length - 1 > window ? try TokenRelations.window(length, before: window, after: window) : nil
            let relations = (
                global: TokenRelations(rotary: try global(length)), local: TokenRelations(bias: near, rotary: try local(length))
            )
            return isLocal.map { $0 ? relations.local : relations.global }
        }
    }

    private func rotary(_ base: Double) -> RotaryTable { RotaryTable(size: hidden / heads, base: base) }

    private func layerNorm(_ scope: Scope) throws -> LayerNorm {
        try LayerNorm(scope, hidden, epsilon: epsilon, bias: hasBias.norm)
    }

    private func layer(_ scope: Scope, isFirst: Bool) throws -> TransformerBlock {
        func linear(_ scope: Scope, _ inputs: Int, _ outputs: Int, bias: Bool) throws -> Linear {
            try Linear(scope, inputs, outputs, bias: bias, initializer: .normal(deviation: 0.02))
        }
        let (attention, feed) = (scope / "attn", scope / "mlp")
        return TransformerBlock(
            attention: MultiHeadAttention(
                .joined(try linear(attention / "Wqkv", hidden, 3 * hidden, bias: hasBias.attention)),
                output: try linear(attention / "Wo", hidden, hidden, bias: hasBias.attention), heads: heads),
            // The embeddings were normalised already.
            attentionNorm: isFirst ? nil : try layerNorm(scope / "attn_norm"),
            feedForward: FeedForward(
                .joined(try linear(feed / "Wi", hidden, 2 * intermediate, bias: hasBias.feed)), activation,
                output: try linear(feed / "Wo", intermediate, hidden, bias: hasBias.feed), innerDropout: dropout.feed),
            feedNorm: try layerNorm(scope / "mlp_norm"), order: .normFirst, dropout: dropout.attention, feedDropout: 0,
            attentionDropout: dropout.attention)
    }

    static let builders = [
        builder(
            "modernbert", paper: "arXiv:2412.13663",
            layouts: [
                KeyMap(
                    "Hugging Face, with a head", markers: ["model."], renamed: [(from: "model.", to: "")],
                    dropped: ["head.", "decoder.", "classifier."])
            ],
            adapters: AdapterTargets(lowRank: ["Wqkv"], scaled: ["Wqkv", "mlp.Wo"], scaledInputs: ["mlp.Wo"]),
            otherwise: .mean
        )
        .usually(
            "answerdotai/ModernBERT-base", licence: "Apache-2.0",
            config:
                #"{"vocab_size": 50368, "hidden_size": 768, "num_hidden_layers": 22, "num_attention_heads": 12, "intermediate_size": 1152}"#
        )
    ]
}

extension JSONObject {
    /// Of each layer, whether `layer_types` gives it a sliding window.
    func layerTypes(_ layers: Int) throws -> [Bool] {
        let types = try strings("layer_types")
        guard types.count == layers else { throw fault("layer_types has \(types.count) entries, num_hidden_layers is \(layers)") }
        return try types.map { type in
            guard ["full_attention", "sliding_attention"].contains(type) else {
                throw fault("layer_types: \(type) is not known; this version has full_attention and sliding_attention")
            }
            return type == "sliding_attention"
        }
    }
}
