/// Multi-head attention (Vaswani et al. 2017) over four projections, named by whoever builds them.
public struct MultiHeadAttention {
    private let query: Linear
    private let key: Linear
    private let value: Linear
    private let output: Linear
    private let heads: Int

    /// - Parameter heads: Must divide the projections' output.
    public init(query: Linear, key: Linear, value: Linear, output: Linear, heads: Int) {
        self.query = query
        self.key = key
        self.value = value
        self.output = output
        self.heads = heads
    }

    /// Attends from `input` `[B, T, D]` to `context` `[B, S, D]`, itself where nil.
    ///
    /// - Parameters:
    ///   - keyMask: Bool `[B, S]`, true where a position may be attended; nil where all may.
    ///   - bias: `[1, heads, T, S]`, added to what positions think of each other before the softmax.
    public func callAsFunction(
        _ input: Tensor, context: Tensor? = nil, keyMask: Tensor?, bias: Tensor? = nil, dropout: Double = 0, mode: Mode
    ) throws(TorchError) -> Tensor {
        let context = context ?? input
        var mask = try keyMask?.reshaped([context.shape[0], 1, 1, context.shape[1]])
        if let bias {
            let hidden = try Tensor.full([], -Double.infinity).moved(to: bias.device)
            mask = try mask.map { mask throws(TorchError) in try bias.where(mask, else: hidden) } ?? bias
        }
        let attended = try split(query(input)).attention(
            keys: split(key(context)), values: split(value(context)), mask: mask, dropout: mode.isTraining ? dropout : 0)
        return try output(attended.transposed(1, 2).flattened(from: 2))
    }

    /// `[B, T, D]` to `[B, heads, T, D / heads]`.
    private func split(_ tensor: Tensor) throws(TorchError) -> Tensor {
        try tensor.reshaped([tensor.shape[0], tensor.shape[1], heads, -1]).transposed(1, 2)
    }
}
