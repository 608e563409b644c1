internal import Foundation
internal import Torch

/// Training by gradients, phase after phase, with a checkpoint after each epoch.
struct PhasedTraining {
    let preparation: PhasePreparation
    let run: RunFolder
    let afterEpoch: ((Int) throws -> Void)?
    let interruption: Interruption?

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
        let store = try CheckpointFolder(run)
        let phases = preparation.phases
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
            let loop = TrainingLoop(
                settings: configuration.training, phase: phase, stopsEarly: phase == phases.last,
                modalityDropout: configuration.fusion.modalityDropout, reporter: preparation.reporter, trainee: part.trainee,
                optimizer: part.optimizer, data: part.data, store: store, device: preparation.device, afterEpoch: afterEpoch,
                interruption: interruption)
            stoppedEarly = try loop.run(&state)
        }
        guard let current else { throw BraidError(.internal, "a training without a phase") }

        // The best epoch is the model; the val split says how sure it may be.
        let (model, data) = (current.trainee.model, current.data)
        try store.restoreBest(into: current.trainee)
        try model.refitVotes(on: data.val)
        for subset in try model.calibrate(on: data.val) {
            preparation.reporter.note("no val sample has \(Calibration.key(subset)): its probabilities are not calibrated")
        }
        return TrainedModel(
            model: model, data: data, history: state.history, bestEpoch: state.bestEpoch, stoppedEarly: stoppedEarly,
            embeddingSeconds: embedding)
    }
}
