/// An algorithm that changes parameters by their gradients.
public protocol Optimizer: AnyObject {
    /// What is trained, and how.
    var groups: [ParameterGroup] { get }
    /// Takes one step with the gradients that `backward` left; parameters without one stay as they are.
    ///
    /// - Parameter learningRate: The rate of this step, before each group's own factor.
    /// - Throws: `TorchError` where libtorch refuses.
    func step(learningRate: Double) throws
    /// Everything that a later run needs to go on as if nothing had happened, by name.
    ///
    /// - Throws: `TorchError` where libtorch refuses.
    func state() throws -> [(name: String, tensor: Tensor)]
    /// Takes over what `state` gave earlier and a file has kept.
    ///
    /// - Throws: `SafetensorsError` where something is not in the file, is of another dtype or shape, or is not finite.
    func restore(_ state: SafetensorsFile) throws
}

extension Optimizer {
    /// What is trained, group after group.
    public var parameters: [TrainedParameter] { groups.flatMap(\.parameters) }

    /// Takes everything that `state()` names from a file that holds what it gave.
    ///
    /// - Throws: `SafetensorsError` where something is not in the file, is of another dtype or shape, or is not finite.
    public func restore(_ state: SafetensorsFile) throws {
        for (name, tensor) in try self.state() { try state.copy(name, over: tensor) }
    }

    /// Removes the gradients of all parameters, so that the next `backward` begins anew.
    public func clearGradients() throws(TorchError) {
        for parameter in parameters { try parameter.tensor.clearGradient() }
    }

    /// Calls `body`, without recording gradients, once for each group that has a gradient: with the group, the indices of its
    /// parameters that have one among all parameters, and their gradients. One fused kernel then updates them.
    func forEachGroup(_ body: (ParameterGroup, [Int], [Tensor]) throws -> Void) throws {
        try withoutGradient {
            var first = 0
            for group in groups {
                var active: [Int] = []
                var gradients: [Tensor] = []
                for (index, parameter) in group.parameters.enumerated() {
                    guard let gradient = try parameter.tensor.gradient() else { continue }
                    active.append(first + index)
                    gradients.append(gradient)
                }
                first += group.parameters.count
                if !active.isEmpty { try body(group, active, gradients) }
            }
        }
    }

    /// Scales all gradients so that their joint Euclidean norm is at most `limit`; gives the norm they had.
    ///
    /// Follows `torch.nn.utils.clip_grad_norm_`.
    @discardableResult
    public func clipGradients(to limit: Double) throws(TorchError) -> Double {
        var gradients: [Tensor] = []
        for parameter in parameters { if let gradient = try parameter.tensor.gradient() { gradients.append(gradient) } }
        guard !gradients.isEmpty else { return 0 }
        let norm = try Tensor.stack(Tensor.norms(gradients)).norm().item()
        let factor = limit / (norm + 1e-6)
        guard factor < 1 else { return norm }
        _ = try Operator("_foreach_mul_.Scalar")([.tensors(gradients), .double(factor)])
        return norm
    }
}
