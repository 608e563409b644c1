// Wei and Hu 2024, "MMPareto: Boosting Multimodal Learning with Innocent Unimodal Assistance", ICML, arXiv:2405.17730.
internal import Torch

/// Lets each modality's own loss help its encoder and projection without working against the fused loss: their gradients are summed where
/// they agree, and where they do not, weighed so that neither loses; then lengthened.
///
/// Heads on each modality alone, which only training makes use of, give the modalities' own losses.
final class MMPareto: TrainingPlugin {
    private let model: FusionModel
    private let heads: AuxiliaryHeads
    private let gamma: Double
    /// What makes each modality's projection.
    private let own: [[Tensor]]
    /// By modality: the gradients of the fused loss and of its own, in the order of `own`.
    private var gradients: [(fused: [Tensor], alone: [Tensor])] = []

    /// - Parameter gamma: How much the gradients are lengthened.
    init(_ context: TrainingContext, gamma: Double) throws {
        (model, self.gamma) = (context.model, gamma)
        heads = try AuxiliaryHeads(context.model, device: context.device)
        own = context.model.modalities.map { context.model.projectionParameters(of: $0) }
    }

    var parameters: ParameterStore? { heads.parameters }

    /// Adds the modalities' own losses, and keeps each loss's gradients apart.
    func loss(_ loss: Tensor, _ step: TrainingStep) throws -> Tensor {
        let alone = try heads(step.output.projections, mode: .train).enumerated().map { index, logits in
            try step.loss(of: logits, counted: step.isVisible(index))
        }
        let fused = try gradients(of: loss)
        gradients = try alone.enumerated().map { index, own in (fused[index], try gradients(of: own)[index]) }
        return try alone.reduce(loss) { try $0 + $1 }
    }

    /// Of one loss, by modality; all gradients are cleared again.
    private func gradients(of loss: Tensor) throws -> [[Tensor]] {
        try clear()
        try loss.backward(keepsGraph: true)
        let found = try own.map { try $0.map { try ($0.gradient() ?? .zeros($0.shape).moved(to: $0.device)).cloned() } }
        try clear()
        return found
    }

    private func clear() throws {
        for entry in model.trainedEntries + heads.parameters.entries where entry.kind == .parameter {
            try entry.tensor.clearGradient()
        }
    }

    func afterBackward(_ step: TrainingStep) throws {
        try withoutGradient {
            for (tensors, parts) in zip(own, gradients) {
                let totals = try tensors.map { try $0.gradient() ?? .zeros($0.shape).moved(to: $0.device) }
                let combined = try Self.combined(fused: parts.fused, alone: parts.alone, totals: totals, gamma: gamma)
                for (tensor, value) in zip(tensors, combined) { try tensor.gradient()?.copyInPlace(from: value) }
            }
        }
        gradients = []
    }

    /// The gradients that a modality's parameters get.
    ///
    /// - Parameters:
    ///   - fused: Those of the fused loss.
    ///   - alone: Those of the modality's own.
    ///   - totals: Those of all losses together, whose length is kept where the combination is shorter.
    static func combined(fused: [Tensor], alone: [Tensor], totals: [Tensor], gamma: Double) throws -> [Tensor] {
        func product(_ a: [Tensor], _ b: [Tensor]) throws -> Double {
            try zip(a, b).reduce(0) { try $0 + ($1.0 * $1.1).sum().item() }
        }
        let (ff, aa, fa) = (try product(fused, fused), try product(alone, alone), try product(fused, alone))
        // Where they agree, both alike; else the point of least norm between them (Desideri 2012).
        let distance = ff + aa - 2 * fa
        let share = fa > 0 || distance <= 0 ? 0.5 : min(1, max(0, (aa - fa) / distance))
        return try zip(zip(fused, alone), totals).map { parts, total in
            let mixed = try parts.0.scaled(by: 2 * share) + parts.1.scaled(by: 2 * (1 - share))
            let (asked, found) = (try total.norm().item(), try mixed.norm().item())
            return try mixed.scaled(by: gamma * (found > 0 ? max(1, asked / found) : 1))
        }
    }
}
