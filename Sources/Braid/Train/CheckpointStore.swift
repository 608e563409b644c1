internal import Foundation
internal import Torch

/// Where a training's state goes after each epoch.
protocol CheckpointStore: AnyObject {
    func keepBest(_ trainee: Trainee) throws
    /// Writes where the training stands within an epoch.
    func keepStep(_ trainee: Trainee, _ optimizer: any Optimizer, _ state: TrainingState) throws
    func keepEpoch(_ trainee: Trainee, _ optimizer: any Optimizer, _ state: TrainingState) throws
    /// Puts the best epoch's weights into `trainee`.
    func restoreBest(into trainee: Trainee) throws
}

/// Keeps checkpoints and metrics in a run folder.
final class CheckpointFolder: CheckpointStore {
    private let run: RunFolder
    private let events: TensorBoardWriter

    init(_ run: RunFolder) throws {
        self.run = run
        events = try TensorBoardWriter(run.url)
    }

    func keepBest(_ trainee: Trainee) throws { try TrainingCheckpoint(folder: run.checkpoint("best")).writeWeights(trainee) }

    func keepStep(_ trainee: Trainee, _ optimizer: any Optimizer, _ state: TrainingState) throws {
        try TrainingCheckpoint(folder: run.checkpoint("last")).write(trainee, optimizer, state)
    }

    func keepEpoch(_ trainee: Trainee, _ optimizer: any Optimizer, _ state: TrainingState) throws {
        try run.writeMetrics(state.history)
        try TrainingCheckpoint(folder: run.checkpoint("last")).write(trainee, optimizer, state)
        if let record = state.history.last { try events.write(record) }
    }

    func restoreBest(into trainee: Trainee) throws {
        try TrainingCheckpoint(folder: run.checkpoint("best")).readWeights(into: trainee)
    }
}

/// Keeps the best weights in memory, for trainings that leave nothing behind.
final class CheckpointMemory: CheckpointStore {
    private var best: [Tensor] = []

    func keepBest(_ trainee: Trainee) throws { best = try trainee.entries.map { try $0.tensor.detached().cloned() } }

    func keepStep(_ trainee: Trainee, _ optimizer: any Optimizer, _ state: TrainingState) throws {}

    func keepEpoch(_ trainee: Trainee, _ optimizer: any Optimizer, _ state: TrainingState) throws {}

    func restoreBest(into trainee: Trainee) throws {
        try withoutGradient { for (entry, value) in zip(trainee.entries, best) { try entry.tensor.copyInPlace(from: value) } }
    }
}
