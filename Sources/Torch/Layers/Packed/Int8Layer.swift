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

    /// The layers that a frozen Transformer's block is made of, where it is one that int8 knows.
    struct Parts {
        /// Of queries, keys and values.
        let projections: [Linear]
        let output: Linear
        let attentionNorm: LayerNorm
        let inner: Linear
        let last: Linear
        let feedNorm: LayerNorm
        let activation: Activation
        let heads: Int

        /// nil where the block has other norms, projections or activations than BERT's.
        init?(_ block: TransformerBlock) {
            guard case .separate(let query, let key, let value) = block.attention.projections,
                case .plain(let inner) = block.feedForward.inner,
                let attentionNorm = block.attentionNorm as? LayerNorm, let feedNorm = block.feedNorm as? LayerNorm,
                block.isPlainNormLast, Int8Activation(block.feedForward.activation) != nil
            else { return nil }
            projections = [query, key, value]
            (output, self.inner, last) = (block.attention.output, inner, block.feedForward.output)
            (self.attentionNorm, self.feedNorm) = (attentionNorm, feedNorm)
            (activation, heads) = (block.feedForward.activation, block.attention.heads)
        }
    }

    /// Whether int8 knows such blocks: those of BERT and its relatives, with an activation among gelu, gelu_new, relu and silu.
    public static func knows(_ block: TransformerBlock) -> Bool { Parts(block) != nil }

    /// Packs a block, having seen what it makes of `x`, which is replaced by what it gives: both float32 `[N, D]`.
    ///
    /// - Parameters:
    ///   - block: Frozen, and one that `knows` is true of.
    ///   - x: Rows of sequences of `length` each.
    ///   - length: How many rows a sequence has.
    ///   - bias: `[1, heads, T, T]` with T = `length`, added to the scores of attention.
    /// - Throws: `TorchError` where libtorch fails, or the block is not known to int8.
    public init(_ block: TransformerBlock, watching x: inout Tensor, length: Int, bias: Tensor?) throws(TorchError) {
        guard let parts = Parts(block), let activation = Int8Activation(parts.activation) else {
            throw TorchError(operation: "int8 layer", message: "the block is not known to it")
        }
        let heads = parts.heads
        let rows = x
        let split = { (layer: Linear) throws(TorchError) in
            try Self.product(layer, rows).reshaped([-1, length, heads, layer.weight.shape[0] / heads]).transposed(1, 2)
        }
        let attended = try split(parts.projections[0]).attention(
            keys: split(parts.projections[1]), values: split(parts.projections[2]), mask: bias
        ).transposed(1, 2).reshaped([x.shape[0], -1])
        let middle = try parts.attentionNorm(Self.product(parts.output, attended) + x)
        projections = try Int8Linear(
            parts.projections, smoothing: (x.absolute().maximum([0]), 0.8))
        output = try Int8Linear([parts.output])
        intermediate = try Int8Linear([parts.inner], smoothing: (middle.absolute().maximum([0]), 0.5))
        last = try Int8Linear([parts.last])
        norms = (parts.attentionNorm, parts.feedNorm)
        self.activation = activation
        self.heads = heads
        let inner = try parts.activation(Self.product(parts.inner, middle))
        x = try parts.feedNorm(Self.product(parts.last, inner) + middle)
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
