/// Batch normalization over all dimensions but the second. Keys as `torch.nn.BatchNorm2d`.
public struct BatchNorm: Sendable {
    /// The factor of each channel after normalization, `[C]`.
    public let weight: Tensor
    /// What is added to each channel after that, `[C]`.
    public let bias: Tensor
    private let runningMean: Tensor
    private let runningVariance: Tensor
    private let epsilon: Double
    private let trainsStatistics: Bool

    /// Declares weights and running statistics of `channels` channels in `scope`; they begin as in `torch.nn.BatchNorm2d`.
    ///
    /// `epsilon` is added to the variance before its root is divided by.
    ///
    /// - Throws: `SafetensorsError`, `CheckpointError` or `TorchError` where a weight cannot be read or made.
    public init(_ scope: Scope, _ channels: Int, epsilon: Double = 1e-5) throws {
        self.epsilon = epsilon
        trainsStatistics = scope.store.trainsStatistics
        weight = try scope.parameter("weight", [channels], .constant(1), role: .norm)
        bias = try scope.parameter("bias", [channels], .constant(0), role: .norm)
        runningMean = try scope.buffer("running_mean", [channels], .constant(0))
        runningVariance = try scope.buffer("running_var", [channels], .constant(1))
        // Counts batches for a momentum that is not fixed; with a fixed one nothing reads it.
        scope.ignore("num_batches_tracked")
    }

    private var isTrained: Bool { weight.requiresGradient || bias.requiresGradient }

    /// Whether nothing of it changes, whatever is trained around it.
    var isConstant: Bool { !trainsStatistics && !isTrained }

    /// What a frozen layer does, as a scale and a shift of each channel.
    func affine() throws(TorchError) -> (scale: Tensor, shift: Tensor) {
        let deviation = try runningVariance.converted(to: .float64).adding(epsilon).power(0.5)
        let scale = try weight.converted(to: .float64) / deviation
        let shift = try bias.converted(to: .float64) - runningMean.converted(to: .float64) * scale
        return (try scale.converted(to: .float32), try shift.converted(to: .float32))
    }

    /// Normalises `[B, C, ...]` by channel: in training with the batch's statistics, else with the running ones.
    ///
    /// A frozen layer keeps its running statistics even in training: its inputs' statistics are part of what it knows. So does
    /// one whose batch has a single value a channel: that has no variance, and PyTorch refuses it. And so do all where the store says
    /// so (`ParameterStore.trainsStatistics`).
    public func callAsFunction(_ input: Tensor, mode: Mode) throws(TorchError) -> Tensor {
        let usesBatch = mode.isTraining && trainsStatistics && isTrained && input.count > weight.count
        return try input.batchNorm(
            weight: weight, bias: bias, runningMean: runningMean, runningVariance: runningVariance,
            mode: usesBatch ? .train : .evaluate, epsilon: epsilon)
    }
}

/// A layer that normalises each vector of `[..., D]`.
public protocol Normalization: Sendable {
    /// Normalises `[..., D]`, and gives the same shape.
    func callAsFunction(_ input: Tensor) throws(TorchError) -> Tensor
}

/// Layer normalization over the last dimension. Keys as `torch.nn.LayerNorm`, or `gamma` and `beta` where the checkpoint has
/// those, as BERT's first ones do.
public struct LayerNorm: Normalization {
    /// The factor of each element after normalization, `[D]`.
    public let weight: Tensor
    /// What is added to each element after that, `[D]`; zeros, which belong to nobody, where the layer has none.
    public let bias: Tensor
    let epsilon: Double

    /// Declares weights for a last dimension of size `dimension` in `scope`; they begin at 1, the biases at 0.
    ///
    /// `epsilon` is added to the variance before its root is divided by; `bias` says whether the layer has one.
    ///
    /// - Throws: `SafetensorsError`, `CheckpointError` or `TorchError` where a weight cannot be read or made.
    public init(_ scope: Scope, _ dimension: Int, epsilon: Double = 1e-5, bias hasBias: Bool = true) throws {
        let isOld = scope.holds("gamma")
        weight = try scope.parameter(isOld ? "gamma" : "weight", [dimension], .constant(1), role: .norm)
        bias =
            try hasBias
            ? scope.parameter(isOld ? "beta" : "bias", [dimension], .constant(0), role: .norm)
            : Tensor.zeros([dimension]).moved(to: scope.store.device)
        self.epsilon = epsilon
    }

    /// Normalises each vector of `[..., D]` to mean 0 and variance 1, then scales and shifts it.
    public func callAsFunction(_ input: Tensor) throws(TorchError) -> Tensor {
        try input.layerNorm(weight: weight, bias: bias, epsilon: epsilon)
    }

    /// Normalises `[B, C, H, W]` over its C channels, each pixel by itself; gives the same shape.
    public func overChannels(_ input: Tensor) throws(TorchError) -> Tensor {
        try self(input.permuted([0, 2, 3, 1])).permuted([0, 3, 1, 2])
    }
}

/// Root mean square normalization over the last dimension (Zhang and Sennrich 2019, arXiv:1910.07467). Key `weight`, as `torch.nn.RMSNorm`.
public struct RMSNorm: Normalization {
    /// The factor of each element after normalization, `[D]`.
    public let weight: Tensor
    private let epsilon: Double

    /// Declares weights for a last dimension of size `dimension` in `scope`; they begin at 1.
    ///
    /// `epsilon` is added to the mean square before its root is divided by.
    ///
    /// - Throws: `SafetensorsError`, `CheckpointError` or `TorchError` where a weight cannot be read or made.
    public init(_ scope: Scope, _ dimension: Int, epsilon: Double = 1e-6) throws {
        weight = try scope.parameter("weight", [dimension], .constant(1), role: .norm)
        self.epsilon = epsilon
    }

    /// Divides each vector of `[..., D]` by the root of its mean square, then scales it.
    public func callAsFunction(_ input: Tensor) throws(TorchError) -> Tensor {
        try Operator("rms_norm")(.tensor(input), .ints(weight.shape), .tensor(weight.converted(to: input.dtype)), .double(epsilon))
    }
}
