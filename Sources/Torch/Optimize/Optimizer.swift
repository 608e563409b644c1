/// A parameter, and the factor on the learning rate it is trained with.
public struct TrainedParameter {
    /// The parameter's name in the model, for example `fusion.layer1.weight`; what its state is stored under.
    public let path: String
    /// The weights themselves, changed in place.
    public let tensor: Tensor
    /// The factor on the learning rate: 1 for the fusion and the head; less, as a rule, for a pretrained encoder.
    public let learningRateScale: Double

    /// Makes one from its parts.
    public init(path: String, tensor: Tensor, learningRateScale: Double = 1) {
        self.path = path
        self.tensor = tensor
        self.learningRateScale = learningRateScale
    }
}

/// An algorithm that changes parameters by their gradients.
public protocol Optimizer: AnyObject {
    /// What is trained, each with its own factor on the learning rate.
    var parameters: [TrainedParameter] { get }
    /// Takes one step with the gradients that `backward` left; parameters without one stay as they are.
    ///
    /// - Parameter learningRate: The rate of this step, before each parameter's own factor.
    /// - Throws: `TorchError` where libtorch refuses.
    func step(learningRate: Double) throws
    /// Everything that a later run needs to go on as if nothing had happened, by name.
    ///
    /// - Throws: `TorchError` where libtorch refuses.
    func state() throws -> [(name: String, tensor: Tensor)]
    /// Takes over what `state` gave earlier and a file has kept.
    ///
    /// - Throws: `SafetensorsError` where something is not in the file, `TorchError` where its shape does not fit.
    func restore(_ state: SafetensorsFile) throws
}

extension Optimizer {
    /// Removes the gradients of all parameters, so that the next `backward` begins anew.
    public func clearGradients() throws(TorchError) {
        for parameter in parameters { try parameter.tensor.clearGradient() }
    }

    /// Calls `body`, without recording gradients, once for all the parameters that share a learning rate and have a gradient:
    /// with the rate's factor, their indices, and their gradients. One fused kernel then updates them.
    func forEachLearningRate(_ body: (Double, [Int], [Tensor]) throws -> Void) throws {
        try withoutGradient {
            for scale in Set(parameters.map(\.learningRateScale)) {
                var active: [Int] = []
                var gradients: [Tensor] = []
                for (index, parameter) in parameters.enumerated() where parameter.learningRateScale == scale {
                    guard let gradient = try parameter.tensor.gradient() else { continue }
                    active.append(index)
                    gradients.append(gradient)
                }
                if !active.isEmpty { try body(scale, active, gradients) }
            }
        }
    }

    /// Scales all gradients so that their joint Euclidean norm is at most `limit`; gives the norm they had.
    ///
    /// Follows `torch.nn.utils.clip_grad_norm_`.
    @discardableResult
    public func clipGradients(to limit: Double) throws(TorchError) -> Double {
        var gradients: [Tensor] = []
        var norms: [Tensor] = []
        for parameter in parameters {
            guard let gradient = try parameter.tensor.gradient() else { continue }
            gradients.append(gradient)
            norms.append(try gradient.norm())
        }
        guard !norms.isEmpty else { return 0 }
        let norm = try Tensor.stack(norms).norm().item()
        let factor = limit / (norm + 1e-6)
        guard factor < 1 else { return norm }
        let scale = try Tensor.full([], factor)
        for gradient in gradients { try gradient.scaleInPlace(by: scale) }
        return norm
    }
}
