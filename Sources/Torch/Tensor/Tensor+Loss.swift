extension Tensor {
    /// The mean cross-entropy of logits `[B, C]` against int64 classes `[B]`: a scalar, shape `[]`.
    ///
    /// - Parameters:
    ///   - classes: The right class of each row; rows with -100 do not count.
    ///   - classWeights: A weight for each class, `[C]`; nil for 1 each.
    ///   - labelSmoothing: The share of the target, 0 to 1, that is spread evenly over all classes.
    public func crossEntropy(
        _ classes: Tensor, classWeights: Tensor? = nil, labelSmoothing: Double = 0
    ) throws(TorchError) -> Tensor {
        try Operator("cross_entropy_loss")(
            .tensor(self), .tensor(classes), .optional(classWeights), .int(Reduction.mean), .int(-100),
            .double(labelSmoothing))
    }

    /// The cross-entropy of each row of logits `[B, C]` against int64 classes `[B]`: `[B]`, smoothed as in `crossEntropy`.
    public func crossEntropyPerRow(_ classes: Tensor, labelSmoothing: Double = 0) throws(TorchError) -> Tensor {
        try Operator("cross_entropy_loss")(
            .tensor(self), .tensor(classes), .none, .int(Reduction.none), .int(-100), .double(labelSmoothing))
    }

    /// The binary cross-entropy of each logit against a target in `0 ... 1`; both, and the result, have one shape.
    public func binaryCrossEntropyPerElement(_ targets: Tensor) throws(TorchError) -> Tensor {
        try Operator("binary_cross_entropy_with_logits")(
            .tensor(self), .tensor(targets), .none, .none, .int(Reduction.none))
    }

    /// The square of each element's difference from its target; of the targets' shape.
    public func squaredErrorPerElement(_ targets: Tensor) throws(TorchError) -> Tensor {
        try Operator("mse_loss")(.tensor(self), .tensor(targets), .int(Reduction.none))
    }

    /// The absolute value of each element's difference from its target; of the targets' shape.
    public func absoluteErrorPerElement(_ targets: Tensor) throws(TorchError) -> Tensor {
        try Operator("l1_loss")(.tensor(self), .tensor(targets), .int(Reduction.none))
    }

    /// Huber's loss (1964) of each element's difference from its target: half its square up to `delta`, linear beyond.
    public func huberPerElement(_ targets: Tensor, delta: Double = 1) throws(TorchError) -> Tensor {
        try Operator("huber_loss")(.tensor(self), .tensor(targets), .int(Reduction.none), .double(delta))
    }

    /// The cosine of the angle between each row of `[B, D]` and the same row of `other`: `[B]`, 0 where one has no length.
    public func cosineSimilarity(to other: Tensor) throws(TorchError) -> Tensor {
        try Operator("cosine_similarity")(.tensor(self), .tensor(other), .int(1), .double(1e-8))
    }

    /// libtorch's `at::Reduction`.
    private enum Reduction {
        static let none = 0
        static let mean = 1
    }
}
