internal import Torch

/// Qwen3 (Yang et al. 2025, arXiv:2505.09388), a causal decoder that is used as a text encoder: Qwen3-Embedding (arXiv:2506.05176) is one.
///
/// Each token sees those before it, so that as a rule the last one's state is the embedding. Several heads share keys and values, and each
/// head's queries and keys are normalised. Parameters have Transformers' names: `embed_tokens`, `layers.0.self_attn.q_proj`, …, `norm`.
struct Qwen3: TextModel {
    let vocabulary: Int
    let longestText: Int
    let hidden: Int
    private let intermediate: Int
    private let heads: Int
    private let answering: Int
    /// The size of a head, which need not be a part of `hidden`.
    private let size: Int
    /// Of each layer, how many tokens it sees, itself included; nil for all before it.
    private let windows: [Int?]
    private let base: Double
    private let epsilon: Double
    private let hasBias: Bool
    private let attentionDropout: Double
    private let activation: Activation

    init(_ config: JSONObject) throws {
        vocabulary = try config.int("vocab_size")
        longestText = try config.int("max_position_embeddings", 32_768)
        hidden = try config.int("hidden_size")
        intermediate = try config.int("intermediate_size")
        heads = try config.int("num_attention_heads")
        answering = try config.int("num_key_value_heads", heads)
        size = try config.int("head_dim", 128)
        windows = try Self.windows(config)
        base = try RotarySettings(config, otherwise: 10_000).base
        epsilon = try config.positive("rms_norm_eps", 1e-6)
        hasBias = try config.bool("attention_bias", false)
        attentionDropout = try config.double("attention_dropout", 0)
        activation = try config.activation("hidden_act", .silu)
        try config.expectSizes([
            "vocab_size": vocabulary, "max_position_embeddings": longestText, "hidden_size": hidden,
            "intermediate_size": intermediate, "num_attention_heads": heads, "num_key_value_heads": answering, "head_dim": size,
        ])
        guard heads.isMultiple(of: answering), size.isMultiple(of: 2) else {
            throw config.fault("num_key_value_heads must divide num_attention_heads, and head_dim be even")
        }
    }

    private static func windows(_ config: JSONObject) throws -> [Int?] {
        let layers = try config.int("num_hidden_layers")
        guard (1...1000).contains(layers) else { throw config.fault("num_hidden_layers must lie in 1 ... 1000") }
        let slides = try config.bool("use_sliding_window", false)
        let first = try config.int("max_window_layers", 28)
        let isLocal = try config.has("layer_types") ? config.layerTypes(layers) : (0..<layers).map { slides && $0 >= first }
        guard isLocal.contains(true) else { return isLocal.map { _ in nil } }
        let window = try slides ? config.int("sliding_window", 4096) : 0
        guard window >= 1 else {
            throw config.fault(
                "layer_types has sliding_attention, for which use_sliding_window must be true and sliding_window 1 or more")
        }
        return isLocal.map { $0 ? window : nil }
    }

    func parts(_ scope: Scope) throws -> TextTransformer.Parts {
        let words = try Embedding(scope / "embed_tokens", vocabulary, hidden, initializer: .normal(deviation: 0.02))
        let layers = try windows.indices.map { try layer(scope / "layers" / $0) }
        let rotary = RotaryTable(size: size, base: base)
        let windows = windows
        return TextTransformer.Parts(
            embed: { ids, _ in try words(ids) }, layers: layers,
            finalNorm: try RMSNorm(scope / "norm", hidden, epsilon: epsilon), hidden: hidden,
            blocks: [["embed_tokens."]] + windows.indices.map { ["layers.\($0)."] } + [["norm."]]
        ) { length in
            let rotary = try rotary(length)
            var made: [Int?: TokenRelations] = [:]
            return try windows.map { window in
                // A window that is longer than the texts hides nothing.
                let window = window.flatMap { $0 < length ? $0 : nil }
                if let relations = made[window] { return relations }
                let bias = try TokenRelations.window(length, before: window.map { $0 - 1 }, after: 0)
                let relations = TokenRelations(bias: bias, rotary: rotary)
                made[window] = relations
                return relations
            }
        }
    }

    private func layer(_ scope: Scope) throws -> TransformerBlock {
        func linear(_ scope: Scope, _ inputs: Int, _ outputs: Int, bias: Bool = false) throws -> Linear {
            try Linear(scope, inputs, outputs, bias: bias, initializer: .normal(deviation: 0.02))
        }
        let (attention, feed) = (scope / "self_attn", scope / "mlp")
        return TransformerBlock(
            attention: MultiHeadAttention(
                .separate(
                    query: try linear(attention / "q_proj", hidden, heads * size, bias: hasBias),
                    key: try linear(attention / "k_proj", hidden, answering * size, bias: hasBias),
                    value: try linear(attention / "v_proj", hidden, answering * size, bias: hasBias)),
                output: try linear(attention / "o_proj", heads * size, hidden, bias: hasBias), heads: heads, answering: answering,
                norms: (
                    try RMSNorm(attention / "q_norm", size, epsilon: epsilon),
                    try RMSNorm(attention / "k_norm", size, epsilon: epsilon)
                )),
            attentionNorm: try RMSNorm(scope / "input_layernorm", hidden, epsilon: epsilon),
            feedForward: FeedForward(
                .gated(
                    gate: try linear(feed / "gate_proj", hidden, intermediate),
                    up: try linear(feed / "up_proj", hidden, intermediate)),
                activation, output: try linear(feed / "down_proj", intermediate, hidden)),
            feedNorm: try RMSNorm(scope / "post_attention_layernorm", hidden, epsilon: epsilon), order: .normFirst,
            attentionDropout: attentionDropout)
    }

    static let builders = [
        builder(
            "qwen3", paper: "arXiv:2505.09388",
            layouts: [
                KeyMap(
                    "Hugging Face, with a head", markers: ["model."], renamed: [(from: "model.", to: "")],
                    dropped: ["lm_head.", "score.", "qa_outputs."])
            ],
            adapters: AdapterTargets(
                lowRank: ["q_proj", "v_proj"], scaled: ["q_proj", "v_proj", "down_proj"], scaledInputs: ["down_proj"]),
            otherwise: .last
        )
        .usually(
            "Qwen/Qwen3-Embedding-0.6B", licence: "Apache-2.0",
            config:
                #"{"vocab_size": 151669, "hidden_size": 1024, "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 3072, "rope_theta": 1000000}"#
        )
    ]
}
