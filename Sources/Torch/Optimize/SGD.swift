/// Stochastic gradient descent with momentum, PyTorch's formula, through libtorch's fused kernel.
public final class SGD: Optimizer {
    /// What is trained, and how.
    public let groups: [ParameterGroup]
    private let all: [TrainedParameter]
    private let momentum: Double
    private let nesterov: Bool
    private var momentumBuffers: [Tensor] = []

    /// Begins with all momentum at 0.
    ///
    /// - Parameters:
    ///   - groups: What is trained, each group with its own factor on the learning rate and its own weight decay.
    ///   - momentum: How much of the last step's direction is kept; 0 for plain gradient descent.
    ///   - nesterov: Whether the gradient is taken ahead, in Nesterov's form.
    /// - Throws: `TorchError` where there is no memory for the momentum.
    public init(
        _ groups: [ParameterGroup], momentum: Double = 0.9, nesterov: Bool = false
    ) throws {
        self.groups = groups
        all = groups.flatMap(\.parameters)
        self.momentum = momentum
        self.nesterov = nesterov
        for parameter in all {
            momentumBuffers.append(try Operator("zeros_like")(.tensor(parameter.tensor)).detached())
        }
    }

    /// Changes every parameter that has a gradient; one fused call for all that share a learning rate.
    ///
    /// - Parameter learningRate: The rate of this step, before each parameter's own factor.
    /// - Throws: `TorchError` where libtorch refuses.
    public func step(learningRate: Double) throws {
        try forEachGroup { try update(learningRate * $0.learningRateScale, $0.weightDecay, $1, $2) }
    }

    private func update(
        _ learningRate: Double, _ weightDecay: Double, _ active: [Int], _ gradients: [Tensor]
    ) throws(TorchError) {
        // With dampening 0 a buffer that starts at zero gives PyTorch's first step too.
        _ = try Operator("_fused_sgd_")([
            .tensors(active.map { all[$0].tensor }), .tensors(gradients),
            .tensors(momentum == 0 ? [] : active.map { momentumBuffers[$0] }), .double(weightDecay), .double(momentum),
            .double(learningRate), .double(0), .bool(nesterov), .bool(false), .bool(false),
        ])
    }

    /// The momentum of each parameter, as `PATH.momentum`.
    public func state() throws -> [(name: String, tensor: Tensor)] {
        all.indices.map { ("\(all[$0].path).momentum", momentumBuffers[$0]) }
    }
}
