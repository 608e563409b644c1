internal import Torch

/// DeBERTa in its second and third version (He et al. 2021, arXiv:2111.09543): attention that takes content and place apart, by distances in
/// buckets that grow with them.
///
/// Parameters have Transformers' names: `embeddings.word_embeddings`, `encoder.rel_embeddings`, `encoder.layer.0.attention.self.query_proj`, ….
struct Deberta: TextModel {
    let vocabulary: Int
    let longestText: Int
    let hidden: Int
    private let embedding: Int
    private let intermediate: Int
    private let heads: Int
    private let layers: Int
    private let types: Int
    /// Whether places are added to words, too.
    private let addsPlaces: Bool
    private let places: Places
    private let epsilon: Double
    private let dropout: Double
    private let attentionDropout: Double
    private let activation: Activation

    /// How distances are looked up, and who asks for them.
    private struct Places {
        let buckets: DistanceBuckets
        let isNormalised: Bool
        /// Whether contents' own layers make keys and queries of places.
        let isShared: Bool
        let contentsAsk: Bool
        let placesAsk: Bool
    }

    init(_ config: JSONObject) throws {
        vocabulary = try config.int("vocab_size")
        longestText = try config.int("max_position_embeddings", 512)
        hidden = try config.int("hidden_size")
        embedding = try config.int("embedding_size", hidden)
        intermediate = try config.int("intermediate_size")
        heads = try config.int("num_attention_heads")
        layers = try config.int("num_hidden_layers")
        types = try config.int("type_vocab_size", 0)
        addsPlaces = try config.bool("position_biased_input", true)
        epsilon = try config.positive("layer_norm_eps", 1e-7)
        dropout = try config.double("hidden_dropout_prob", 0.1)
        attentionDropout = try config.double("attention_probs_dropout_prob", 0.1)
        activation = try config.activation("hidden_act", .gelu)
        try config.expectSizes([
            "vocab_size": vocabulary, "max_position_embeddings": longestText, "hidden_size": hidden, "embedding_size": embedding,
            "intermediate_size": intermediate, "num_attention_heads": heads, "num_hidden_layers": layers,
        ])
        guard hidden.isMultiple(of: heads), layers <= 1000, (0...10_000_000).contains(types),
            try config.int("attention_head_size", hidden / heads) == hidden / heads
        else { throw config.fault("the sizes do not fit together: num_attention_heads must divide hidden_size") }
        guard try config.int("conv_kernel_size", 0) == 0 else {
            throw config.fault("conv_kernel_size is not 0; this version has no convolution beside the first layer")
        }
        places = try Self.places(config, longestText)
    }

    private static func places(_ config: JSONObject, _ longest: Int) throws -> Places {
        guard try config.bool("relative_attention", false) else {
            throw config.fault("relative_attention is false; this version has it true only")
        }
        let isText = config.fields["pos_att_type"] is String
        let kinds = try isText ? Self.names(config.string("pos_att_type")) : config.strings("pos_att_type", [])
        for kind in kinds where !["c2p", "p2c"].contains(kind) {
            throw config.fault("pos_att_type \(kind) is not known; this version has c2p and p2c")
        }
        let norms = try Self.names(config.string("norm_rel_ebd", "none"))
        for norm in norms where !["layer_norm", "none"].contains(norm) {
            throw config.fault("norm_rel_ebd \(norm) is not known; this version has layer_norm and none")
        }
        let most = try config.int("max_relative_positions", -1)
        let buckets = DistanceBuckets(count: try config.int("position_buckets", -1), longest: most < 1 ? longest : most)
        guard (2...1_000_000).contains(buckets.span), buckets.count <= 0 || buckets.longest - 1 > buckets.count / 2 else {
            throw config.fault("position_buckets and max_relative_positions do not fit together")
        }
        return Places(
            buckets: buckets, isNormalised: norms.contains("layer_norm"), isShared: try config.bool("share_att_key", false),
            contentsAsk: kinds.contains("c2p"), placesAsk: kinds.contains("p2c"))
    }

    /// The names in a text such as `p2c|c2p`.
    private static func names(_ text: String) -> [String] {
        text.lowercased().split(separator: "|").map { String($0.filter { $0 != " " }) }
    }

    func parts(_ scope: Scope) throws -> TextTransformer.Parts {
        let encoder = scope / "encoder"
        let made = try (0..<layers).map { try layer(encoder / "layer" / $0) }
        let table = try Embedding(
            encoder / "rel_embeddings", 2 * places.buckets.span, hidden, initializer: .normal(deviation: 0.02))
        let norm = try places.isNormalised ? LayerNorm(encoder / "LayerNorm", hidden, epsilon: epsilon) : nil
        let (buckets, dropout) = (places.buckets, dropout)
        return TextTransformer.Parts(
            embed: try embeddings(scope), layers: made, hidden: hidden, dropout: dropout,
            blocks: [["embeddings.", "encoder.rel_embeddings.", "encoder.LayerNorm."]]
                + (0..<layers).map { ["encoder.layer.\($0)."] }
        ) { length in
            let (used, rows) = try buckets.rows(length)
            let embeddings = try table.weight.slice(0, used)
            return [
                TokenRelations(
                    places: try DisentangledPlaces(norm?(embeddings) ?? embeddings, rows: rows, dropout: dropout))
            ]
        }
    }

