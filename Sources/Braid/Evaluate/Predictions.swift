internal import Foundation
internal import Torch

/// What a model says of samples.
public struct Predictions: Sendable {
    /// What was predicted, in the order of `HeadPredictions.values`.
    public let samples: [Sample]
    /// One a head, in the model's order; at least one.
    public let heads: [HeadPredictions]
    /// The heads' losses, each times its weight: cross-entropy without smoothing or class weights, and for regression the
    /// head's own loss of standardised numbers. nil where a sample lacks a label that the model knows.
    public let loss: Double?

    /// The first head's.
    public var primary: HeadPredictions { heads[0] }

    /// Those of the samples that `condition` holds for.
    func keeping(_ condition: (Sample) -> Bool) -> Predictions {
        Predictions(samples: samples.filter(condition), heads: heads.map { $0.keeping(condition) }, loss: nil)
    }
}

/// What one head says of samples.
public struct HeadPredictions: Sendable {
    /// What the head predicts.
    public let target: Target
    /// What was predicted, in the order of `values`.
    public let samples: [Sample]
    /// The manifest's name, for errors.
    let source: String
    /// `[N][K]`. Multiclass: a probability a class, adding up to 1. Binary: of the negative and of the positive class.
    /// Multilabel: each class's own. Regression: the number, in the label's unit.
    public let values: [[Float]]

    /// The prediction of sample number `index` in words: a class, classes joined with `|`, or a number.
    public func text(of index: Int) -> String { target.text(of: values[index]) }

    /// Those of the samples that `condition` holds for.
    func keeping(_ condition: (Sample) -> Bool) -> HeadPredictions {
        let kept = samples.indices.filter { condition(samples[$0]) }
        guard kept.count < samples.count else { return self }
        return HeadPredictions(target: target, samples: kept.map { samples[$0] }, source: source, values: kept.map { values[$0] })
    }

    /// Only the samples that are labelled for this head.
    func labelled() -> HeadPredictions {
        keeping { $0.labels[target.column] != nil }
    }
}

extension HeadPredictions {
    /// Of calibrated logits `[N, C]`.
    init(logits: Tensor, _ target: Target, samples: [Sample], source: String) throws {
        let answers = try target.task.answers(logits.converted(to: .float32), target.scale)
        let (flat, width) = (try answers.array() as [Float], answers.shape[1])
        self.init(
            target: target, samples: samples, source: source,
            values: samples.indices.map { Array(flat[$0 * width..<($0 + 1) * width]) })
    }
}

extension FusionModel {
    /// Logits of `dataset` a head, `[N, C]`, with `presence` (`[N][M]`) for what the model may see.
    func logits(_ dataset: BatchSource, presence: [[Bool]], batchSize: Int = 512) throws -> [Tensor] {
        try withoutGradient {
            var parts: [[Tensor]] = []
            let size = dataset.isEncoded ? batchSize : min(batchSize, Self.mediaAtOnce)
            try dataset.forEachBatch(size, presence: presence) { parts.append(try self($0).logits) }
            return try targets.indices.map { head in try .concatenate(parts.map { $0[head] }, 0) }
        }
    }

    /// Predicts `dataset`, `hiding` some modalities from the model.
    func predict(_ dataset: BatchSource, hiding: Set<Modality> = []) throws -> Predictions {
        try predict(
            dataset,
            presence: dataset.presence.map { row in zip(row, modalities).map { $0 && !hiding.contains($1) } })
    }

    /// Predicts `dataset` from what `presence` (`[N][M]`) leaves of it.
    func predict(_ dataset: BatchSource, presence: [[Bool]]) throws -> Predictions {
        let logits = try zip(targets, logits(dataset, presence: presence)).map { try calibrated($1, $0, presence) }
        let heads = try zip(targets, logits).map { target, logits in
            try HeadPredictions(logits: logits, target, samples: dataset.samples, source: dataset.name)
        }
        return Predictions(samples: dataset.samples, heads: heads, loss: try loss(logits, dataset))
    }

    /// Logits of `dataset` a head, `[N, C]`, divided by the temperature of what each sample has.
    func calibratedLogits(_ dataset: BatchSource) throws -> [Tensor] {
        try zip(targets, logits(dataset, presence: dataset.presence)).map { try calibrated($1, $0, dataset.presence) }
    }

    /// Logits divided by the temperature of what each sample was seen with.
    private func calibrated(_ logits: Tensor, _ target: Target, _ presence: [[Bool]]) throws -> Tensor {
        guard calibration.temperatures[target.name] != nil else { return logits }
        let factors = presence.map { row in
            Float(1 / calibration.temperature(head: target.name, zip(row, modalities).filter(\.0).map(\.1)))
        }
        return try logits * Tensor(factors, shape: [factors.count, 1]).moved(to: logits.device)
    }

    /// The mean over the labelled samples of each head's loss, each times the head's weight; nil where a head knows no label.
    private func loss(_ logits: [Tensor], _ dataset: BatchSource) throws -> Double? {
        var sum = 0.0
        for (index, logits) in logits.enumerated() {
            guard let rows = try? losses(logits, head: index, dataset), rows.contains(where: { $0 != nil }) else { return nil }
            let known = rows.compactMap { $0 }
            sum += known.reduce(0, +) / Double(known.count) * settings.heads[index].weight
        }
        return sum
    }

    /// One head's loss of each sample, without smoothing or class weights; nil where the sample is not labelled for the head.
    private func losses(_ logits: Tensor, head: Int, _ dataset: BatchSource) throws -> [Double?] {
        let labels = try LabelledValues(dataset.samples, targets[head], dataset.name)
        let rows = try targets[head].task.plainLoss(logits, labels.tensor().moved(to: logits.device)).array(of: Float.self)
        return zip(rows, labels.isKnown).map { $1 ? Double($0) : nil }
    }

    /// The heads' losses of each sample together, each times its weight, calibrated; nil where it has no label at all.
    func losses(_ dataset: BatchSource) throws -> [Double?] {
        let logits = try logits(dataset, presence: dataset.presence)
        var sums: [Double?] = dataset.samples.map { _ in nil }
        for (index, target) in targets.enumerated() {
            let rows = try losses(calibrated(logits[index], target, dataset.presence), head: index, dataset)
            for (row, loss) in rows.enumerated() {
                if let loss { sums[row] = (sums[row] ?? 0) + loss * settings.heads[index].weight }
            }
        }
        return sums
    }
}
