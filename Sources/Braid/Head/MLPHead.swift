public import Torch

/// A multi-layer perceptron from the fused embedding to one logit a class.
public struct MLPHead: Head {
    private let hidden: [Linear]
    private let output: Linear
    private let dropout: Double

    /// - Parameters:
    ///   - scope: The head's place in the model.
    ///   - inputs: The size of the embedding that the head is put on.
    ///   - sizes: Sizes of the hidden layers; empty for a linear head.
    ///   - outputs: The number of logits.
    ///   - dropout: The probability that a value of a hidden layer is dropped in training.
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
    public func callAsFunction(_ input: Tensor, mode: Mode) throws -> Tensor {
        var x = input
        for layer in hidden { x = try layer(x).gelu().dropout(dropout, mode: mode) }
        return try output(x)
    }
}

extension HeadKind {
    /// A multi-layer perceptron; linear where it has no hidden layer.
    public static let mlp = HeadKind(name: "mlp", paper: "Rumelhart et al. 1986") { reader, path in
        let hidden = reader.ints("\(path).hidden", [256], "Sizes of the head's hidden layers.")
        let dropout = reader.double("\(path).dropout", 0.1, 0...0.95, "Dropout behind each hidden layer.")
        return { try MLPHead($0, $1, hidden: hidden, outputs: $2.outputs, dropout: dropout) }
    }
}

extension MLPHead {
    /// A linear head.
    static let plain: HeadKind.Make = { try MLPHead($0, $1, hidden: [], outputs: $2.outputs, dropout: 0) }
}
