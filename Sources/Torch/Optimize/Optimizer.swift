/// A parameter, and the factor on the learning rate it is trained with.
public struct TrainedParameter {
    public let path: String
    public let tensor: Tensor
    /// 1 for the fusion and the head; less, as a rule, for a pretrained encoder.
    public let learningRateScale: Double

    public init(path: String, tensor: Tensor, learningRateScale: Double = 1) {
        self.path = path
        self.tensor = tensor
        self.learningRateScale = learningRateScale
    }
}

/// Changes parameters by their gradients.
public protocol Optimizer: AnyObject {
    var parameters: [TrainedParameter] { get }
    /// One step with the gradients that `backward` left; parameters without one stay as they are.
    func step(learningRate: Double) throws
    /// Everything a later run needs to go on as if nothing had happened, by name.
    func state() throws -> [(name: String, tensor: Tensor)]
    func restore(_ state: SafetensorsFile) throws
}

extension Optimizer {
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
    /// As `torch.nn.utils.clip_grad_norm_`.
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
