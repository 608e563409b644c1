internal import Foundation
internal import Torch

/// Training by gradients, phase after phase, with a checkpoint after each epoch.
struct PhasedTraining {
    let preparation: PhasePreparation
    let run: RunFolder
    let afterEpoch: ((Int) throws -> Void)?
    let interruption: Interruption?
    let tracking: Tracking

    private var configuration: Configuration { preparation.configuration }

    /// Trains, or goes on with what an interrupted training left.
    func callAsFunction(resume: Bool) throws -> TrainedModel {
        try configuration.training.precision.check(on: preparation.device)
        let (targets, fingerprint) = (preparation.targets, preparation.fingerprint)
        // Where the last run stopped.
        let last = TrainingCheckpoint(folder: run.checkpoint("last"))
        let saved = resume ? try last.readState(manifestSHA256: fingerprint, targets: targets) : nil
        var state = saved ?? TrainingState(configuration.training, targets, manifestSHA256: fingerprint)

        // Phase after phase: what is trained, the samples behind it, and the loop.
        let averaging = configuration.training.averaging
        let store = CheckpointFolder(run, keepsSeveral: averaging.best > 1, tracking)
        let start = TrainingCheckpoint(folder: run.checkpoint("start"))
        let phases = preparation.phases
        let isZeroShot = configuration.heads.contains { $0.sentences != nil }
        let firstWithEncoders = phases.first { !$0.isWithoutEncoders }
        let leaving = isZeroShot ? phases.first : firstWithEncoders
        var current: PreparedPhase?
        var (stoppedEarly, embedding) = (false, 0.0)
        for phase in phases where state.epoch < phase.epochs.upperBound || phase == phases.last {
            let part = try preparation.prepare(phase, after: current?.trainee)
            embedding += part.embeddingSeconds
            if let saved, current == nil { try last.restore(part, saved) }
            if phase.epochs.lowerBound > 0, state.epoch == phase.epochs.lowerBound, state.pass == nil {
                // The same draws, whether the phase before ran just now or in an earlier process.
                try Generator.seed(UInt64(configuration.training.seed + phase.epochs.lowerBound))
            }
            current = part
            let isAtItsBeginning = state.epoch == phase.epochs.lowerBound && state.pass == nil
            if averaging.interpolation != nil, phase == leaving, isAtItsBeginning {
                try start.writeWeights(part.trainee)
            }
            let loop = TrainingLoop(
                settings: configuration.training, phase: phase, stopsEarly: phase == phases.last,
                modalityDropout: configuration.fusion.modalityDropout, reporter: preparation.reporter, trainee: part.trainee,
                optimizer: part.optimizer, data: part.data, store: store, device: preparation.device, afterEpoch: afterEpoch,
                interruption: interruption)
            stoppedEarly = try loop.run(&state)
        }
        guard let current else { throw BraidError(.internal, "a training without a phase") }
        if stoppedEarly {
            let (settings, name) = (configuration.training, configuration.training.stoppingName(current.trainee.model))
            preparation.reporter.note(
                "stopped early, after epoch \(state.epoch) of \(settings.epochs): \(name) on val was best at epoch \(state.bestEpoch), and no better in \(settings.patience) epochs (training.early_stopping)"
            )
        }

        // The best epoch is the model, or what is made of the best ones; the val split says how sure it may be.
        let (model, data) = (current.trainee.model, current.data)
        try store.tidy(state.best)
        let soup = try WeightSoup.make(configuration.training, state.best, current.trainee, store, judgedOn: data.val)
        let interpolation = try averaging.interpolation.map { place in
            try WeightInterpolation(
                settings: configuration.training, trainee: current.trainee, start: start,
                beginning: isZeroShot ? .zeroShot : firstWithEncoders != phases.first ? .trainedHeads : .encodersAlone)(
                    data, to: place)
        }
        let val = try model.encoded(data.val)
        try model.refitVotes(on: val)
        for subset in try model.calibrate(on: val) {
            preparation.reporter.note("no val sample has \(Calibration.key(subset)): its probabilities are not calibrated")
        }
        model.handedOn = current.trainee.plugins.handedOn
        return TrainedModel(
            model: model, data: data, history: state.history, bestEpoch: state.bestEpoch,
            averages: AveragingRecord(soup: soup, interpolation: interpolation),
            stoppedEarly: stoppedEarly, embeddingSeconds: embedding)
    }
}
