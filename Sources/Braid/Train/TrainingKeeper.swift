internal import Foundation
internal import Torch

/// Where a training's state goes after each epoch.
protocol TrainingKeeper: AnyObject {
    func keepBest(_ model: FusionModel) throws
    func keepEpoch(_ model: FusionModel, _ optimizer: any Optimizer, _ state: TrainingState) throws
    /// Puts the best epoch's weights into `model`.
    func restoreBest(into model: FusionModel) throws
}

/// Keeps checkpoints and metrics in a run folder.
final class FolderKeeper: TrainingKeeper {
    private let run: RunFolder
    private let events: TensorBoardWriter

    init(_ run: RunFolder) throws {
        self.run = run
        events = try TensorBoardWriter(run.url)
    }

    func keepBest(_ model: FusionModel) throws { try TrainingCheckpoint(folder: run.checkpoint("best")).writeWeights(model) }

    func keepEpoch(_ model: FusionModel, _ optimizer: any Optimizer, _ state: TrainingState) throws {
        try run.writeMetrics(state.history)
        try TrainingCheckpoint(folder: run.checkpoint("last")).write(model, optimizer, state)
        if let record = state.history.last { try events.write(record) }
    }

    func restoreBest(into model: FusionModel) throws {
        try TrainingCheckpoint(folder: run.checkpoint("best")).readWeights(into: model)
    }
}

/// Keeps the best weights in memory, for trainings that leave nothing behind.
final class MemoryKeeper: TrainingKeeper {
    private var best: [Tensor] = []

    func keepBest(_ model: FusionModel) throws { best = try model.trainedEntries.map { try $0.tensor.detached().cloned() } }

    func keepEpoch(_ model: FusionModel, _ optimizer: any Optimizer, _ state: TrainingState) throws {}

    func restoreBest(into model: FusionModel) throws {
        try withoutGradient { for (entry, value) in zip(model.trainedEntries, best) { try entry.tensor.copyInPlace(from: value) } }
    }
}
