/// A linear layer whose weight is stored `[in, out]`: GPT-2's, and the projections of OpenCLIP.
public struct TransposedLinear: Sendable {
    /// The size of what it gives.
    public let outputs: Int
    private let weight: Tensor
    private let bias: Tensor?
    private let adapter: Adapter?
    /// The same layer in the form that frozen weights compute in; nil where they can be trained.
    private let frozen: Linear?

    /// Declares the layer's weights in `scope`.
    ///
    /// - Parameters:
    ///   - scope: The layer's place in the model.
    ///   - inputs: The size of what it takes.
    ///   - outputs: The size of what it gives.
    ///   - hasBias: Whether the layer has a bias, `[outputs]`.
    /// - Throws: `SafetensorsError`, `CheckpointError` or `TorchError` where a weight cannot be read or made.
    public init(_ scope: Scope, _ inputs: Int, _ outputs: Int, bias hasBias: Bool = true) throws {
        let matrix = try scope.parameter("weight", [inputs, outputs], .normal(deviation: 0.02))
        let shift = hasBias ? try scope.parameter("bias", [outputs], .constant(0)) : nil
        (weight, bias, adapter) = try scope.adapted(matrix, bias: shift, isTransposed: true)
        frozen = try scope.store.inference.map { [weight, bias] in Linear(frozen: try weight.transposed(0, 1), bias: bias, $0) }
        self.outputs = outputs
    }

    /// `[..., in]` to `[..., out]`; `mode` acts on an adapter's dropout alone.
    public func callAsFunction(_ input: Tensor, mode: Mode) throws(TorchError) -> Tensor {
        if let frozen { return try frozen(input) }
        let upright = try weight.transposed(0, 1)
        guard let adapter else { return try input.linear(upright, bias: bias) }
        return try adapter(input, weight: upright, bias: bias, mode: mode) { x, weight, bias throws(TorchError) in
            try x.linear(weight, bias: bias)
        }
    }
}

/// A layer that brings embeddings into a space, whichever way its weight is stored.
public enum Projection: Sendable {
    /// `[out, in]`, as `torch.nn.Linear` has it.
    case upright(Linear)
    /// `[in, out]`.
    case transposed(TransposedLinear)

    /// The size of what it gives.
    public var outputs: Int {
        switch self {
        case .upright(let layer): layer.weight.shape[0]
        case .transposed(let layer): layer.outputs
        }
    }

    /// `[..., in]` to `[..., out]`; `mode` acts on an adapter's dropout alone.
    public func callAsFunction(_ input: Tensor, mode: Mode) throws(TorchError) -> Tensor {
        switch self {
        case .upright(let layer): try layer(input, mode: mode)
        case .transposed(let layer): try layer(input, mode: mode)
        }
    }
}
