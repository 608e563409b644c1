internal import Torch

extension PhasePreparation {
    /// Tries what the configuration names on embeddings of frozen encoders, unless it is to be taken as it is.
    mutating func tryAdaptation(_ settings: AdaptationSettings, _ domain: AdaptationTarget) throws -> AdaptationRecord {
        let samples = domain.manifest.samples
        let counts = (domain.adapting(samples).count, domain.judging(samples).count)
        guard settings.isJudged || settings.kind.isChoice else {
            return AdaptationRecord(
                asked: settings.kind.name, method: settings.kind.name,
                reason: "asked for without judgement (training.adaptation.judge: false)", trials: [], picks: [:],
                adapted: counts.0, judged: counts.1)
        }
        let frozen = try embedFrozen(tokens: configuration.fusion.tokens)
        let judging = try frozen.target.flatMap { target -> BatchSource? in
            let rows = domain.judging(target.samples)
            return rows.isEmpty ? nil : try target.subset(rows)
        }
        return try AdaptationChooser(configuration: configuration, targets: targets, device: device, reporter: reporter)
            .choose(frozen.encoders, split(frozen), judging: judging, domain)
    }
}

extension AdaptationRecord {
    /// Takes the kept model's figures on the target's rows that judge, as far as they have labels.
    mutating func judge(_ model: FusionModel, _ preparation: PhasePreparation) throws {
        guard let domain = preparation.domain else { return }
        let rows = domain.judging(domain.manifest.samples).map { domain.manifest.samples[$0] }
        guard !rows.isEmpty else { return }
        let extractor = try EmbeddingExtractor(
            manifest: domain.manifest.url, onBadSample: .skip, cache: preparation.configuration.embeddingCache())
        let encoders = Array(model.encoders.values)
        let source = try BatchSource(rows, encoders, tokens: model.tokenBudget, extractor, device: preparation.device)
        let labelled = try domain.labelled(source.samples, preparation.targets)
        judged = labelled.count { !$0.labels.isEmpty }
        target = try Predictions(model.predict(source).heads, of: labelled).allScores()
    }
}
