internal import Torch

/// One head's loss on the samples of the train split. `docs/fusions.md` has the formulas.
struct HeadLoss {
    let target: Target
    private let settings: Configuration.Head
    /// Int64 `[N]` for multiclass, else float32 `[N, C]`; of unlabelled samples anything.
    private let values: Tensor
    /// `[N]`: the samples' weights, times their class's; 0 where a sample is not labelled for this head.
    private let weights: Tensor
    /// What outputs count where their class applies, and where it does not: `[C]` each. nil where all count 1.
    private let balance: (positive: Tensor, negative: Tensor)?

    init(_ target: Target, _ settings: Configuration.Head, _ samples: [Sample], source: String, device: Device) throws {
        self.target = target
        self.settings = settings
        let labels = try LabelledValues(samples, target, source)
        values = try labels.tensor().moved(to: device)
        let classWeights = settings.classWeights == .balanced && target.task == .multiclass ? labels.balancedWeights() : nil
        let rows = samples.indices.map { row -> Float in
            guard labels.isKnown[row] else { return 0 }
            return Float(samples[row].weight * (classWeights?[labels.indices[row]] ?? 1))
        }
        weights = try Tensor(rows, shape: [rows.count]).moved(to: device)
        balance =
            settings.classWeights == .balanced && (target.task == .binary || target.task == .multilabel)
            ? try labels.balancedOutputs(device) : nil
    }

    /// The weighted mean over the samples number `order` (int64 `[B]`), whose logits are `[B, C]`. Samples that `counted`
    /// (`[B]`, 1 or 0) says nothing of do not count.
    func callAsFunction(_ logits: Tensor, _ order: Tensor, counted: Tensor? = nil) throws -> Tensor {
        let rows = try Self.rows(
            logits, values.rows(order), target.task, settings.loss, smoothing: settings.labelSmoothing, gamma: settings.focalGamma,
            balance: balance)
        var weights = try weights.rows(order)
        if let counted { weights = try weights * counted }
        return try (rows * weights).sum() / weights.sum().clamped(atLeast: 1e-12)
    }

    /// Powers below 1 have no slope at 0.
    private static let smallest = 1e-7

    /// One loss a sample, `[B]`.
    static func rows(
        _ logits: Tensor, _ values: Tensor, _ task: TaskKind, _ loss: LossKind, smoothing: Double = 0, gamma: Double = 0,
        balance: (positive: Tensor, negative: Tensor)? = nil
    ) throws -> Tensor {
        switch task {
        case .multiclass:
            let rows = try logits.crossEntropyPerRow(values, labelSmoothing: smoothing)
            guard loss == .focal else { return rows }
            let chosen = try logits.softmax(1).gathered(values.unsqueezed(1)).squeezed(1)
            return try chosen.scaled(by: -1).adding(1).clamped(atLeast: Self.smallest).power(gamma) * rows
        case .binary, .multilabel:
            let smoothed = try values.scaled(by: 1 - smoothing).adding(smoothing / 2)
            var terms = try logits.binaryCrossEntropyPerElement(smoothed)
            let absent = try values.scaled(by: -1).adding(1)
            if loss == .focal {
                let p = try logits.sigmoid()
                // 1 - p of the true side.
                let missed = try p * absent + p.scaled(by: -1).adding(1) * values
                terms = try missed.clamped(atLeast: Self.smallest).power(gamma) * terms
            }
            if let balance { terms = try (values * balance.positive + absent * balance.negative) * terms }
            return try terms.mean([1])
        case .regression:
            switch loss {
            case .mae: return try logits.absoluteErrorPerElement(values).squeezed(1)
            case .huber: return try logits.huberPerElement(values).squeezed(1)
            default: return try logits.squaredErrorPerElement(values).squeezed(1)
            }
        }
    }
}
