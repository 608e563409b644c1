public import Torch

/// GPT-2 (Radford et al. 2019), a causal decoder that is used as a text encoder.
///
/// Each token sees only those before it, so that as a rule the last one's state is the embedding. Parameters have
/// Transformers' names: `wte`, `wpe`, `h.0.ln_1`, …, `ln_f`.
public struct GPT2: BlockwiseEncoder {
    /// The sizes that Transformers' `config.json` states.
    public struct Shape: Sendable {
        /// How many token ids there are: rows of the word embedding.
        public let vocabulary: Int
        /// The size of a token in each layer.
        public let hidden: Int
        /// How many Transformer layers there are.
        public let layers: Int
        /// How many attention heads each layer has; they divide `hidden` among them.
        public let heads: Int
        /// The size inside the feed-forward part of a layer; four times `hidden` where the file does not say.
        public let intermediate: Int
        /// The most tokens a text may have.
        public let positions: Int
        /// What layer norms add to the variance.
        public let epsilon: Double
        /// The share of values that is dropped behind attention and feed-forward, in training.
        public let dropout: Double
        /// The share of values that is dropped behind the embeddings, in training.
        public let embeddingDropout: Double
        /// The share of attention weights that is dropped, in training.
        public let attentionDropout: Double
        /// The activation of the feed-forward part.
        public let activation: Activation

        init(_ config: JSONObject) throws {
            vocabulary = try config.int("vocab_size")
            hidden = try config.int("n_embd")
            layers = try config.int("n_layer")
            heads = try config.int("n_head")
            guard (1...10_000_000).contains(hidden) else { throw config.fault("n_embd must lie in 1 ... 10000000") }
            intermediate = config.has("n_inner") ? try config.int("n_inner") : 4 * hidden
            positions = try config.int("n_positions", 1024)
            epsilon = try config.positive("layer_norm_epsilon", 1e-5)
            dropout = try config.double("resid_pdrop", 0.1)
            embeddingDropout = try config.double("embd_pdrop", 0.1)
            attentionDropout = try config.double("attn_pdrop", 0.1)
            activation = try config.activation("activation_function", .geluTanh)
            for name in ["scale_attn_by_inverse_layer_idx", "add_cross_attention"] where try config.bool(name, false) {
                throw config.fault("\(name) is true; this version has it false only")
            }
            guard try config.bool("scale_attn_weights", true) else {
                throw config.fault("scale_attn_weights is false; this version has it true only")
            }
            let sizes = [vocabulary, hidden, layers, heads, intermediate, positions]
            guard sizes.allSatisfy({ (1...10_000_000).contains($0) }), layers <= 1000, hidden.isMultiple(of: heads) else {
                throw config.fault("the sizes do not fit together: all must be 1 or more, and n_head must divide n_embd")
            }
        }
    }

    /// D, the size of an embedding: what the pooling makes of a token's size.
    public let dimension: Int
    /// C, the size of a token: `Shape.hidden`.
    public let tokenDimension: Int
    /// Path prefixes of the parameters: the embeddings, each layer, the last norm.
    public let blocks: [[String]]
    private let words: Embedding
    private let positions: Embedding
    private let layers: [GPT2Layer]
    private let norm: LayerNorm
    private let dropout: Double
    private let pooling: TextPooling
    /// Whether its weights stay as they are, so that layers have their inference form.
    private let isFrozen: Bool

    /// Asks `scope` for the weights of a GPT-2 of this shape; `pooling` says how the tokens of a text become one embedding.
    ///
    /// - Throws: Where a weight cannot be read or made. One that is missing or of another size is noted in the store's `report`.
    public init(_ scope: Scope, _ shape: Shape, pooling: TextPooling) throws {
        words = try Embedding(scope / "wte", shape.vocabulary, shape.hidden, initializer: .normal(deviation: 0.02))
        positions = try Embedding(scope / "wpe", shape.positions, shape.hidden, initializer: .normal(deviation: 0.01))
        layers = try (0..<shape.layers).map { try GPT2Layer(scope / "h" / $0, shape) }
        norm = try LayerNorm(scope / "ln_f", shape.hidden, epsilon: shape.epsilon)
        dropout = shape.embeddingDropout
        isFrozen = scope.store.inference != nil
        self.pooling = pooling
        dimension = pooling.dimension(shape.hidden)
        tokenDimension = shape.hidden
        blocks = [["wte.", "wpe."]] + (0..<shape.layers).map { ["h.\($0)."] } + [["ln_f."]]
    }

