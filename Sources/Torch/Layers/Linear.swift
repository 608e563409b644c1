/// `y = x Wᵀ + b`: `[..., in]` to `[..., out]`. Keys `weight`, `bias`, as `torch.nn.Linear`.
public struct Linear: Sendable {
    /// The matrix W, `[out, in]`.
    public let weight: Tensor
    /// The vector b, `[out]`; nil for a layer without one.
    public let bias: Tensor?
    /// Where the store's weights are frozen.
    private(set) var packed: PackedLinear?
    /// What is learnt beside the weights; nil where nothing is.
    private let adapter: Adapter?

    /// Declares the layer's weights in `scope`.
    ///
    /// - Parameters:
    ///   - scope: The layer's place in the model.
    ///   - inputs: The size of the input's last dimension.
    ///   - outputs: The size of the output's last dimension.
    ///   - bias: Whether the layer has a bias, `[outputs]`.
    ///   - initializer: How a weight begins that is not loaded, with a bias of 0; nil for `torch.nn.Linear`'s own way, for
    ///     both.
    /// - Throws: `SafetensorsError`, `CheckpointError` or `TorchError` where a weight cannot be read or made.
    public init(_ scope: Scope, _ inputs: Int, _ outputs: Int, bias: Bool = true, initializer: Initializer? = nil) throws {
        let matrix = try scope.parameter("weight", [outputs, inputs], initializer ?? .fanIn(inputs))
        let shift = bias ? try scope.parameter("bias", [outputs], initializer == nil ? .fanIn(inputs) : .constant(0)) : nil
        (weight, self.bias, adapter) = try scope.adapted(matrix, bias: shift)
        packed = scope.store.inference.map { PackedLinear([self], $0, pages: [scope.pages(of: "weight")]) }
    }

    /// Makes a layer of weights that belong to another layer and are never trained.
    ///
    /// - Parameters:
    ///   - weight: `[out, in]`.
    ///   - bias: `[out]`, or nil for none.
    ///   - precision: What the products are computed in.
    public init(frozen weight: Tensor, bias: Tensor?, _ precision: Precision) {
        self.weight = weight
        self.bias = bias
        adapter = nil
        packed = PackedLinear([self], precision)
    }

    /// Computes `activation(y)`: `[..., in]` to `[..., out]`.
    ///
    /// One fused operator where weights are frozen. `mode` acts on an adapter's dropout alone.
    public func callAsFunction(
        _ input: Tensor, activation: Activation = .identity, mode: Mode = .evaluate
    ) throws(TorchError) -> Tensor {
        if let packed { return try packed(input, activation: activation) }
        return try activation(product(input, mode))
    }

    /// Computes `scale · dropout(y) + addend`, the end of a residual branch: `[..., in]` to `[..., out]`.
    ///
    /// One fused operator where weights are frozen and nothing scales.
    ///
    /// - Parameters:
    ///   - input: `[..., in]`, of which the layer makes `y`.
    ///   - dropout: The probability that an element of `y` is dropped in training.
    ///   - scale: `[out]`; nil for 1.
    ///   - addend: Of the result's shape.
    ///   - mode: Whether elements are dropped: only in training.
    public func callAsFunction(
        _ input: Tensor, dropout: Double, scale: Tensor? = nil, adding addend: Tensor, mode: Mode
    ) throws(TorchError) -> Tensor {
        if let packed, scale == nil { return try packed(input, adding: addend) }
        let product = if let packed { try packed(input) } else { try product(input, mode) }
        let kept = try product.dropout(dropout, mode: mode)
        guard let scale else { return try kept + addend }
        return try Operator("addcmul")(.tensor(addend), .tensor(kept), .tensor(scale.converted(to: kept.dtype)), .double(1))
    }

    private func product(_ input: Tensor, _ mode: Mode) throws(TorchError) -> Tensor {
        guard let adapter else { return try Self.product(input, weight, bias) }
        return try adapter(input, weight: weight, bias: bias, mode: mode, through: Self.product)
    }

    /// Through the faster of MKL and oneDNN, where there is enough to do to tell them apart.
    private static func product(_ input: Tensor, _ weight: Tensor, _ bias: Tensor?) throws(TorchError) -> Tensor {
        let rows = input.count / max(1, input.shape.last ?? 1)
        let isLarge = rows >= 256 && weight.count >= 1 << 16
        guard isLarge, input.dtype == .float32, input.device == .cpu, !isInLowerPrecision(on: .cpu),
            try MatrixLibrary.fastestInTraining() == .oneDNN
        else {
            return try input.linear(weight, bias: bias)
        }
        return try input.linearAsConvolution(weight, bias: bias)
    }
}

/// A table of vectors: int64 ids of any shape to `[..., D]`. Key `weight`, as `torch.nn.Embedding`.
public struct Embedding: Sendable {
    /// The vectors, `[count, D]`: row i is that of id i.
    public let weight: Tensor

    /// Declares a table of `count` vectors of `dimension` elements in `scope`.
    ///
    /// - Throws: `SafetensorsError`, `CheckpointError` or `TorchError` where the table cannot be read or made.
    public init(_ scope: Scope, _ count: Int, _ dimension: Int, initializer: Initializer = .normal(deviation: 1)) throws {
        weight = try scope.parameter("weight", [count, dimension], initializer)
    }

    /// Looks up the vectors of `ids`: int64 of any shape `[...]` to `[..., D]`.
    public func callAsFunction(_ ids: Tensor) throws(TorchError) -> Tensor { try weight.embedding(ids) }
}
