internal import Foundation
internal import Torch

/// Training of a fusion whose values are computed at once, or of an ensemble: made of the train split and judged on val; then, where it is
/// asked for, made of both together.
///
/// There is nothing to go on with: an interrupted run is made again, to the same values.
struct FittedTraining {
    var preparation: PhasePreparation
    let run: RunFolder
    let tracking: Tracking

    private var settings: TrainingSettings { preparation.configuration.training }

    mutating func callAsFunction() throws -> TrainedModel {
        let (model, data, seconds) = try preparation.prepareFrozen()
        model.handOnSums(settings)
        let progress = preparation.reporter.begin("fitting \(model.settings.fusion.kind.name)", total: data.train.samples.count)
        let record =
            try model.settings.fusion.kind.isFitted
            ? model.fit(to: data, settings).record
            : EnsembleTraining(configuration: preparation.configuration, device: preparation.device)(model, data).record
        progress.advance(by: data.train.samples.count)
        progress.finish(record.summary)
        try run.writeMetrics([record])
        try tracking.log(record)
        return TrainedModel(
            model: model, data: data, history: [record], bestEpoch: 1, averages: AveragingRecord(), stoppedEarly: false,
            embeddingSeconds: seconds)
    }
}

extension FusionModel {
    /// Fits the fusion on the train split and judges it on val; then fits it on both together, if the settings say so.
    ///
    /// - Returns: The figures of the fit that val has judged, and what it says of val.
    func fit(to data: SplitData, _ settings: TrainingSettings) throws -> (record: EpochRecord, predictions: Predictions) {
        let start = ContinuousClock.now
        let found = try fit(on: data.train, seed: settings.seed)
        let judged = try predict(data.val)
        var loss = 0.0
        for (index, target) in targets.enumerated() {
            let rows = try HeadLoss(target, data.train.samples, source: data.train.name, device: .cpu)
            let order = try Tensor(data.train.samples.indices.map(Int64.init), shape: [data.train.samples.count])
            loss += try withoutGradient { try rows(found.heldOut[index], order).item() } * self.settings.heads[index].weight
        }
        if settings.refit { _ = try fit(on: data.trainAndVal(), seed: settings.seed, like: found) }
        let record = EpochRecord(
            epoch: 1, step: 0, trainLoss: loss, learningRate: 0, valLoss: judged.loss, val: try judged.scores(),
            figures: found.figures, seconds: (ContinuousClock.now - start) / .seconds(1))
        return (record, judged)
    }
}
