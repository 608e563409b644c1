/// `y = x Wᵀ + b`: `[..., in]` to `[..., out]`. Keys `weight`, `bias`, as `torch.nn.Linear`.
public struct Linear: Sendable {
    public let weight: Tensor
    public let bias: Tensor?
    /// Where the store's weights are frozen.
    private(set) var packed: PackedLinear?

    public init(_ scope: Scope, _ inputs: Int, _ outputs: Int, bias: Bool = true, initializer: Initializer? = nil) throws {
        weight = try scope.parameter("weight", [outputs, inputs], initializer ?? .fanIn(inputs))
        self.bias = bias ? try scope.parameter("bias", [outputs], initializer == nil ? .fanIn(inputs) : .constant(0)) : nil
        packed = scope.store.inference.map { PackedLinear([self], $0, pages: [scope.pages(of: "weight")]) }
    }

    /// Of weights that belong to another layer and are never trained.
    ///
    /// - Parameter weight: `[out, in]`.
    public init(frozen weight: Tensor, bias: Tensor?, _ precision: Precision) {
        self.weight = weight
        self.bias = bias
        packed = PackedLinear([self], precision)
    }

    /// `activation(y)`; one fused operator where weights are frozen.
    public func callAsFunction(_ input: Tensor, activation: Activation = .identity) throws(TorchError) -> Tensor {
        if let packed { return try packed(input, activation: activation) }
        return try activation(product(input))
    }

    /// `dropout(y) + addend`, the end of a residual branch; one fused operator where weights are frozen.
    ///
    /// - Parameter addend: Of the result's shape.
    public func callAsFunction(
        _ input: Tensor, dropout: Double, adding addend: Tensor, mode: Mode
    ) throws(TorchError) -> Tensor {
        if let packed { return try packed(input, adding: addend) }
        return try product(input).dropout(dropout, mode: mode) + addend
    }

    /// Through the faster of MKL and oneDNN, where there is enough to do to tell them apart.
    private func product(_ input: Tensor) throws(TorchError) -> Tensor {
        let rows = input.count / max(1, input.shape.last ?? 1)
        let isLarge = rows >= 256 && weight.count >= 1 << 16
        guard isLarge, input.dtype == .float32, input.device == .cpu, try MatrixLibrary.fastestInTraining() == .oneDNN else {
            return try input.linear(weight, bias: bias)
        }
        return try input.linearAsConvolution(weight, bias: bias)
    }
}

/// A table of vectors: int64 ids of any shape to `[..., D]`. Key `weight`, as `torch.nn.Embedding`.
public struct Embedding: Sendable {
    public let weight: Tensor

    public init(_ scope: Scope, _ count: Int, _ dimension: Int, initializer: Initializer = .normal(deviation: 1)) throws {
        weight = try scope.parameter("weight", [count, dimension], initializer)
    }

    public func callAsFunction(_ ids: Tensor) throws(TorchError) -> Tensor { try weight.embedding(ids) }
}
