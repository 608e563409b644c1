/// A parameter that an optimizer changes.
public struct TrainedParameter {
    /// The parameter's name in the model, for example `fusion.layer1.weight`; what its state is stored under.
    public let path: String
    /// The weights themselves, changed in place.
    public let tensor: Tensor

    /// Makes one from its parts.
    public init(path: String, tensor: Tensor) {
        self.path = path
        self.tensor = tensor
    }
}

/// Parameters that are trained alike: PyTorch's `param_groups`.
public struct ParameterGroup {
    /// What reports call the group, for example `image encoder`.
    public let name: String
    /// The factor on the learning rate: 1 for the fusion and the heads; less, as a rule, for a pretrained encoder.
    public let learningRateScale: Double
    /// The weight decay: decoupled in AdamW, added to the gradient in SGD.
    public let weightDecay: Double
    /// What the group trains.
    public let parameters: [TrainedParameter]

    /// Makes one from its parts.
    public init(_ name: String, _ parameters: [TrainedParameter], learningRateScale: Double = 1, weightDecay: Double) {
        (self.name, self.parameters) = (name, parameters)
        (self.learningRateScale, self.weightDecay) = (learningRateScale, weightDecay)
    }
}
