internal import Torch

extension FusionModel {
    /// Fits the temperatures on `dataset`, the val split: for each subset of modalities, on the samples that have all of it
    /// and with the others hidden.
    ///
    /// - Returns: The subsets that no sample has, whose temperature stays 1.
    @discardableResult
    func calibrate(on dataset: BatchSource) throws -> [[Modality]] {
        calibration = Calibration()
        // What is fitted on held-out answers is calibrated by it, and members of an ensemble each by themselves.
        guard settings.fusion.kind.making == .trained, settings.heads.contains(where: calibrates) else { return [] }
        var unseen: [[Modality]] = []
        let dataset = try encoded(dataset)
        // Subsets of few rows take the temperature of all rows, each with what it has.
        let whole = try logits(dataset, presence: dataset.presence)
        let common = try settings.heads.indices.map {
            calibrates(settings.heads[$0]) ? try fit(whole[$0], targets[$0], dataset) : nil
        }
        for subset in modalities.subsets {
            let having = dataset.samples.indices.filter { index in subset.allSatisfy(dataset.samples[index].has) }
            guard !having.isEmpty else {
                unseen.append(subset)
                continue
            }
            let part = having.count == dataset.samples.count ? dataset : try dataset.subset(having)
            let visible = modalities.map(subset.contains)
            let logits = try logits(part, presence: part.samples.map { _ in visible })
            for (index, (target, values)) in zip(targets, logits).enumerated() where calibrates(settings.heads[index]) {
                let isFew = part.samples.count { $0.labels[target.column] != nil } < Calibration.fewest
                guard let temperature = try isFew ? common[index] : fit(values, target, part) else { continue }
                calibration.set(temperature, head: target.name, subset)
            }
        }
        return unseen
    }

    private func calibrates(_ head: HeadSettings) -> Bool { head.task.isCalibrated }

    /// nil where no sample is labelled.
    private func fit(_ logits: Tensor, _ target: Target, _ dataset: BatchSource) throws -> Double? {
        let labels = try LabelledValues(dataset.samples, target, dataset.name)
        let known = labels.isKnown.indices.filter { labels.isKnown[$0] }
        guard !known.isEmpty else { return nil }
        let (flat, width) = (try logits.array() as [Float], logits.shape[1])
        return target.task.temperature(known.map { Array(flat[$0 * width..<($0 + 1) * width]) }, labels, known: known)
    }
}

extension Array where Element == Modality {
    /// Every subset but the empty one, single modalities first.
    var subsets: [[Modality]] {
        (1..<(1 << count)).map { bits in indices.filter { bits & (1 << $0) != 0 }.map { self[$0] } }
            .sorted { ($0.count, $0.map(\.rawValue).joined()) < ($1.count, $1.map(\.rawValue).joined()) }
    }
}
