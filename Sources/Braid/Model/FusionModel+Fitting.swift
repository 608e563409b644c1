internal import Torch

extension FusionModel {
    /// Computes the fusion's values from `data`, whose encoders are all frozen.
    ///
    /// - Parameters:
    ///   - folds: How many parts of the data are held out in turn.
    ///   - seed: Another seed gives other folds.
    ///   - earlier: A fit on fewer of the rows, whose choices are taken over; nil to choose by cross-validation.
    /// - Throws: `BraidError` where the fusion is trained by gradients, or the data are too few.
    func fit(on data: BatchSource, folds asked: Int = 5, seed: Int, like earlier: FittingRecord? = nil) throws -> FittingRecord {
        guard let fitted = fusion as? any FittedFusion else {
            throw BraidError(.internal, "fusion.type: \(settings.fusion.kind.name) is trained, and not fitted")
        }
        let folds = Folds(data.samples, by: settings.heads.stratum, count: asked, seed: seed)
        guard folds.count > 1 else {
            throw BraidError(
                .badData,
                "\(data.name): all samples to learn from are one group, so that none can be held out; give them more groups")
        }
        let embeddings = try modalities.map { modality in
            guard let rows = data.embeddings[modality] else {
                throw BraidError(.internal, "the \(modality) encoder is not frozen, so there are no embeddings to fit on")
            }
            return try rows.pooled()
        }
        let sentences = try settings.fusion.sentences.map { asked in try targets.map { try zeroShotClassifier(asked, $0) } }
        return try fitted.fit(
            FittingSet(
                samples: data.samples, presence: data.presence, embeddings: embeddings,
                losses: try targets.map { try HeadLoss($0, data.samples, source: data.name, device: .cpu) },
                labels: try targets.map { try LabelledValues(data.samples, $0, data.name) }, folds: folds,
                sentences: sentences ?? []),
            like: earlier)
    }

    /// Fits anew what combines single modalities' answers, where the fusion has that, on rows that it was not trained on.
    ///
    /// Nothing changes where too few rows have every modality and a label of the first head.
    func refitVotes(on data: BatchSource) throws {
        guard let voting = fusion as? any VotingFusion, modalities.count > 1 else { return }
        let labels = try LabelledValues(data.samples, targets[0], data.name)
        let rows = data.samples.indices.filter { labels.isKnown[$0] && !data.presence[$0].contains(false) }
        guard rows.count >= Calibration.fewest else { return }
        let part = try data.subset(rows)
        var parts: [[Tensor]] = []
        try withoutGradient { try part.forEachBatch(512) { parts.append(try self($0).unimodal.map { try $0[0].moved(to: .cpu) }) } }
        let unimodal = try modalities.indices.map { index in try Tensor.concatenate(parts.map { $0[index] }, 0) }
        let loss = try HeadLoss(targets[0], part.samples, source: data.name, device: .cpu)
        try voting.refitVotes(
            unimodal, RowLoss(loss, samples: Array(part.samples.indices), counts: part.samples.map { _ in 1 }))
    }
}
