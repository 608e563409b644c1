internal import Torch

/// One head's loss on the samples of the train split. `docs/fusions.md` has the formulas.
struct HeadLoss {
    let target: Target
    /// As the task's loss takes them, `[N, …]`; of unlabelled samples anything.
    private let values: Tensor
    /// `[N]`: the samples' weights, times their class's; 0 where a sample is not labelled for this head.
    let weights: Tensor
    private let balance: OutputBalance?

    init(_ target: Target, _ samples: [Sample], source: String, device: Device) throws {
        self.target = target
        let labels = try LabelledValues(samples, target, source)
        values = try labels.tensor().moved(to: device)
        let classWeights = target.task.sampleWeights(labels)
        let rows = samples.indices.map { row in
            labels.isKnown[row] ? Float(samples[row].weight * (classWeights?[row] ?? 1)) : 0
        }
        weights = try Tensor(rows, shape: [rows.count]).moved(to: device)
        balance = try target.task.outputBalance(labels, device: device)
    }

    /// The weighted mean over the samples number `order` (int64 `[B]`), whose logits are `[B, C]`. Samples that `counted`
    /// (`[B]`, 1 or 0) says nothing of do not count.
    func callAsFunction(_ logits: Tensor, _ order: Tensor, counted: Tensor? = nil) throws -> Tensor {
        let rows = try target.task.loss(logits, values.rows(order), balance: balance)
        var weights = try weights.rows(order)
        if let counted { weights = try weights * counted }
        return try (rows * weights).sum() / weights.sum().clamped(atLeast: 1e-12)
    }

    /// The loss by sample, without its weight, `[B]`: in the precision of `logits`, `[B, C]`, which are of the samples number `order`.
    func ofEach(_ logits: Tensor, _ order: Tensor) throws -> Tensor {
        let truth = try values.rows(order)
        // Losses of numbers do not mix precisions; class numbers stay whole.
        let isWhole = truth.dtype == .int64
        return try target.task.loss(logits, isWhole ? truth : truth.converted(to: logits.dtype), balance: balance)
    }
}
