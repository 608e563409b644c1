/// AdamW (Loshchilov and Hutter 2019) through libtorch's fused kernel.
public final class AdamW: Optimizer {
    public let parameters: [TrainedParameter]
    private let weightDecay: Double
    private let betas: (Double, Double)
    private let epsilon: Double
    private var firstMoments: [Tensor] = []
    private var secondMoments: [Tensor] = []
    private var steps: [Tensor] = []

    public init(
        _ parameters: [TrainedParameter], weightDecay: Double = 0.01, betas: (Double, Double) = (0.9, 0.999),
        epsilon: Double = 1e-8
    ) throws {
        self.parameters = parameters
        self.weightDecay = weightDecay
        self.betas = betas
        self.epsilon = epsilon
        for parameter in parameters {
            firstMoments.append(try Operator("zeros_like")(.tensor(parameter.tensor)).detached())
            secondMoments.append(try Operator("zeros_like")(.tensor(parameter.tensor)).detached())
            // The fused kernel wants the step count where the parameter is.
            steps.append(try Tensor.zeros([]).moved(to: parameter.tensor.device))
        }
    }

    public func step(learningRate: Double) throws {
        try forEachLearningRate { scale, active, gradients in
            for index in active { try steps[index].copyInPlace(from: steps[index].adding(1)) }
            try update(learningRate * scale, active, gradients)
        }
    }

    private func update(_ learningRate: Double, _ active: [Int], _ gradients: [Tensor]) throws(TorchError) {
        _ = try Operator("_fused_adamw_")([
            .tensors(active.map { parameters[$0].tensor }), .tensors(gradients), .tensors(active.map { firstMoments[$0] }),
            .tensors(active.map { secondMoments[$0] }), .tensors([]), .tensors(active.map { steps[$0] }),
            .double(learningRate), .double(betas.0), .double(betas.1), .double(weightDecay), .double(epsilon),
            .bool(false), .bool(false),
        ])
    }

    public func state() throws -> [(name: String, tensor: Tensor)] {
        parameters.indices.flatMap { index in
            let path = parameters[index].path
            return [
                ("\(path).first_moment", firstMoments[index]), ("\(path).second_moment", secondMoments[index]),
                ("\(path).step", steps[index]),
            ]
        }
    }

    public func restore(_ state: SafetensorsFile) throws {
        for (name, tensor) in try self.state() { try tensor.copyInPlace(from: state.tensor(name)) }
    }
}
