/// Multi-head attention (Vaswani et al. 2017) over projections that are named by whoever builds them.
public struct MultiHeadAttention: Sendable {
    /// The layers that make queries, keys and values.
    public enum Projections: Sendable {
        /// A layer each.
        case separate(query: Linear, key: Linear, value: Linear)
        /// One layer, which gives queries, then keys, then values.
        case joined(Linear)
    }

    let projections: Projections
    let output: Linear
    /// How many heads ask.
    let heads: Int
    /// How many heads answer: as many, or a divisor of `heads`, each for several that ask (Ainslie et al. 2023, arXiv:2305.13245).
    private let answering: Int
    /// What normalises each head's queries and keys, over the size of a head; nil where nothing does.
    private let norms: (query: any Normalization, key: any Normalization)?
    /// What makes keys and queries of places; nil where places have no part in it.
    let placeProjections: PlaceProjections?
    /// Query, key and value in one product, where weights are frozen.
    private let packed: PackedLinear?

    /// Joins projections that were built already. With frozen weights queries, keys and values become one product.
    ///
    /// - Parameters:
    ///   - projections: Their outputs are `heads`, `answering` and `answering` parts of the size of a head.
    ///   - output: What the heads gather goes through it.
    ///   - heads: How many heads ask.
    ///   - answering: How many heads keys and values have; nil for `heads`.
    ///   - norms: What normalises each head's queries and keys before anything else is done to them.
    ///   - places: What makes keys and queries of places, in attention that takes content and place apart.
    public init(
        _ projections: Projections, output: Linear, heads: Int, answering: Int? = nil,
        norms: (query: any Normalization, key: any Normalization)? = nil, places: PlaceProjections? = nil
    ) {
        (self.projections, self.output, self.heads, self.norms) = (projections, output, heads, norms)
        placeProjections = places
        self.answering = answering ?? heads
        packed =
            switch projections {
            case .separate(let query, let key, let value): query.packed?.joined(with: [key, value])
            case .joined(let layer): layer.packed
            }
    }

    /// Whether every head has keys and values of its own, nothing is normalised within, and places have no part.
    var isPlain: Bool { answering == heads && norms == nil && placeProjections == nil }

    /// Joins four projections of one size each.
    public init(query: Linear, key: Linear, value: Linear, output: Linear, heads: Int) {
        self.init(.separate(query: query, key: key, value: value), output: output, heads: heads)
    }

    /// Self-attention as a residual block has it: `x + scale · dropout(output(attention(input)))`, of the shape of `x`.
    ///
    /// - Parameters:
    ///   - input: `[B, T, D]` or `[N, D]`, as `sequences` says; what queries, keys and values are made of.
    ///   - sequences: How tokens lie in `input`. Each sequence attends to itself alone.
    ///   - relations: What tokens know of where the others stand.
    ///   - x: Of the shape of `input`.
    ///   - scale: `[D]`; nil for 1.
    ///   - dropout: The probability that a weight of the attention is dropped in training.
    ///   - outputDropout: The probability that an element of what is added to `x` is.
    ///   - mode: Whether anything is dropped: only in training.
    public func callAsFunction(
        _ input: Tensor, _ sequences: Sequences, _ relations: TokenRelations = TokenRelations(), addingTo x: Tensor,
        scale: Tensor? = nil, dropout: Double = 0, outputDropout: Double = 0, mode: Mode
    ) throws(TorchError) -> Tensor {
        let gathered = try attended(input, sequences, relations, mode.isTraining ? dropout : 0, mode)
        return try output(gathered, dropout: outputDropout, scale: scale, adding: x, mode: mode)
    }

    /// What the heads gather, side by side, of the shape of `input` but for its last dimension.
    private func attended(
        _ input: Tensor, _ sequences: Sequences, _ relations: TokenRelations, _ dropout: Double, _ mode: Mode
    ) throws(TorchError) -> Tensor {
        let projected = try project(input, mode)
        switch sequences {
        case .padded(let keyMask):
            let (queries, keys, values) = try heads(of: projected)
            let bias = try scores(queries, keys, relations.places, mode) ?? relations.bias
            let mask = try mask(keyMask, bias, queries.dtype)
            return try gather(queries, keys, values, mask, relations.rotary, dropout)
        case .packed(let layout):
            let (queries, keys, values) = try heads(of: projected.map(layout.padded))
            let bias = try scores(queries, keys, relations.places, mode) ?? relations.bias
            let mask = try mask(layout.mask, bias, queries.dtype)
            return try layout.packed(gather(queries, keys, values, mask, relations.rotary, dropout))
        case .runs(let runs):
            var gathered: [Tensor] = []
            for run in runs {
                let (queries, keys, values) = try heads(
                    of: projected.map { part throws(TorchError) in
                        try part.slice(0, run.rows).reshaped([run.count, run.length, -1])
                    })
                let own = try scores(queries, keys, relations.places, mode)
                let near = try relations.bias.map { bias throws(TorchError) in
                    try bias.slice(2, 0..<run.length).slice(3, 0..<run.length).converted(to: queries.dtype)
                }
                let rows = try gather(queries, keys, values, own ?? near, relations.rotary, dropout)
                gathered.append(try rows.reshaped([run.rows.count, -1]))
            }
            return try gathered.count == 1 ? gathered[0] : .concatenate(gathered, 0)
        }
    }

