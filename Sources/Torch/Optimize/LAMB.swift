internal import Foundation

/// LAMB (You et al. 2019, arXiv:1904.00962), for large batches: Adam's step, scaled tensor by tensor to the length of the weights.
///
/// As timm's `Lamb` without its own clipping: tensors without weight decay keep Adam's step as it is.
public final class LAMB: Optimizer {
    /// What is trained, and how.
    public let groups: [ParameterGroup]
    private let all: [TrainedParameter]
    private let betas: (Double, Double)
    private let epsilon: Double
    private var firstMoments: [Tensor] = []
    private var secondMoments: [Tensor] = []
    private var steps: [Tensor] = []

    /// Begins with all moments at 0.
    ///
    /// - Parameters:
    ///   - groups: What is trained, each group with its own factor on the learning rate and its own weight decay, which takes part in the
    ///     step's length.
    ///   - betas: How much of the first and of the second moment a step keeps.
    ///   - epsilon: Added to the second moment's root before it is divided by.
    /// - Throws: `TorchError` where there is no memory for the moments.
    public init(_ groups: [ParameterGroup], betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-6) throws {
        (self.groups, self.betas, self.epsilon) = (groups, betas, epsilon)
        all = groups.flatMap(\.parameters)
        for parameter in all {
            firstMoments.append(try Operator("zeros_like")(.tensor(parameter.tensor)).detached())
            secondMoments.append(try Operator("zeros_like")(.tensor(parameter.tensor)).detached())
            steps.append(try Tensor.zeros([]))
        }
    }

    /// Changes every parameter that has a gradient.
    ///
    /// - Parameter learningRate: The rate of this step, before each parameter's own factor.
    /// - Throws: `TorchError` where libtorch refuses.
    public func step(learningRate: Double) throws {
        try forEachGroup { group, active, gradients in
            for (index, gradient) in zip(active, gradients) {
                try update(index, gradient, learningRate * group.learningRateScale, group.weightDecay)
            }
        }
    }

    private func update(_ index: Int, _ gradient: Tensor, _ rate: Double, _ decay: Double) throws {
        let (parameter, first, second) = (all[index].tensor, firstMoments[index], secondMoments[index])
        let step = try steps[index].item() + 1
        try steps[index].copyInPlace(from: .full([], step))
        _ = try Operator("lerp_.Scalar")(.tensor(first), .tensor(gradient), .double(1 - betas.0))
        _ = try Operator("mul_.Scalar")(.tensor(second), .double(betas.1))
        _ = try Operator("addcmul_")(.tensor(second), .tensor(gradient), .tensor(gradient), .double(1 - betas.1))
        let root = try second.power(0.5).scaled(by: 1 / (1 - pow(betas.1, step)).squareRoot()).adding(epsilon)
        var change = try first.scaled(by: 1 / (1 - pow(betas.0, step))) / root
        var factor = 1.0
        if decay != 0 {
            change = try change + parameter.scaled(by: decay)
            let (weights, length) = (try parameter.norm().item(), try change.norm().item())
            if weights > 0 && length > 0 { factor = weights / length }
        }
        _ = try Operator("add_.Tensor")(.tensor(parameter), .tensor(change), .double(-rate * factor))
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
