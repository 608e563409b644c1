/// AdamW (Loshchilov and Hutter 2019) through libtorch's fused kernel.
public final class AdamW: Optimizer {
    /// What is trained, and how.
    public let groups: [ParameterGroup]
    private let all: [TrainedParameter]
    private let betas: (Double, Double)
    private let epsilon: Double
    private var firstMoments: [Tensor] = []
    private var secondMoments: [Tensor] = []
    /// How many steps each parameter has taken: views of one tensor, so that to count a step is one operator.
    private var steps: [Tensor] = []
    private let allSteps: Tensor

    /// Begins with all moments at 0. The defaults are those of `torch.optim.AdamW`.
    ///
    /// - Parameters:
    ///   - groups: What is trained, each group with its own factor on the learning rate and its own weight decay.
    ///   - betas: How much of the first and of the second moment a step keeps.
    ///   - epsilon: Added to the second moment's root before it is divided by.
    /// - Throws: `TorchError` where there is no memory for the moments.
    public init(
        _ groups: [ParameterGroup], betas: (Double, Double) = (0.9, 0.999),
        epsilon: Double = 1e-8
    ) throws {
        self.groups = groups
        all = groups.flatMap(\.parameters)
        self.betas = betas
        self.epsilon = epsilon
        // The fused kernel wants the step counts where the parameters are, which is one device.
        allSteps = try Tensor.zeros([all.count]).moved(to: all.first?.tensor.device ?? .cpu)
        for (index, parameter) in all.enumerated() {
            firstMoments.append(try Operator("zeros_like")(.tensor(parameter.tensor)).detached())
            secondMoments.append(try Operator("zeros_like")(.tensor(parameter.tensor)).detached())
            steps.append(try Operator("select.int")(.tensor(allSteps), .int(0), .int(index)))
        }
    }

    /// Changes every parameter that has a gradient; one fused call for all that share a learning rate.
    ///
    /// - Parameter learningRate: The rate of this step, before each parameter's own factor.
    /// - Throws: `TorchError` where libtorch refuses.
    public func step(learningRate: Double) throws {
        let one = try Tensor.ones([])
        try forEachGroup { group, active, gradients in
            // Groups lie behind each other: those that have gradients, as a rule all, are a stretch.
            if let first = active.first, let last = active.last, last - first + 1 == active.count {
                try allSteps.slice(0, first..<last + 1).addInPlace(one)
            } else {
                for index in active { try steps[index].addInPlace(one) }
            }
            try update(learningRate * group.learningRateScale, group.weightDecay, active, gradients)
        }
    }

    private func update(
        _ learningRate: Double, _ weightDecay: Double, _ active: [Int], _ gradients: [Tensor]
    ) throws(TorchError) {
        _ = try Operator("_fused_adamw_")([
            .tensors(active.map { all[$0].tensor }), .tensors(gradients), .tensors(active.map { firstMoments[$0] }),
            .tensors(active.map { secondMoments[$0] }), .tensors([]), .tensors(active.map { steps[$0] }),
            .double(learningRate), .double(betas.0), .double(betas.1), .double(weightDecay), .double(epsilon),
            .bool(false), .bool(false),
        ])
    }

    /// The two moments and the step count of each parameter: `PATH.first_moment`, `PATH.second_moment`, `PATH.step`.
    public func state() throws -> [(name: String, tensor: Tensor)] {
        all.indices.flatMap { index in
            let path = all[index].path
            return [
                ("\(path).first_moment", firstMoments[index]), ("\(path).second_moment", secondMoments[index]),
                ("\(path).step", steps[index]),
            ]
        }
    }
}
