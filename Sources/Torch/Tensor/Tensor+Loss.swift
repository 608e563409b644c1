extension Tensor {
    /// The mean cross-entropy of logits `[B, C]` against int64 classes `[B]`, with weights a class and smoothing.
    public func crossEntropy(
        _ classes: Tensor, classWeights: Tensor? = nil, labelSmoothing: Double = 0
    ) throws(TorchError) -> Tensor {
        try Operator("cross_entropy_loss")(
            .tensor(self), .tensor(classes), .optional(classWeights), .int(Reduction.mean), .int(-100),
            .double(labelSmoothing))
    }

    /// The cross-entropy of each row, `[B]`.
    public func crossEntropyPerRow(_ classes: Tensor, labelSmoothing: Double = 0) throws(TorchError) -> Tensor {
        try Operator("cross_entropy_loss")(
            .tensor(self), .tensor(classes), .none, .int(Reduction.none), .int(-100), .double(labelSmoothing))
    }

    /// The mean binary cross-entropy of logits against targets in `0 ... 1` of the same shape.
    public func binaryCrossEntropy(_ targets: Tensor) throws(TorchError) -> Tensor {
        try Operator("binary_cross_entropy_with_logits")(.tensor(self), .tensor(targets))
    }

    public func meanSquaredError(_ targets: Tensor) throws(TorchError) -> Tensor {
        try Operator("mse_loss")(.tensor(self), .tensor(targets))
    }

    /// libtorch's `at::Reduction`.
    private enum Reduction {
        static let none = 0
        static let mean = 1
    }
}
