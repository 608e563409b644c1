/// How frozen layers attend in float32; `BRAID_ATTENTION` decides where it is set.
enum AttentionMethod: String, MeasuredChoice {
    /// libtorch's fused kernel, which multiplies with MKL: with half of an AMD processor's width.
    case fused
    /// Two of oneDNN's products a head, a block of queries at a time: `Tensor.attentionByProducts`.
    case products

    static let variable = "BRAID_ATTENTION"

    /// Below this many queries or keys the fused kernel is always taken: a product of oneDNN takes some 50 µs to set up.
    static let leastTokens = 160

    /// The faster one at two heads of 64 channels over 768 tokens.
    static let fastest = RememberedChoice<AttentionMethod>(variable) { () throws(TorchError) in
        let x = try Tensor.ones([1, 2, 768, 64])
        // As encoders compute over many samples: a worker on each core.
        return try onOneThread { () throws(TorchError) in
            try withoutGradient { () throws(TorchError) in
                try faster(
                    .fused, { () throws(TorchError) in _ = try x.attention(keys: x, values: x, mask: nil) }, or: .products,
                    { () throws(TorchError) in _ = try x.attentionByProducts(keys: x, values: x, bias: nil) })
            }
        }
    }

    /// Whether `queries` over `keys` are worth two products: long enough, in float32, on the CPU, and `mask` nothing that only hides.
    static func suitsProducts(_ queries: Tensor, keys: Tensor, mask: Tensor?) throws(TorchError) -> Bool {
        guard min(queries.shape[2], keys.shape[2]) >= leastTokens, queries.dtype == .float32, queries.device == .cpu,
            mask == nil || mask?.dtype == .float32
        else { return false }
        return try fastest() == .products
    }
}

extension Tensor {
    /// How many queries are multiplied at once: their products with some 1,500 keys stay in a core's cache.
    private static var queryBlock: Int { 256 }

    /// What `attention` computes, by oneDNN's products, which have no backward: for frozen layers alone. `[B, T, H * D]`.
    ///
    /// - Parameters:
    ///   - keys: `[B, H, S, D]`.
    ///   - values: `[B, H, S, D]`.
    ///   - bias: Added to the products before the softmax: `[B or 1, H or 1, T or 1, S]`, or nil. Float32.
    func attentionByProducts(keys: Tensor, values: Tensor, bias: Tensor?) throws(TorchError) -> Tensor {
        let (batch, heads, length, size) = (shape[0], shape[1], shape[2], shape[3])
        let queries = try scaled(by: 1 / Double(max(1, size)).squareRoot()).contiguous()
        let (keys, columns) = (try keys.contiguous(), try values.transposed(2, 3).contiguous())
        let bias = try bias?.expanded([batch, heads, length, keys.shape[2]])
        let result = try Tensor.zeros([batch, length, heads, size])
        for sample in 0..<batch {
            for head in 0..<heads {
                let own = try Head(
                    queries: queries.select(0, sample).select(0, head), keys: keys.select(0, sample).select(0, head),
                    columns: columns.select(0, sample).select(0, head), bias: bias?.select(0, sample).select(0, head))
                let place = try result.select(0, sample).select(1, head)
                for start in stride(from: 0, to: length, by: Self.queryBlock) {
                    let rows = start..<min(length, start + Self.queryBlock)
                    try place.slice(0, rows).copyInPlace(from: own.gathered(rows))
                }
            }
        }
        return try result.flattened(from: 2)
    }

    /// One head of one sample.
    private struct Head {
        /// `[T, D]`, scaled.
        let queries: Tensor
        /// `[S, D]`.
        let keys: Tensor
        /// The values' `[D, S]`.
        let columns: Tensor
        /// `[T, S]`.
        let bias: Tensor?

        /// What the queries of `rows` gather, `[rows, D]`.
        func gathered(_ rows: Range<Int>) throws(TorchError) -> Tensor {
            let asking = try queries.slice(0, rows)
            guard let bias = try bias?.slice(0, rows).contiguous() else {
                return try Self.product(Self.product(asking, keys).softmax(), columns)
            }
            let products = try Operator("mkldnn::_linear_pointwise.binary")(
                .tensor(asking), .tensor(bias), .tensor(keys), .none, .string("add"))
            return try Self.product(products.softmax(), columns)
        }

        private static func product(_ x: Tensor, _ weight: Tensor) throws(TorchError) -> Tensor {
            try Operator("mkldnn::_linear_pointwise")(
                .tensor(x), .tensor(weight), .none, .string("none"), .tensors([]), .string(""))
        }
    }
}
