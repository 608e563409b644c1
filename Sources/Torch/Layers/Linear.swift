/// `y = x Wᵀ + b`: `[..., in]` to `[..., out]`. Keys `weight`, `bias`, as `torch.nn.Linear`.
public struct Linear {
    public let weight: Tensor
    public let bias: Tensor?

    public init(_ scope: Scope, _ inputs: Int, _ outputs: Int, bias: Bool = true, initializer: Initializer? = nil) throws {
        weight = try scope.parameter("weight", [outputs, inputs], initializer ?? .fanIn(inputs))
        self.bias = bias ? try scope.parameter("bias", [outputs], initializer == nil ? .fanIn(inputs) : .constant(0)) : nil
    }

    public func callAsFunction(_ input: Tensor) throws(TorchError) -> Tensor { try input.linear(weight, bias: bias) }
}

/// A table of vectors: int64 ids of any shape to `[..., D]`. Key `weight`, as `torch.nn.Embedding`.
public struct Embedding {
    public let weight: Tensor

    public init(_ scope: Scope, _ count: Int, _ dimension: Int, initializer: Initializer = .normal(deviation: 1)) throws {
        weight = try scope.parameter("weight", [count, dimension], initializer)
    }

    public func callAsFunction(_ ids: Tensor) throws(TorchError) -> Tensor { try weight.embedding(ids) }
}
