/// Multi-head attention (Vaswani et al. 2017) over four projections, named by whoever builds them.
public struct MultiHeadAttention: Sendable {
    let query: Linear
    let key: Linear
    let value: Linear
    let output: Linear
    let heads: Int
    /// Query, key and value in one product, where weights are frozen.
    private let packed: PackedLinear?

    /// Joins four projections that were built already. With frozen weights the first three become one product.
    ///
    /// Queries, keys and values are cut into `heads` parts of equal size: it must divide the size of the projections' output.
    public init(query: Linear, key: Linear, value: Linear, output: Linear, heads: Int) {
        self.query = query
        self.key = key
        self.value = value
        self.output = output
        self.heads = heads
        packed = query.packed?.joined(with: [key, value])
    }

    /// Attends from `input` `[B, T, D]` to `context` `[B, S, D]`, itself where nil; gives `[B, T, D]`.
    ///
    /// - Parameters:
    ///   - input: `[B, T, D]`, which queries are made of.
    ///   - context: `[B, S, D]`, which keys and values are made of; nil for `input`.
    ///   - keyMask: Bool `[B, S]`, true where a position may be attended; nil where all may.
    ///   - bias: `[1, heads, T, S]`, added to the scaled products of queries and keys before the softmax.
    ///   - dropout: The probability that a weight of the attention is dropped in training.
    ///   - mode: Whether weights are dropped: only in training.
    public func callAsFunction(
        _ input: Tensor, context: Tensor? = nil, keyMask: Tensor?, bias: Tensor? = nil, dropout: Double = 0, mode: Mode
    ) throws(TorchError) -> Tensor {
        try output(attended(input, context, keyMask, bias, dropout, mode), mode: mode)
    }

    /// Self-attention as a residual block has it: `dropout(attention(x)) + x`, `[B, T, D]` to `[B, T, D]`.
    ///
    /// - Parameters:
    ///   - input: `[B, T, D]`, the x above.
    ///   - keyMask: Bool `[B, T]`, true where a position may be attended; nil where all may.
    ///   - bias: `[1, heads, T, T]`, added to the scaled products of queries and keys before the softmax.
    ///   - dropout: The probability that a weight of the attention is dropped in training.
    ///   - outputDropout: The probability that an element of what is added to `input` is.
    ///   - mode: Whether anything is dropped: only in training.
    public func residual(
        _ input: Tensor, keyMask: Tensor?, bias: Tensor? = nil, dropout: Double = 0, outputDropout: Double = 0, mode: Mode
    ) throws(TorchError) -> Tensor {
        let attended = try attended(input, nil, keyMask, bias, dropout, mode)
        return try output(attended, dropout: outputDropout, adding: input, mode: mode)
    }

    /// Self-attention with its residual, for sequences that lie behind one another without padding: `[N, D]` to `[N, D]`.
    ///
    /// Each sequence attends to itself alone. For inference: nothing is dropped.
    ///
    /// - Parameters:
    ///   - input: `[N, D]`, a row a token of any sequence.
    ///   - runs: Where the sequences lie; together they cover all N rows.
    ///   - bias: `[1, heads, T, T]`, T the longest sequence's length, added to the scaled products before the softmax.
    public func residual(_ input: Tensor, runs: [SequenceRun], bias: Tensor?) throws(TorchError) -> Tensor {
        let all = if let packed { try packed(input) } else { try Tensor.concatenate([query(input), key(input), value(input)], 1) }
        var gathered: [Tensor] = []
        for run in runs {
            // [3, count, heads, length, D / heads]
            let rows = try all.slice(0, run.rows).reshaped([run.count, run.length, 3, heads, -1]).permuted([2, 0, 3, 1, 4])
            let near = try bias.map { bias throws(TorchError) in
                try bias.slice(2, 0..<run.length).slice(3, 0..<run.length).converted(to: all.dtype)
            }
            let attended = try rows.select(0, 0).attention(keys: rows.select(0, 1), values: rows.select(0, 2), mask: near)
            gathered.append(try attended.transposed(1, 2).reshaped([run.rows.count, -1]))
        }
        return try output(gathered.count == 1 ? gathered[0] : .concatenate(gathered, 0), dropout: 0, adding: input, mode: .evaluate)
    }

    /// What the heads gather, side by side: `[B, T, D]`.
    private func attended(
        _ input: Tensor, _ context: Tensor?, _ keyMask: Tensor?, _ bias: Tensor?, _ dropout: Double, _ mode: Mode
    ) throws(TorchError) -> Tensor {
        let (queries, keys, values) = try projections(input, context, mode)
        let mask = try mask(keyMask, bias, queries.dtype)
        return try queries.attention(keys: keys, values: values, mask: mask, dropout: mode.isTraining ? dropout : 0)
            .transposed(1, 2).flattened(from: 2)
    }

    /// Each `[B, heads, T, D / heads]`.
    private func projections(
        _ input: Tensor, _ context: Tensor?, _ mode: Mode
    ) throws(TorchError) -> (Tensor, Tensor, Tensor) {
        guard let packed, context == nil else {
            let context = context ?? input
            return (
                try split(query(input, mode: mode)), try split(key(context, mode: mode)), try split(value(context, mode: mode))
            )
        }
        let all = try packed(input).reshaped([input.shape[0], input.shape[1], 3, heads, -1]).permuted([2, 0, 3, 1, 4])
        return (try all.select(0, 0), try all.select(0, 1), try all.select(0, 2))
    }

    /// Broadcast to `[B, heads, T, S]`: bool, or of `dtype` and added where there is a bias.
    func mask(_ keyMask: Tensor?, _ bias: Tensor?, _ dtype: DType) throws(TorchError) -> Tensor? {
        let keys = try keyMask.map { mask throws(TorchError) in try mask.unsqueezed(1).unsqueezed(1) }
        guard let bias = try bias?.converted(to: dtype) else { return keys }
        let hidden = try Tensor.full([], -Double.infinity, dtype: dtype).moved(to: bias.device)
        return try keys.map { keys throws(TorchError) in try bias.where(keys, else: hidden) } ?? bias
    }

    /// `[B, T, D]` to `[B, heads, T, D / heads]`.
    func split(_ tensor: Tensor) throws(TorchError) -> Tensor {
        try tensor.reshaped([tensor.shape[0], tensor.shape[1], heads, -1]).transposed(1, 2)
    }
}

/// Some sequences of the same length, one behind the other.
public struct SequenceRun: Sendable, Equatable {
    /// The row that the first sequence begins with.
    public let start: Int
    /// How many sequences there are.
    public let count: Int
    /// How many rows each sequence has.
    public let length: Int

    /// The rows that all the sequences of the run take.
    public var rows: Range<Int> { start..<start + count * length }

    /// The runs of sequences of these lengths, in rows, which lie behind one another in this order.
    public static func runs(of lengths: [Int]) -> [SequenceRun] {
        var runs: [SequenceRun] = []
        for length in lengths {
            if let last = runs.last, last.length == length {
                runs[runs.count - 1] = SequenceRun(start: last.start, count: last.count + 1, length: length)
            } else {
                runs.append(SequenceRun(start: runs.last?.rows.upperBound ?? 0, count: 1, length: length))
            }
        }
        return runs
    }
}
