public import Torch

/// BERT (Devlin et al. 2019, arXiv:1810.04805), in Transformers' key layout, its embedding the mean over real tokens.
public struct Bert: Encoder {
    /// The sizes of a `config.json`.
    public struct Shape: Sendable {
        public let vocabulary: Int
        public let hidden: Int
        public let layers: Int
        public let heads: Int
        public let intermediate: Int
        public let positions: Int
        public let types: Int
        public let epsilon: Double
        public let dropout: Double
        public let attentionDropout: Double

        init(_ config: JSONObject) throws {
            vocabulary = try config.int("vocab_size")
            hidden = try config.int("hidden_size")
            layers = try config.int("num_hidden_layers")
            heads = try config.int("num_attention_heads")
            intermediate = try config.int("intermediate_size")
            positions = try config.int("max_position_embeddings", 512)
            types = try config.int("type_vocab_size", 2)
            epsilon = try config.double("layer_norm_eps", 1e-12)
            dropout = try config.double("hidden_dropout_prob", 0.1)
            attentionDropout = try config.double("attention_probs_dropout_prob", 0.1)
            let activation = try config.string("hidden_act", "gelu")
            guard activation == "gelu" else { throw config.fault("hidden_act \(activation) is not known; this version has gelu") }
            let position = try config.string("position_embedding_type", "absolute")
            guard position == "absolute" else {
                throw config.fault("position_embedding_type \(position) is not known; this version has absolute")
            }
            let sizes = [vocabulary, hidden, layers, heads, intermediate, positions, types]
            guard sizes.allSatisfy({ (1...10_000_000).contains($0) }), hidden.isMultiple(of: heads) else {
                throw config.fault("the sizes do not fit together: all must be 1 or more, and heads must divide hidden_size")
            }
        }
    }

    public let dimension: Int
    public let blocks: [[String]]
    private let words: Embedding
    private let positions: Embedding
    private let types: Embedding
    private let norm: LayerNorm
    private let layers: [BertLayer]
    private let dropout: Double

    public init(_ scope: Scope, _ shape: Shape) throws {
        let initializer = Initializer.normal(deviation: 0.02)
        let embeddings = scope / "embeddings"
        words = try Embedding(embeddings / "word_embeddings", shape.vocabulary, shape.hidden, initializer: initializer)
        positions = try Embedding(embeddings / "position_embeddings", shape.positions, shape.hidden, initializer: initializer)
        types = try Embedding(embeddings / "token_type_embeddings", shape.types, shape.hidden, initializer: initializer)
        norm = try LayerNorm(embeddings / "LayerNorm", shape.hidden, epsilon: shape.epsilon)
        layers = try (0..<shape.layers).map { try BertLayer(scope / "encoder" / "layer" / $0, shape) }
        // Positions 0, 1, 2, … that some files store, and the pooler of the pretraining.
        embeddings.ignore("position_ids")
        for name in ["weight", "bias"] { (scope / "pooler" / "dense").ignore(name) }
        dimension = shape.hidden
        dropout = shape.dropout
        blocks = [["embeddings."]] + (0..<shape.layers).map { ["encoder.layer.\($0)."] }
    }

    /// Ids `[B, T]`, T at most the model's positions.
    public func callAsFunction(_ input: EncoderInput, mode: Mode) throws -> Encoding {
        let ids = input.values
        let places = try Tensor.range(ids.shape[1]).moved(to: ids.device)
        let sum = try words(ids) + types.weight.select(0, 0) + positions(places)
        var x = try norm(sum).dropout(dropout, mode: mode)
        for layer in layers { x = try layer(x, mask: input.mask, mode: mode) }
        return Encoding(pooled: try mean(x, input.mask), tokens: x, tokenMask: input.mask)
    }

    /// The mean over the tokens that `mask` keeps.
    private func mean(_ tokens: Tensor, _ mask: Tensor?) throws(TorchError) -> Tensor {
        guard let mask else { return try tokens.mean([1]) }
        let weights = try mask.unsqueezed(-1).converted(to: .float32)
        return try (tokens * weights).sum([1]) / weights.sum([1]).clamped(atLeast: 1e-9)
    }
}

/// Post-norm self-attention and feed-forward.
private struct BertLayer {
    private let attention: MultiHeadAttention
    private let attentionNorm: LayerNorm
    private let intermediate: Linear
    private let output: Linear
    private let outputNorm: LayerNorm
    private let dropout: Double
    private let attentionDropout: Double

    init(_ scope: Scope, _ shape: Bert.Shape) throws {
        let initializer = Initializer.normal(deviation: 0.02)
        let projection = { (scope: Scope) in try Linear(scope, shape.hidden, shape.hidden, initializer: initializer) }
        let attentionScope = scope / "attention"
        attention = MultiHeadAttention(
            query: try projection(attentionScope / "self" / "query"), key: try projection(attentionScope / "self" / "key"),
            value: try projection(attentionScope / "self" / "value"),
            output: try projection(attentionScope / "output" / "dense"), heads: shape.heads)
        attentionNorm = try LayerNorm(attentionScope / "output" / "LayerNorm", shape.hidden, epsilon: shape.epsilon)
        intermediate = try Linear(scope / "intermediate" / "dense", shape.hidden, shape.intermediate, initializer: initializer)
        output = try Linear(scope / "output" / "dense", shape.intermediate, shape.hidden, initializer: initializer)
        outputNorm = try LayerNorm(scope / "output" / "LayerNorm", shape.hidden, epsilon: shape.epsilon)
        attentionDropout = shape.attentionDropout
        dropout = shape.dropout
    }

    func callAsFunction(_ input: Tensor, mask: Tensor?, mode: Mode) throws(TorchError) -> Tensor {
        let attended = try attention(input, keyMask: mask, dropout: attentionDropout, mode: mode).dropout(dropout, mode: mode)
        let x = try attentionNorm(attended + input)
        let fed = try output(intermediate(x).gelu()).dropout(dropout, mode: mode)
        return try outputNorm(fed + x)
    }
}
