/// Where the tokens that count stand in a padded batch `[B, T]`, so that layers compute these alone: a row each, in `[N, D]`.
public struct TokenLayout: Sendable {
    /// B, how many sequences there are.
    public let batch: Int
    /// T, the length that all are padded to.
    public let length: Int
    /// The place of each row among the B * T, which no two share.
    private let places: [Int]
    /// `places` as int64 `[N]`, on the rows' device; nil where every place has its row, in order.
    private let index: Tensor?
    /// Bool `[B, T]`, true where there is a row; nil where there is one everywhere.
    public let mask: Tensor?

    /// - Parameters:
    ///   - batch: B.
    ///   - length: T.
    ///   - places: Of each row, which of the B * T it is; no two are the same.
    ///   - device: Where the rows lie.
    public init(batch: Int, length: Int, places: [Int], device: Device) throws(TorchError) {
        (self.batch, self.length, self.places) = (batch, length, places)
        let isFull = places.count == batch * length
        index =
            isFull && places.indices.allSatisfy { places[$0] == $0 }
            ? nil : try Tensor(places.map(Int64.init), shape: [places.count]).moved(to: device)
        guard !isFull else {
            mask = nil
            return
        }
        var flags = [UInt8](repeating: 0, count: batch * length)
        for place in places { flags[place] = 1 }
        mask = try Tensor(flags, shape: [batch, length]).converted(to: .bool).moved(to: device)
    }

    /// The layout of sequences whose first tokens count, so many of each; all are padded to `length`.
    public init(lengths: [Int], length: Int, device: Device) throws(TorchError) {
        let places = lengths.enumerated().flatMap { row, real in row * length..<row * length + real }
        try self.init(batch: lengths.count, length: length, places: places, device: device)
    }

    /// N, how many tokens count.
    public var count: Int { places.count }

    /// The layout of sequences that are joined, sample by sample; their rows lie one layout behind the other.
    public static func joined(_ layouts: [TokenLayout], device: Device) throws(TorchError) -> TokenLayout {
        let length = layouts.reduce(0) { $0 + $1.length }
        var places: [Int] = []
        var offset = 0
        for layout in layouts {
            places += layout.places.map { $0 / layout.length * length + offset + $0 % layout.length }
            offset += layout.length
        }
        return try TokenLayout(batch: layouts.first?.batch ?? 0, length: length, places: places, device: device)
    }

    /// `[N, D]` to `[B, T, D]`, zeros where nothing counts.
    public func padded(_ rows: Tensor) throws(TorchError) -> Tensor {
        let size = rows.shape[1]
        guard let index else { return try rows.reshaped([batch, length, size]) }
        let empty = try Tensor.zeros([batch * length, size], dtype: rows.dtype).moved(to: rows.device)
        return try empty.replacingRows(index, with: rows).reshaped([batch, length, size])
    }

    /// `[B, T, D]` to the rows that count, `[N, D]`.
    public func packed(_ padded: Tensor) throws(TorchError) -> Tensor {
        let flat = try padded.reshaped([batch * length, padded.shape[2]])
        // Not index_select, whose gradient is added row by row.
        return try index.map { index throws(TorchError) in try flat.embedding(index) } ?? flat
    }

    /// The mean of each sequence's rows, `[N, D]` to `[B, D]`; zeros for a sequence without any.
    public func mean(_ rows: Tensor) throws(TorchError) -> Tensor {
        let sum = try padded(rows).sum([1])
        guard let mask else { return try sum.scaled(by: 1 / Double(length)) }
        return try sum / mask.converted(to: .float32).sum([1], keep: true).clamped(atLeast: 1)
    }
}

extension MultiHeadAttention {
    /// Self-attention with its residual, `dropout(attention(x)) + x`, of the tokens that count: `[N, D]` to `[N, D]`.
    ///
    /// - Parameters:
    ///   - rows: `[N, D]`, the x above.
    ///   - layout: Where the rows stand. Each sequence attends to itself alone.
    ///   - bias: `[1, heads, T, T]`, added to the scaled products of queries and keys before the softmax.
    ///   - dropout: The probability that a weight of the attention is dropped in training.
    ///   - outputDropout: The probability that an element of what is added to `rows` is.
    ///   - mode: Whether anything is dropped: only in training.
    public func residual(
        _ rows: Tensor, _ layout: TokenLayout, bias: Tensor?, dropout: Double, outputDropout: Double, mode: Mode
    ) throws(TorchError) -> Tensor {
        let padded = { [self] (layer: Linear) throws(TorchError) in try split(layout.padded(layer(rows, mode: mode))) }
        let queries = try padded(query)
        let attended = try queries.attention(
            keys: padded(key), values: padded(value), mask: mask(layout.mask, bias, queries.dtype),
            dropout: mode.isTraining ? dropout : 0)
        return try output(
            layout.packed(attended.transposed(1, 2).flattened(from: 2)), dropout: outputDropout, adding: rows, mode: mode)
    }

    /// Attends from the tokens of a batch to those of the same samples in another, or to one another; `[N, D]` to `[N, D]`.
    ///
    /// - Parameters:
    ///   - rows: `[N, D]`, which queries are made of.
    ///   - layout: Where the rows stand.
    ///   - context: What keys and values are made of, `[M, D]`, and where these stand; nil for the rows themselves.
    public func callAsFunction(
        _ rows: Tensor, _ layout: TokenLayout, context: (rows: Tensor, layout: TokenLayout)? = nil
    ) throws(TorchError) -> Tensor {
        let (others, far) = context ?? (rows, layout)
        let mask = try far.mask.map { mask throws(TorchError) in try mask.unsqueezed(1).unsqueezed(1) }
        let gathered = try split(layout.padded(query(rows))).attention(
            keys: split(far.padded(key(others))), values: split(far.padded(value(others))), mask: mask)
        return try output(layout.packed(gathered.transposed(1, 2).flattened(from: 2)))
    }
}