    /// Block 0 looks ids up, int64 `[B, T]` padded behind, T at most `Shape.positions`; then come the layers, `[B, T, C]` to `[B, T, C]`, and the
    /// last norm.
    ///
    /// - Throws: `TorchError` where a text is too long, or an id lies beyond the vocabulary.
    public func run(_ range: Range<Int>, _ input: Activations, mode: Mode) throws -> Activations {
        guard !range.isEmpty else { return input }
        var x = input.values
        let places = try Tensor.range(x.shape[1]).moved(to: x.device)
        // True on and below the diagonal. Padding lies behind every real token, so no real token sees it.
        let causal = try (places.unsqueezed(0) - places.unsqueezed(1)).less(than: 1)
        if range.contains(0) { x = try words(x) + positions(places) }
        // In training texts of a batch are of any length: layers compute the real tokens alone.
        let isPacked = !isFrozen && input.lengths != nil
        let layout = try isPacked ? input.lengths.map { try TokenLayout(lengths: $0, length: x.shape[1], device: x.device) } : nil
        if let layout { x = try layout.packed(x) }
        if range.contains(0) { x = try x.dropout(dropout, mode: mode) }
        for block in range where block > 0 {
            x = try block <= layers.count ? layers[block - 1](x, layout, causal: causal, mode: mode) : norm(x)
        }
        return Activations(values: try layout?.padded(x) ?? x, mask: input.mask, lengths: input.lengths)
    }

    /// Pools `[B, T, C]`, which are the tokens, to `[B, D]`.
    ///
    /// - Throws: `TorchError` where libtorch fails.
    public func encoding(_ last: Activations, mode: Mode) throws -> Encoding {
        Encoding(pooled: try pooling(last.values, last.mask), tokens: last.values, tokenMask: last.mask)
    }

    /// The names of a language model as Transformers saves it, with its output layer; bare ones need no entry.
    static let layouts = [
        KeyMap(
            "Hugging Face, with a head", markers: ["transformer."], renamed: [(from: "transformer.", to: "")],
            dropped: ["lm_head.", "score.", "classifier.", "multiple_choice_head."]
        )
    ]
}

/// Pre-norm self-attention and feed-forward.
private struct GPT2Layer {
    private let attentionNorm: LayerNorm
    private let projection: TransposedLinear
    private let output: TransposedLinear
    private let feedNorm: LayerNorm
    private let feed: (first: TransposedLinear, second: TransposedLinear)
    private let shape: GPT2.Shape

    init(_ scope: Scope, _ shape: GPT2.Shape) throws {
        self.shape = shape
        let (hidden, inner) = (shape.hidden, shape.intermediate)
        attentionNorm = try LayerNorm(scope / "ln_1", hidden, epsilon: shape.epsilon)
        projection = try TransposedLinear(scope / "attn" / "c_attn", hidden, 3 * hidden)
        output = try TransposedLinear(scope / "attn" / "c_proj", hidden, hidden)
        feedNorm = try LayerNorm(scope / "ln_2", hidden, epsilon: shape.epsilon)
        feed = (
            try TransposedLinear(scope / "mlp" / "c_fc", hidden, inner),
            try TransposedLinear(scope / "mlp" / "c_proj", inner, hidden)
        )
        // The causal mask, which old files store.
        for name in ["bias", "masked_bias"] { (scope / "attn").ignore(name) }
    }

    /// Of `[B, T, D]`, or of the tokens alone that stand as `layout` says, `[N, D]`.
    func callAsFunction(_ input: Tensor, _ layout: TokenLayout?, causal: Tensor, mode: Mode) throws -> Tensor {
        let all = try projection(attentionNorm(input), mode: mode)
        let padded = try layout?.padded(all) ?? all
        let heads = try padded.reshaped([padded.shape[0], padded.shape[1], 3, shape.heads, -1]).permuted([2, 0, 3, 1, 4])
        let attended = try heads.select(0, 0).attention(
            keys: heads.select(0, 1), values: heads.select(0, 2), mask: causal,
            dropout: mode.isTraining ? shape.attentionDropout : 0)
        let gathered = try attended.transposed(1, 2).flattened(from: 2)
        let merged = try output(layout?.packed(gathered) ?? gathered, mode: mode).dropout(shape.dropout, mode: mode)
        let x = try input + merged
        let inner = try shape.activation(feed.first(feedNorm(x), mode: mode))
        let fed = try feed.second(inner, mode: mode).dropout(shape.dropout, mode: mode)
        return try x + fed
    }
}

extension GPT2 {
    static let builders = [
        EncoderBuilder(
            modality: .text, name: "gpt2", paper: "Radford et al. 2019", layouts: { _ in layouts },
            adapters: AdapterTargets(lowRank: ["c_attn"], scaled: ["c_attn", "mlp.c_proj"], scaledInputs: ["mlp.c_proj"])
        ) { source in
            let shape = try Shape(source.config)
            let frontEnd = try TextFrontEnd(source, vocabulary: shape.vocabulary, longestText: shape.positions)
            let pooling = try TextPooling(source, behind: frontEnd, hidden: shape.hidden, otherwise: .last)
            return (try GPT2(source.scope, shape, pooling: pooling), frontEnd)
        }
        .usually(
            "openai-community/gpt2", licence: "MIT",
            config: #"{"vocab_size": 50257, "n_embd": 768, "n_layer": 12, "n_head": 12}"#)
    ]
}
