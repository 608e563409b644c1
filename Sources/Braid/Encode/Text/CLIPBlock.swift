internal import Torch

/// The sizes of a block of CLIP's and SigLIP's text towers.
struct CLIPBlockShape {
    let hidden: Int
    let heads: Int
    let intermediate: Int
    let activation: Activation
    /// What layer norms add to the variance.
    let epsilon: Double
    let attentionDropout: Double
    /// Whether one layer makes queries, keys and values, as in OpenCLIP, or one each, as in Transformers.
    var joinsProjections = false
}

extension CLIPBlockShape {
    /// Reads a tower's settings; what they leave out is as given.
    init(_ settings: JSONObject, hidden: Int, heads: Int, intermediate: Int, activation: Activation, epsilon: Double) throws {
        self.hidden = try settings.int("hidden_size", hidden)
        self.heads = try settings.int("num_attention_heads", heads)
        self.intermediate = try settings.int("intermediate_size", intermediate)
        self.activation = try settings.activation("hidden_act", activation)
        self.epsilon = try settings.positive("layer_norm_eps", epsilon)
        attentionDropout = try settings.double("attention_dropout", 0)
        guard [self.hidden, self.heads, self.intermediate].allSatisfy({ (1...1_000_000).contains($0) }),
            self.hidden.isMultiple(of: self.heads)
        else {
            throw settings.fault(
                "hidden_size, num_attention_heads and intermediate_size must be 1 or more, and heads divide the size")
        }
    }
}

extension TransformerBlock {
    /// A block of CLIP's and SigLIP's text towers under the names that Transformers gives it: norms in front.
    init(clip scope: Scope, _ shape: CLIPBlockShape) throws {
        let normal = Initializer.normal(deviation: 0.02)
        func linear(_ scope: Scope, _ inputs: Int, _ outputs: Int) throws -> Linear {
            try Linear(scope, inputs, outputs, initializer: normal)
        }
        let (hidden, inner) = (shape.hidden, shape.intermediate)
        let place = scope / "self_attn"
        let projections: MultiHeadAttention.Projections =
            try shape.joinsProjections
            ? .joined(linear(place / "in_proj", hidden, 3 * hidden))
            : .separate(
                query: linear(place / "q_proj", hidden, hidden), key: linear(place / "k_proj", hidden, hidden),
                value: linear(place / "v_proj", hidden, hidden))
        let attention = MultiHeadAttention(
            projections, output: try linear(place / "out_proj", hidden, hidden), heads: shape.heads)
        let feed = FeedForward(
            .plain(try linear(scope / "mlp" / "fc1", hidden, inner)), shape.activation,
            output: try linear(scope / "mlp" / "fc2", inner, hidden))
        self.init(
            attention: attention, attentionNorm: try LayerNorm(scope / "layer_norm1", hidden, epsilon: shape.epsilon),
            feedForward: feed, feedNorm: try LayerNorm(scope / "layer_norm2", hidden, epsilon: shape.epsilon), order: .normFirst,
            attentionDropout: shape.attentionDropout)
    }
}
