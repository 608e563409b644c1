internal import BraidSupport
internal import Torch

/// What training makes small: the heads' losses, each times its weight, to which plugins may add.
struct Objective {
    private let heads: [(loss: HeadLoss, weight: Double)]

    init(_ model: FusionModel, _ data: BatchSource, device: Device) throws {
        heads = try zip(model.settings.heads, model.targets).map { settings, target in
            (try HeadLoss(target, data.samples, source: data.name, device: device), settings.weight)
        }
    }

    /// A step on a batch, with the loss that plugins begin with: the heads', and where each modality has heads of its own, theirs.
    func callAsFunction(_ batch: Batch, _ output: FusionModel.Output) throws -> (step: TrainingStep, loss: Tensor) {
        let step = TrainingStep(
            batch: batch, output: output, headLoss: try loss(output.logits, batch), objective: self)
        let total = try output.unimodal.enumerated().reduce(step.headLoss) { sum, modality in
            try sum + step.loss(of: modality.element, counted: step.isVisible(modality.offset))
        }
        return (step, total)
    }

    /// The heads' losses of a batch; of one that is mixed those on both labels, each by its share, which for cross-entropy is the loss on the
    /// mixed label.
    func loss(_ logits: [Tensor], _ batch: Batch, counted: Tensor? = nil) throws -> Tensor {
        let own = try loss(logits, batch.rows, counted: counted)
        guard let mixing = batch.mixing else { return own }
        let others = try loss(logits, batch.rows.rows(mixing.partners), counted: counted)
        return try own.scaled(by: mixing.share) + others.scaled(by: 1 - mixing.share)
    }

    /// The heads' losses, each times its weight.
    func loss(_ logits: [Tensor], _ rows: Tensor, counted: Tensor? = nil) throws -> Tensor {
        let losses = try zip(heads, logits).map { try $0.loss($1, rows, counted: counted).scaled(by: $0.weight) }
        guard let sum = try Self.sum(losses) else { throw BraidError(.internal, "a model without a head") }
        return sum
    }

    /// nil where there is nothing to sum.
    static func sum(_ terms: [Tensor]) throws -> Tensor? {
        try terms.reduce(nil) { (sum: Tensor?, term) in try sum.map { try $0 + term } ?? term }
    }
}

extension Trainee {
    /// A step on a batch, the samples that a plugin brings with it, and the loss that plugins begin with.
    func step(
        _ batch: Batch, _ objective: Objective, _ precision: TrainingSettings.Precision
    ) throws -> (step: TrainingStep, loss: Tensor) {
        let companies = try plugins.all.compactMap { try $0.plugin.company(of: batch) }
        guard companies.count <= 1 else { throw BraidError(.internal, "two plugins bring samples to a step") }
        let (own, others) = try model.trainingOutput(batch, with: companies.first, precision)
        let (made, loss) = try objective(batch, own)
        var step = made
        step.company = others
        return (step, loss)
    }
}

extension FusionModel {
    /// What it makes of a batch in training, its products in `precision`, as losses take it.
    func trainingOutput(_ batch: Batch, _ precision: TrainingSettings.Precision) throws -> Output {
        try inLowerPrecision(precision.dtype, on: parameters.device) { try self(batch, mode: .train) }.inFloat32()
    }

    /// The same of a batch and of other samples that keep it company, in one pass where media or embeddings of both can be one batch, else
    /// one after the other.
    func trainingOutput(
        _ batch: Batch, with company: Batch?, _ precision: TrainingSettings.Precision
    ) throws -> (own: Output, others: Output?) {
        guard let company else { return (try trainingOutput(batch, precision), nil) }
        guard let both = try batch.joined(company) else {
            return (try trainingOutput(batch, precision), try trainingOutput(company, precision))
        }
        let output = try trainingOutput(both, precision)
        return (try output.part(0..<batch.count), try output.part(batch.count..<both.count))
    }
}