    /// Words, and what else there is, brought to the size of a token and normalised.
    private func embeddings(_ scope: Scope) throws -> @Sendable (Tensor, Tensor) throws -> Tensor {
        let initializer = Initializer.normal(deviation: 0.02)
        let place = scope / "embeddings"
        let words = try Embedding(place / "word_embeddings", vocabulary, embedding, initializer: initializer)
        let positions =
            try addsPlaces ? Embedding(place / "position_embeddings", longestText, embedding, initializer: initializer) : nil
        // Some files have the table of a pretraining in which it was added behind the encoder.
        if !addsPlaces { (place / "position_embeddings").ignore("weight") }
        place.ignore("position_ids")
        let types = try types > 0 ? Embedding(place / "token_type_embeddings", types, embedding, initializer: initializer) : nil
        let projection =
            try embedding == hidden ? nil : Linear(place / "embed_proj", embedding, hidden, bias: false, initializer: initializer)
        let norm = try LayerNorm(place / "LayerNorm", hidden, epsilon: epsilon)
        return { ids, places in
            var x = try words(ids)
            if let positions { x = try x + positions(places) }
            if let types { x = try x + types.weight.select(0, 0) }
            if let projection { x = try projection(x).converted(to: .float32) }
            return try norm(x)
        }
    }

    private func layer(_ scope: Scope) throws -> TransformerBlock {
        let initializer = Initializer.normal(deviation: 0.02)
        let (place, own) = (scope / "attention", scope / "attention" / "self")
        let projection = { (scope: Scope) in try Linear(scope, hidden, hidden, initializer: initializer) }
        let (query, key) = (try projection(own / "query_proj"), try projection(own / "key_proj"))
        let asked = try places.contentsAsk ? (places.isShared ? key : projection(own / "pos_key_proj")) : nil
        let asking = try places.placesAsk ? (places.isShared ? query : projection(own / "pos_query_proj")) : nil
        return TransformerBlock(
            attention: MultiHeadAttention(
                .separate(query: query, key: key, value: try projection(own / "value_proj")),
                output: try projection(place / "output" / "dense"), heads: heads,
                places: MultiHeadAttention.PlaceProjections(key: asked, query: asking)),
            attentionNorm: try LayerNorm(place / "output" / "LayerNorm", hidden, epsilon: epsilon),
            feedForward: FeedForward(
                .plain(try Linear(scope / "intermediate" / "dense", hidden, intermediate, initializer: initializer)), activation,
                output: try Linear(scope / "output" / "dense", intermediate, hidden, initializer: initializer)),
            feedNorm: try LayerNorm(scope / "output" / "LayerNorm", hidden, epsilon: epsilon), order: .normLast,
            dropout: dropout, attentionDropout: attentionDropout)
    }

    static let builders = [
        builder(
            "deberta-v2", paper: "arXiv:2111.09543",
            layouts: [
                KeyMap(
                    "Hugging Face, with a head", markers: ["deberta."], renamed: [(from: "deberta.", to: "")],
                    dropped: ["lm_predictions.", "mask_predictions.", "cls.", "pooler.", "classifier.", "qa_outputs."])
            ],
            adapters: AdapterTargets(
                lowRank: ["query_proj", "value_proj"], scaled: ["key_proj", "value_proj", "output.dense"],
                scaledInputs: ["output.dense"]),
            otherwise: .mean
        )
        .usually(
            "microsoft/deberta-v3-base", licence: "MIT",
            config:
                #"{"vocab_size": 128100, "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072, "relative_attention": true, "position_buckets": 256, "norm_rel_ebd": "layer_norm", "share_att_key": true, "pos_att_type": "p2c|c2p", "position_biased_input": false, "max_relative_positions": -1}"#
        )
    ]
}

/// Distances in buckets: near ones have one each, farther ones share ever wider ones.
struct DistanceBuckets: Sendable {
    /// How many there are for each direction; 0 or less where every distance has its own.
    let count: Int
    /// The distance from which on all are alike.
    let longest: Int

    /// How many rows of the table each direction has.
    var span: Int { count > 0 ? count : longest }

    /// The rows of the table that sequences of `length` tokens use, and for each distance from -(T - 1) to T - 1 which of these it is.
    func rows(_ length: Int) throws(TorchError) -> (used: Range<Int>, rows: Tensor) {
        let distances = try Tensor.range(2 * length - 1).added(1 - length)
        let all = try bucketed(distances).added(span)
        let places = try all.array(of: Int64.self).map { min(max(Int($0), 0), 2 * span - 1) }
        let used = (places.min() ?? span)..<(places.max() ?? span) + 1
        return (used, try Tensor(places.map { Int64($0 - used.lowerBound) }, shape: [places.count]))
    }

    /// The bucket of each distance, in float32 as the reference computes it: int64 to int64.
    func bucketed(_ distances: Tensor) throws(TorchError) -> Tensor {
        guard count > 0 else { return distances }
        let near = count / 2
        let sizes = try distances.absolute().converted(to: .float32)
        let top = try Tensor([Float(Double(longest - 1) / Double(near))], shape: [1]).log()
        let logarithms = try (sizes / Tensor([Float(near)], shape: [1])).log() / top
        let far = try logarithms.scaled(by: Double(near - 1)).roundedUp().adding(Double(near))
        let signed = try far.scaled(by: -1).where(distances.less(than: 0), else: far)
        let isFar = try sizes.scaled(by: -1).less(than: Double(-near))
        return try signed.where(isFar, else: distances.converted(to: .float32)).converted(to: .int64)
    }
}
