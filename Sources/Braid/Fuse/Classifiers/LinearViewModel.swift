internal import Torch

/// Weights `[C, D]` and biases `[C]` of one view and head.
struct LinearViewModel: ViewModel {
    private let weight: Tensor
    private let bias: Tensor
    /// Whether embeddings are brought to length 1 first.
    private let isOfDirections: Bool

    init(_ scope: Scope, size: Int, _ target: Target, isOfDirections: Bool = false) throws {
        weight = try scope.parameter("weight", [target.outputs, size], .constant(0))
        bias = try scope.parameter("bias", [target.outputs], .constant(0))
        self.isOfDirections = isOfDirections
    }

    func callAsFunction(_ x: Tensor) throws -> Tensor {
        try (isOfDirections ? x.normalized() : x).linear(weight, bias: bias)
    }

    func adopt(_ values: [Tensor]?) throws {
        // A kernel of fewer rows than landmarks leaves the rest at zero.
        try weight.copyInPlace(from: .zeros([]))
        try bias.copyInPlace(from: values?[1] ?? .zeros([]))
        if let found = values?[0] { try weight.slice(1, 0..<found.shape[1]).copyInPlace(from: found) }
    }
}