    /// Broadcast to `[B, heads, T, S]`: bool, or of `dtype` and added where there is a bias.
    private func mask(_ keyMask: Tensor?, _ bias: Tensor?, _ dtype: DType) throws(TorchError) -> Tensor? {
        let keys = try keyMask.map { mask throws(TorchError) in try mask.unsqueezed(1).unsqueezed(1) }
        guard let bias = try bias?.converted(to: dtype) else { return keys }
        let hidden = try Tensor.full([], -Double.infinity, dtype: dtype).moved(to: bias.device)
        return try keys.map { keys throws(TorchError) in try bias.where(keys, else: hidden) } ?? bias
    }

    /// `[B, heads, T, size]` each, and those of keys and values, to `[B, T, heads * size]`.
    private func gather(
        _ queries: Tensor, _ keys: Tensor, _ values: Tensor, _ mask: Tensor?, _ rotary: RotaryEmbedding?, _ dropout: Double
    ) throws(TorchError) -> Tensor {
        var (queries, keys, values) = (queries, keys, values)
        if let norms { (queries, keys) = (try norms.query(queries), try norms.key(keys)) }
        if let rotary { (queries, keys) = (try rotary(queries), try rotary(keys)) }
        if let placeProjections { queries = try queries.scaled(by: placeProjections.terms.squareRoot() / placeProjections.terms) }
        if answering < heads { (keys, values) = (try repeated(keys), try repeated(values)) }
        // Packed layers are frozen: no gradient is asked of what is between them either.
        if packed != nil, dropout == 0, try AttentionMethod.suitsProducts(queries, keys: keys, mask: mask) {
            return try queries.attentionByProducts(keys: keys, values: values, bias: mask)
        }
        return try queries.attention(keys: keys, values: values, mask: mask, dropout: dropout).transposed(1, 2).flattened(from: 2)
    }

    /// `[B, answering, S, size]` to `[B, heads, S, size]`.
    private func repeated(_ x: Tensor) throws(TorchError) -> Tensor {
        let (batch, length, size) = (x.shape[0], x.shape[2], x.shape[3])
        return try x.unsqueezed(2).expanded([batch, answering, heads / answering, length, size]).reshaped([
            batch, heads, length, size,
        ])
    }
}

extension MultiHeadAttention {
    /// Queries, keys and values as the layers give them: behind one another, or a tensor each.
    private enum Projected {
        case all(Tensor)
        case each(Tensor, Tensor, Tensor)

        func map(_ change: (Tensor) throws(TorchError) -> Tensor) throws(TorchError) -> Projected {
            switch self {
            case .all(let all): .all(try change(all))
            case .each(let query, let key, let value): .each(try change(query), try change(key), try change(value))
            }
        }
    }

    private func project(_ input: Tensor, _ mode: Mode) throws(TorchError) -> Projected {
        if let packed { return .all(try packed(input)) }
        switch projections {
        case .joined(let layer): return .all(try layer(input, mode: mode))
        case .separate(let query, let key, let value):
            return .each(try query(input, mode: mode), try key(input, mode: mode), try value(input, mode: mode))
        }
    }

    /// From `[B, T, …]` to `[B, heads, T, size]` each.
    private func heads(of projected: Projected) throws(TorchError) -> (Tensor, Tensor, Tensor) {
        switch projected {
        case .all(let all):
            let parts = try split(all, heads + 2 * answering)
            let keys = heads + answering
            return (
                try parts.slice(1, 0..<heads), try parts.slice(1, heads..<keys), try parts.slice(1, keys..<keys + answering)
            )
        case .each(let query, let key, let value):
            return (try split(query, heads), try split(key, answering), try split(value, answering))
        }
    }

    /// `[B, T, count * size]` to `[B, count, T, size]`.
    private func split(_ tensor: Tensor, _ count: Int) throws(TorchError) -> Tensor {
        try tensor.reshaped([tensor.shape[0], tensor.shape[1], count, -1]).transposed(1, 2)
    }

    /// Attends from the tokens of a batch to those of the same samples in another; `[N, D]` to `[N, D]`.
    ///
    /// - Parameters:
    ///   - rows: `[N, D]`, which queries are made of.
    ///   - layout: Where the rows stand.
    ///   - context: What keys and values are made of, `[M, D]`, and where these stand.
    /// - Throws: `TorchError` where one layer makes queries, keys and values, for these are of different tokens.
    public func callAsFunction(
        _ rows: Tensor, _ layout: TokenLayout, context: (rows: Tensor, layout: TokenLayout)
    ) throws(TorchError) -> Tensor {
        guard case .separate(let query, let key, let value) = projections else {
            throw TorchError(operation: "attention", message: "joined projections attend to themselves alone")
        }
        let gathered = try gather(
            split(layout.padded(query(rows)), heads), split(context.layout.padded(key(context.rows)), answering),
            split(context.layout.padded(value(context.rows)), answering), mask(context.layout.mask, nil, rows.dtype), nil, 0)
        return try output(layout.packed(gathered))
    }
}
