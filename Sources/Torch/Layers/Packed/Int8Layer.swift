/// The inference form in int8 of a Transformer's layer with norms behind its sums, as BERT has it.
///
/// Weights have a scale for each output, activations scale and offset for each row, found as rows come. Between the products
/// values are float32: attention, sums, norms and activations are one pass each, which leaves its result quantised.
public struct Int8Layer: Sendable {
    private let projections: Int8Linear
    private let output: Int8Linear
    private let intermediate: Int8Linear
    private let last: Int8Linear
    private let norms: (LayerNorm, LayerNorm)
    private let activation: Int8Activation
    private let heads: Int

    /// The layers that a Transformer's layer is made of, frozen.
    public struct Parts {
        let attention: MultiHeadAttention
        let attentionNorm: LayerNorm
        let intermediate: Linear
        let output: Linear
        let outputNorm: LayerNorm
        let activation: Activation

        /// - Parameters:
        ///   - attention: Self-attention.
        ///   - attentionNorm: What stands behind it and its residual.
        ///   - intermediate: The first layer of the feed-forward part.
        ///   - output: Its second layer.
        ///   - outputNorm: What stands behind that and its residual.
        ///   - activation: What stands between the two.
        public init(
            attention: MultiHeadAttention, attentionNorm: LayerNorm, intermediate: Linear, output: Linear, outputNorm: LayerNorm,
            activation: Activation
        ) {
            (self.attention, self.attentionNorm) = (attention, attentionNorm)
            (self.intermediate, self.output, self.outputNorm) = (intermediate, output, outputNorm)
            self.activation = activation
        }

        /// Whether int8 knows the activation.
        public var isKnown: Bool { Int8Activation(activation) != nil }
    }

    /// Packs `parts`, having seen what they make of `x`, which is replaced by what they give: both float32 `[N, D]`.
    ///
    /// - Parameters:
    ///   - parts: The frozen layers.
    ///   - x: Rows of sequences of `length` each.
    ///   - length: How many rows a sequence has.
    ///   - bias: `[1, heads, T, T]` with T = `length`, added to the scores of attention.
    /// - Throws: `TorchError` where libtorch fails, or the activation is not known to int8.
    public init(_ parts: Parts, watching x: inout Tensor, length: Int, bias: Tensor?) throws(TorchError) {
        guard let activation = Int8Activation(parts.activation) else {
            throw TorchError(operation: "int8 layer", message: "\(parts.activation) is not known to it")
        }
        let attention = parts.attention
        let heads = attention.heads
        let rows = x
        let split = { (layer: Linear) throws(TorchError) in
            try Self.product(layer, rows).reshaped([-1, length, heads, layer.weight.shape[0] / heads]).transposed(1, 2)
        }
        let attended = try split(attention.query).attention(
            keys: split(attention.key), values: split(attention.value), mask: bias
        ).transposed(1, 2).reshaped([x.shape[0], -1])
        let middle = try parts.attentionNorm(Self.product(attention.output, attended) + x)
        projections = try Int8Linear(
            [attention.query, attention.key, attention.value], smoothing: (x.absolute().maximum([0]), 0.8))
        output = try Int8Linear([attention.output])
        intermediate = try Int8Linear([parts.intermediate], smoothing: (middle.absolute().maximum([0]), 0.5))
        last = try Int8Linear([parts.output])
        norms = (parts.attentionNorm, parts.outputNorm)
        self.activation = activation
        self.heads = heads
        let inner = try parts.activation(Self.product(parts.intermediate, middle))
        x = try parts.outputNorm(Self.product(parts.output, inner) + middle)
    }

    /// Not through the layer's own packed form, which would stay in memory.
    private static func product(_ layer: Linear, _ x: Tensor) throws(TorchError) -> Tensor {
        try x.linear(layer.weight, bias: layer.bias)
    }

    /// What goes from layer to layer: float32 `[N, D]`, and the same quantised where the layer in front knew how.
    public struct State {
        /// `[N, D]`.
        public let values: Tensor
        fileprivate let rows: Int8Rows?

        /// Makes one of rows that are not quantised yet.
        public init(_ values: Tensor) { (self.values, rows) = (values, nil) }

        fileprivate init(_ values: Tensor, _ rows: Int8Rows?) { (self.values, self.rows) = (values, rows) }
    }

    /// Computes the layer for sequences that lie behind one another: `[N, D]` to `[N, D]`.
    ///
    /// - Parameters:
    ///   - state: What the layer in front gave.
    ///   - lengths: How many rows each sequence has, N in all.
    ///   - bias: `[1, heads, T, T]`, T at least the longest length, added to the scores of attention.
    ///   - next: The layer that follows, for which the result is quantised; nil where that is none, or computes in float32.
    public func callAsFunction(_ state: State, lengths: [Int], bias: Tensor?, next: Int8Layer?) throws(TorchError) -> State {
        let rows = if let rows = state.rows { rows } else { try Int8Rows(state.values, times: inverse) }
        let attended = try projections(rows).attended(lengths, heads: heads, bias: bias)
        let middle = try output(attended).normalized(norms.0, adding: state.values, times: intermediate.inverse)
        guard let quantized = middle.rows else { throw TorchError(operation: "int8 layer", message: "rows were not quantised") }
        let inner = try intermediate(quantized).activated(activation)
        let (values, result) = try last(inner).normalized(norms.1, adding: middle.float, times: next?.inverse)
        return State(values, result)
    }

    private var inverse: Tensor {
        get throws(TorchError) {
            guard let inverse = projections.inverse else { throw TorchError(operation: "int8 layer", message: "has no scales") }
            return inverse
        }
    }
}
