internal import Torch

/// ALBERT (Lan et al. 2019, arXiv:1909.11942): BERT with small embeddings, and with layers that share their weights.
///
/// Parameters have Transformers' names: `embeddings.word_embeddings`, `encoder.embedding_hidden_mapping_in`,
/// `encoder.albert_layer_groups.0.albert_layers.0.attention.query`, …. The layers of a group, most often all twelve, are one block: `train: last:1`
/// trains what all of them compute with.
struct Albert: TextModel {
    let vocabulary: Int
    let longestText: Int
    private let embedding: Int
    let hidden: Int
    private let intermediate: Int
    private let heads: Int
    private let layers: Int
    private let groups: Int
    /// How many layers a group has, one after the other, each time it is gone through.
    private let inner: Int
    private let types: Int
    private let epsilon: Double
    private let dropout: Double
    private let attentionDropout: Double
    private let activation: Activation

    init(_ config: JSONObject) throws {
        vocabulary = try config.int("vocab_size")
        longestText = try config.int("max_position_embeddings", 512)
        embedding = try config.int("embedding_size", 128)
        hidden = try config.int("hidden_size")
        intermediate = try config.int("intermediate_size")
        heads = try config.int("num_attention_heads")
        layers = try config.int("num_hidden_layers")
        groups = try config.int("num_hidden_groups", 1)
        inner = try config.int("inner_group_num", 1)
        types = try config.int("type_vocab_size", 2)
        epsilon = try config.positive("layer_norm_eps", 1e-12)
        dropout = try config.double("hidden_dropout_prob", 0)
        attentionDropout = try config.double("attention_probs_dropout_prob", 0)
        activation = try config.activation("hidden_act", .geluTanh)
        try config.expect("position_embedding_type", "absolute")
        try config.expectSizes([
            "vocab_size": vocabulary, "max_position_embeddings": longestText, "embedding_size": embedding, "hidden_size": hidden,
            "intermediate_size": intermediate, "num_attention_heads": heads, "num_hidden_layers": layers,
            "num_hidden_groups": groups, "inner_group_num": inner, "type_vocab_size": types,
        ])
        guard hidden.isMultiple(of: heads), groups <= layers, layers * inner <= 1000 else {
            throw config.fault(
                "the sizes do not fit together: num_attention_heads must divide hidden_size, and num_hidden_groups be at most num_hidden_layers"
            )
        }
    }

    func parts(_ scope: Scope) throws -> TextTransformer.Parts {
        let initializer = Initializer.normal(deviation: 0.02)
        let place = scope / "embeddings"
        let words = try Embedding(place / "word_embeddings", vocabulary, embedding, initializer: initializer)
        let places = try Embedding(place / "position_embeddings", longestText, embedding, initializer: initializer)
        let type = try Embedding(place / "token_type_embeddings", types, embedding, initializer: initializer)
        let norm = try LayerNorm(place / "LayerNorm", embedding, epsilon: epsilon)
        for name in ["position_ids", "token_type_ids"] { place.ignore(name) }
        for name in ["weight", "bias"] { (scope / "pooler").ignore(name) }
        let encoder = scope / "encoder"
        let mapping = try Linear(encoder / "embedding_hidden_mapping_in", embedding, hidden, initializer: initializer)
        let made = try (0..<groups).map { group in
            try (0..<inner).map { try layer(encoder / "albert_layer_groups" / group / "albert_layers" / $0) }
        }
        // As the reference rounds where groups do not divide layers.
        let order = (0..<layers).map { Int(bounded: Double($0) / (Double(layers) / Double(groups))) }
        let ends = (0...groups).map { group in inner * order.count { $0 < group } }
        return TextTransformer.Parts(
            embed: { ids, positions in try norm(words(ids) + places(positions) + type.weight.select(0, 0)) },
            mapping: mapping, layers: order.flatMap { made[$0] }, stages: (0..<groups).map { ends[$0]..<ends[$0 + 1] },
            hidden: hidden, dropout: dropout,
            blocks: [["embeddings.", "encoder.embedding_hidden_mapping_in."]]
                + (0..<groups).map { ["encoder.albert_layer_groups.\($0)."] })
    }

    private func layer(_ scope: Scope) throws -> TransformerBlock {
        let initializer = Initializer.normal(deviation: 0.02)
        let place = scope / "attention"
        let projection = { (name: String) in try Linear(place / name, hidden, hidden, initializer: initializer) }
        let attention = MultiHeadAttention(
            query: try projection("query"), key: try projection("key"), value: try projection("value"),
            output: try projection("dense"), heads: heads)
        return TransformerBlock(
            attention: attention, attentionNorm: try LayerNorm(place / "LayerNorm", hidden, epsilon: epsilon),
            feedForward: FeedForward(
                .plain(try Linear(scope / "ffn", hidden, intermediate, initializer: initializer)), activation,
                output: try Linear(scope / "ffn_output", intermediate, hidden, initializer: initializer)),
            feedNorm: try LayerNorm(scope / "full_layer_layer_norm", hidden, epsilon: epsilon), order: .normLast,
            // Nothing is dropped of what the perceptron gives.
            dropout: dropout, feedDropout: 0, attentionDropout: attentionDropout)
    }

    static let builders = [
        builder(
            "albert", paper: "arXiv:1909.11942",
            layouts: [
                KeyMap(
                    "Hugging Face, with a head", markers: ["albert."], renamed: [(from: "albert.", to: "")],
                    dropped: ["predictions.", "sop_classifier.", "classifier.", "qa_outputs."])
            ],
            adapters: AdapterTargets(
                lowRank: ["query", "value"], scaled: ["key", "value", "ffn_output"], scaledInputs: ["ffn_output"]),
            otherwise: .mean
        )
        .usually(
            "albert/albert-base-v2", licence: "Apache-2.0",
            config:
                #"{"vocab_size": 30000, "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072, "hidden_act": "gelu_new"}"#
        )
    ]
}
