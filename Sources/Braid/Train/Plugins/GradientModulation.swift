// Peng et al. 2022, "Balanced Multimodal Learning via On-the-fly Gradient Modulation" (OGM-GE), arXiv:2203.15332.
internal import Foundation
internal import Torch

/// Slows the modality that is ahead, so that the others get a chance: its gradients are scaled by 1 - tanh(alpha × lead),
/// and noise of each gradient's own size, in every modality, makes up for what the scaling takes from generalisation. It acts on encoders
/// and projections, and ends after a share of the epochs.
///
/// The authors read a modality's score off the terms of a concatenation's linear head. Fusions here have no such terms; a
/// modality's score is the probability that the model gives the true class with only that modality shown.
final class GradientModulation: TrainingPlugin {
    private let alpha: Double
    /// The last epoch in which it acts.
    private let last: Int
    private var epoch = 0
    private let model: FusionModel
    /// The labels of the first head, as its loss takes them, `[N, …]`.
    private let truth: Tensor

    /// - Parameters:
    ///   - alpha: How hard a modality that is ahead is slowed.
    ///   - last: The last epoch in which gradients are changed, from 1.
    init(_ alpha: Double, last: Int, _ context: TrainingContext) throws {
        (self.alpha, self.last, model) = (alpha, last, context.model)
        let labels = try LabelledValues(context.train.samples, model.targets[0], context.train.name)
        truth = try labels.tensor().moved(to: context.device)
    }

    func afterBackward(_ step: TrainingStep) throws {
        guard epoch < last else { return }
        let factors = Self.factors(try scores(step), alpha: alpha)
        for (modality, factor) in zip(model.modalities, factors) {
            try apply(factor, to: model.projectionParameters(of: modality))
        }
    }

    func afterEpoch(_ epoch: Int) throws -> PluginFindings {
        self.epoch = epoch
        return PluginFindings()
    }

    func state() throws -> Data? { try JSONEncoder().encode(epoch) }
    func restore(_ state: Data) throws { epoch = try JSONDecoder().decode(Int.self, from: state) }

    /// The factor on each modality's gradients from their scores: 1 for what is not ahead of the mean of the others.
    static func factors(_ scores: [Double], alpha: Double) -> [Double] {
        scores.indices.map { index in
            let others = scores.indices.filter { $0 != index }.map { scores[$0] }
            let mean = others.reduce(0, +) / Double(max(1, others.count))
            guard mean > 0 else { return 1 }
            let lead = scores[index] / mean
            return lead > 1 ? 1 - tanh(alpha * lead) : 1
        }
    }

    /// Scales the gradients that `backward` left on `tensors`, and adds the noise.
    private func apply(_ factor: Double, to tensors: [Tensor]) throws {
        let scale = try Tensor([Float(factor)], shape: [])
        try withoutGradient {
            for tensor in tensors {
                guard let gradient = try tensor.gradient() else { continue }
                // Vectors get no noise, as the authors' code leaves all but convolutions without.
                let noise =
                    gradient.shape.count > 1
                    ? try Tensor.randomNormal(gradient.shape).moved(to: gradient.device) * gradient.deviation().adding(1e-8) : nil
                try gradient.scaleInPlace(by: scale.moved(to: gradient.device))
                if let noise { try gradient.addInPlace(noise) }
            }
        }
    }

    /// How well the model does with each modality alone on a batch: the mean probability of the truth over the samples that
    /// have the modality, of the first head. For regression, 1 / (1 + squared error).
    private func scores(_ step: TrainingStep) throws -> [Double] {
        let (input, values) = (step.output.input, try truth.rows(step.batch.rows))
        return try withoutGradient {
            try model.modalities.indices.map { index in
                let only = try Tensor(
                    (0..<model.modalities.count).map { UInt8($0 == index ? 1 : 0) }, shape: [1, model.modalities.count]
                ).converted(to: .bool).moved(to: input.presence.device)
                let visible = try input.presence.and(only)
                let logits = try model(FusionInput(input.parts, presence: visible)).logits[0]
                let truth = try model.targets[0].task.likelihood(logits, values)
                let has = try input.presence.select(1, index).converted(to: .float32)
                return try ((truth * has).sum() / has.sum().clamped(atLeast: 1)).item()
            }
        }
    }
}
