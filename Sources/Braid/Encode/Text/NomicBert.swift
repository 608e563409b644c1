internal import Torch

/// Nomic BERT (Nussbaum et al. 2024, arXiv:2402.01613): BERT with rotary positions, gated perceptrons and no biases but the norms'.
///
/// Parameters have the published names, which Transformers writes too: `emb_ln`, `encoder.layers.0.attn.Wqkv`, `encoder.layers.0.mlp.fc11`, ….
struct NomicBert: TextModel {
    let vocabulary: Int
    let longestText: Int
    let hidden: Int
    private let intermediate: Int
    private let heads: Int
    private let layers: Int
    private let types: Int
    private let base: Double
    private let epsilon: Double
    private let dropout: Double
    private let attentionDropout: Double
    private let activation: Activation

    /// Reads Transformers' keys, or those of the model's own code, GPT-2's: `n_embd`, `n_layer`, ….
    init(_ config: JSONObject) throws {
        let isOwn = !config.has("hidden_size") && config.has("n_embd")
        func name(_ transformers: String, _ own: String) -> String { isOwn ? own : transformers }
        vocabulary = try config.int("vocab_size")
        hidden = try config.int(name("hidden_size", "n_embd"))
        intermediate = try config.int(name("intermediate_size", "n_inner"))
        heads = try config.int(name("num_attention_heads", "n_head"))
        layers = try config.int(name("num_hidden_layers", "n_layer"))
        longestText = try config.int(name("max_position_embeddings", "n_positions"), 2048)
        types = try config.int("type_vocab_size", 2)
        base = try RotarySettings(config, old: isOwn ? "rotary_emb_base" : "rope_theta", otherwise: isOwn ? 10_000 : 1000).base
        epsilon = try config.double(name("layer_norm_eps", "layer_norm_epsilon"), isOwn ? 1e-5 : 1e-12)
        dropout = try config.double(name("hidden_dropout_prob", "resid_pdrop"), 0)
        attentionDropout = try config.double(name("attention_probs_dropout_prob", "attn_pdrop"), 0)
        let own = try isOwn ? config.string("activation_function", "swiglu") : nil
        guard own == nil || own == "swiglu" else {
            throw config.fault("activation_function is \(own ?? ""); this version has swiglu")
        }
        activation = try isOwn ? .silu : config.activation("hidden_act", .silu)
        try Self.expectPlain(config)
        try config.expectSizes([
            name("hidden_size", "n_embd"): hidden, name("intermediate_size", "n_inner"): intermediate,
            name("num_attention_heads", "n_head"): heads, name("num_hidden_layers", "n_layer"): layers,
            name("max_position_embeddings", "n_positions"): longestText, "vocab_size": vocabulary, "type_vocab_size": types,
        ])
        guard hidden.isMultiple(of: 2 * heads), layers <= 1000, try config.int("head_dim", hidden / heads) == hidden / heads else {
            throw config.fault("the sizes do not fit together: heads of an even size must divide the hidden size")
        }
    }

    /// Refuses what the model's own code can do beside what is published.
    private static func expectPlain(_ config: JSONObject) throws {
        let flags = [
            "prenorm", "qkv_proj_bias", "mlp_fc1_bias", "mlp_fc2_bias", "rotary_emb_interleaved", "causal", "use_rms_norm",
            "parallel_block",
        ]
        for name in flags { try config.expect(name, false) }
        guard !config.has("rotary_emb_scale_base"), try config.int("moe_every_n_layers", 0) == 0 else {
            throw config.fault("rotary_emb_scale_base and moe_every_n_layers must be left out in this version")
        }
        for name in ["rotary_emb_fraction", "rotary_scaling_factor"] where try config.double(name, 1) != 1 {
            throw config.fault("\(name) must be 1 in this version")
        }
    }

    func parts(_ scope: Scope) throws -> TextTransformer.Parts {
        let initializer = Initializer.normal(deviation: 0.02)
        let place = scope / "embeddings"
        let words = try Embedding(place / "word_embeddings", vocabulary, hidden, initializer: initializer)
        let type = try Embedding(place / "token_type_embeddings", types, hidden, initializer: initializer)
        let norm = try LayerNorm(scope / "emb_ln", hidden, epsilon: epsilon)
        for name in ["position_ids", "token_type_ids"] { place.ignore(name) }
        for name in ["weight", "bias"] { (scope / "pooler" / "dense").ignore(name) }
        let made = try (0..<layers).map { try layer(scope / "encoder" / "layers" / $0) }
        let rotary = RotaryTable(size: hidden / heads, base: base)
        return TextTransformer.Parts(
            embed: { ids, _ in try norm(words(ids) + type.weight.select(0, 0)) }, layers: made, hidden: hidden, dropout: dropout,
            blocks: [["embeddings.", "emb_ln."]] + (0..<layers).map { ["encoder.layers.\($0)."] }
        ) { length in [TokenRelations(rotary: try rotary(length))] }
    }

    private func layer(_ scope: Scope) throws -> TransformerBlock {
        func linear(_ scope: Scope, _ inputs: Int, _ outputs: Int) throws -> Linear {
            try Linear(scope, inputs, outputs, bias: false, initializer: .normal(deviation: 0.02))
        }
        let (attention, feed) = (scope / "attn", scope / "mlp")
        return TransformerBlock(
            attention: MultiHeadAttention(
                .joined(try linear(attention / "Wqkv", hidden, 3 * hidden)),
                output: try linear(attention / "out_proj", hidden, hidden), heads: heads),
            attentionNorm: try LayerNorm(scope / "norm1", hidden, epsilon: epsilon),
            feedForward: FeedForward(
                .gated(
                    gate: try linear(feed / "fc12", hidden, intermediate), up: try linear(feed / "fc11", hidden, intermediate)),
                activation, output: try linear(feed / "fc2", intermediate, hidden)),
            feedNorm: try LayerNorm(scope / "norm2", hidden, epsilon: epsilon), order: .normLast, dropout: dropout,
            attentionDropout: attentionDropout)
    }

    static let builders = [
        builder(
            "nomic_bert", paper: "arXiv:2402.01613",
            layouts: ["nomic_bert.", "bert."].map { prefix in
                KeyMap(
                    prefix == "bert." ? "nomic, with a head" : "Hugging Face, with a head", markers: [prefix],
                    renamed: [(from: prefix, to: "")], dropped: ["cls.", "classifier.", "qa_outputs."])
            },
            adapters: AdapterTargets(lowRank: ["Wqkv"], scaled: ["Wqkv", "fc2"], scaledInputs: ["fc2"]), otherwise: .mean
        )
        .usually(
            "nomic-ai/nomic-embed-text-v1.5", licence: "Apache-2.0",
            config:
                #"{"vocab_size": 30528, "n_embd": 768, "n_layer": 12, "n_head": 12, "n_inner": 3072, "n_positions": 8192, "activation_function": "swiglu", "qkv_proj_bias": false, "mlp_fc1_bias": false, "mlp_fc2_bias": false, "rotary_emb_fraction": 1.0, "rotary_emb_base": 1000, "use_rms_norm": false, "prenorm": false}"#
        )
    ]
}
