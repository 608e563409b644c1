public import Torch

/// A multi-layer perceptron from the fused embedding to one logit a class.
public struct MLPHead {
    private let hidden: [Linear]
    private let output: Linear
    private let dropout: Double

    /// - Parameter hidden: Sizes of the hidden layers; empty for a linear head.
    public init(_ scope: Scope, _ inputs: Int, hidden sizes: [Int], outputs: Int, dropout: Double) throws {
        var width = inputs
        var layers: [Linear] = []
        for (index, size) in sizes.enumerated() {
            layers.append(try Linear(scope / "hidden" / index, width, size))
            width = size
        }
        hidden = layers
        output = try Linear(scope / "output", width, outputs)
        self.dropout = dropout
    }

    /// `[B, inputs]` to logits `[B, outputs]`.
    public func callAsFunction(_ input: Tensor, mode: Mode) throws(TorchError) -> Tensor {
        var x = input
        for layer in hidden { x = try layer(x).gelu().dropout(dropout, mode: mode) }
        return try output(x)
    }
}
