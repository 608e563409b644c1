/// Lion (Chen et al. 2023, arXiv:2302.06675): steps of one size in every direction, by the sign of a mean of gradients.
///
/// It keeps one moment where AdamW keeps two, and wants a learning rate of a third to a tenth of AdamW's and as much more weight decay.
public final class Lion: Optimizer {
    /// What is trained, and how.
    public let groups: [ParameterGroup]
    private let all: [TrainedParameter]
    private let betas: (Double, Double)
    private var moments: [Tensor] = []

    /// Begins with all moments at 0.
    ///
    /// - Parameters:
    ///   - groups: What is trained, each group with its own factor on the learning rate and its own weight decay, which is decoupled.
    ///   - betas: How much of the moment goes into a step, and how much of it is kept.
    /// - Throws: `TorchError` where there is no memory for the moments.
    public init(_ groups: [ParameterGroup], betas: (Double, Double) = (0.9, 0.99)) throws {
        (self.groups, self.betas) = (groups, betas)
        all = groups.flatMap(\.parameters)
        for parameter in all { moments.append(try Operator("zeros_like")(.tensor(parameter.tensor)).detached()) }
    }

    /// Changes every parameter that has a gradient.
    ///
    /// - Parameter learningRate: The rate of this step, before each parameter's own factor.
    /// - Throws: `TorchError` where libtorch refuses.
    public func step(learningRate: Double) throws {
        try forEachGroup { group, active, gradients in
            let rate = learningRate * group.learningRateScale
            for (index, gradient) in zip(active, gradients) {
                let (parameter, moment) = (all[index].tensor, moments[index])
                if group.weightDecay != 0 {
                    _ = try Operator("mul_.Scalar")(.tensor(parameter), .double(1 - rate * group.weightDecay))
                }
                let direction = try Operator("lerp.Scalar")(.tensor(moment), .tensor(gradient), .double(1 - betas.0))
                let sign = try Operator("sign")(.tensor(direction))
                _ = try Operator("add_.Tensor")(.tensor(parameter), .tensor(sign), .double(-rate))
                _ = try Operator("lerp_.Scalar")(.tensor(moment), .tensor(gradient), .double(1 - betas.1))
            }
        }
    }

    /// The moment of each parameter, as `PATH.moment`.
    public func state() throws -> [(name: String, tensor: Tensor)] { all.indices.map { ("\(all[$0].path).moment", moments[$0]) } }
}
