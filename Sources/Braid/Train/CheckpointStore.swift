internal import Foundation
internal import Torch

/// Where a training's state goes after each epoch.
protocol CheckpointStore: AnyObject {
    /// Keeps the weights of an epoch that is among the `best`.
    func keepWeights(_ trainee: Trainee, of epoch: Int, _ best: BestEpochs) throws
    /// Writes where the training stands within an epoch.
    func keepStep(_ trainee: Trainee, _ optimizer: any Optimizer, _ state: TrainingState) throws
    /// Writes where it stands behind one, and lets go of epochs that are no longer among the best.
    ///
    /// - Parameter mustWrite: Whether it is to be on disk at once, because no other epoch follows or somebody waits for it.
    func keepEpoch(_ trainee: Trainee, _ optimizer: any Optimizer, _ state: TrainingState, mustWrite: Bool) throws
    /// Puts the weights of one of the best epochs into `trainee`.
    func restore(_ epoch: Int, into trainee: Trainee) throws
}

/// Keeps checkpoints and metrics in a run folder: `last`, `best`, and where more than one epoch is kept, each as `epoch-N`.
final class CheckpointFolder: CheckpointStore {
    private let run: RunFolder
    private let tracking: Tracking
    /// Whether more than the best epoch is kept.
    private let keepsSeveral: Bool
    private var lastKept: ContinuousClock.Instant?
    /// On embeddings at hand an epoch takes a twentieth of a second, and to bring its checkpoint to the disk takes longer.
    private static let interval = Duration.seconds(1)

    init(_ run: RunFolder, keepsSeveral: Bool, _ tracking: Tracking) {
        (self.run, self.keepsSeveral, self.tracking) = (run, keepsSeveral, tracking)
    }

    private static let prefix = "epoch-"
    private func folder(_ epoch: Int) -> URL { run.checkpoint("\(Self.prefix)\(epoch)") }

    func keepWeights(_ trainee: Trainee, of epoch: Int, _ best: BestEpochs) throws {
        try run.checkPresent()
        if keepsSeveral { try TrainingCheckpoint(folder: folder(epoch)).writeWeights(trainee) }
        if best.first?.epoch == epoch { try TrainingCheckpoint(folder: run.checkpoint("best")).writeWeights(trainee) }
    }

    func keepStep(_ trainee: Trainee, _ optimizer: any Optimizer, _ state: TrainingState) throws {
        try run.checkPresent()
        try TrainingCheckpoint(folder: run.checkpoint("last")).write(trainee, optimizer, state)
    }

    /// Epochs that follow each other in less than a second are written once a second: a run that is killed does the others again, alike.
    func keepEpoch(_ trainee: Trainee, _ optimizer: any Optimizer, _ state: TrainingState, mustWrite: Bool) throws {
        if let record = state.history.last { try tracking.log(record) }
        let now = ContinuousClock.now
        if let lastKept, !mustWrite, now - lastKept < Self.interval { return }
        try run.checkPresent()
        try run.writeMetrics(state.history)
        try TrainingCheckpoint(folder: run.checkpoint("last")).write(trainee, optimizer, state)
        // Only now: a run that was killed before would still want them.
        try tidy(state.best)
        lastKept = now
    }

    /// Removes epochs that are not among the best.
    func tidy(_ best: BestEpochs) throws {
        let checkpoints = run.checkpoint("last").deletingLastPathComponent()
        for name in try FileManager.default.contentsOfDirectory(atPath: checkpoints.path) where name.hasPrefix(Self.prefix) {
            let epoch = Int(name.dropFirst(Self.prefix.count))
            guard let epoch, !best.holds(epoch) else { continue }
            try FileManager.default.removeItem(at: folder(epoch))
        }
    }

    func restore(_ epoch: Int, into trainee: Trainee) throws {
        try TrainingCheckpoint(folder: keepsSeveral ? folder(epoch) : run.checkpoint("best")).readWeights(into: trainee)
    }
}

/// Keeps the best weights in memory, for trainings that leave nothing behind.
final class CheckpointMemory: CheckpointStore {
    private var kept: [Int: [Tensor]] = [:]

    func keepWeights(_ trainee: Trainee, of epoch: Int, _ best: BestEpochs) throws {
        kept[epoch] = try trainee.entries.map { try $0.tensor.detached().cloned() }
    }

    func keepStep(_ trainee: Trainee, _ optimizer: any Optimizer, _ state: TrainingState) throws {}

    func keepEpoch(_ trainee: Trainee, _ optimizer: any Optimizer, _ state: TrainingState, mustWrite: Bool) throws {
        kept = kept.filter { state.best.holds($0.key) }
    }

    func restore(_ epoch: Int, into trainee: Trainee) throws {
        guard let weights = kept[epoch] else { throw BraidError(.internal, "epoch \(epoch) is not kept") }
        try withoutGradient { for (entry, value) in zip(trainee.entries, weights) { try entry.tensor.copyInPlace(from: value) } }
    }
}

/// Keeps the mean weights of certain epochs, whatever val says of them: for a training that is made again as another was.
final class CheckpointMean: CheckpointStore {
    private let epochs: Set<Int>
    private var mean: [Tensor] = []
    private var count = 0

    init(of epochs: [Int]) { self.epochs = Set(epochs) }

    func keepWeights(_ trainee: Trainee, of epoch: Int, _ best: BestEpochs) throws {}

    func keepStep(_ trainee: Trainee, _ optimizer: any Optimizer, _ state: TrainingState) throws {}

    func keepEpoch(_ trainee: Trainee, _ optimizer: any Optimizer, _ state: TrainingState, mustWrite: Bool) throws {
        guard epochs.contains(state.epoch) else { return }
        try trainee.averaged {
            mean = try withoutGradient {
                try count == 0
                    ? trainee.entries.map { try $0.tensor.detached().cloned() }
                    : WeightSoup.mean(mean, trainee.entries, count)
            }
        }
        count += 1
    }

    func restore(_ epoch: Int, into trainee: Trainee) throws { try restore(into: trainee) }

    /// Puts the mean into `trainee`.
    func restore(into trainee: Trainee) throws {
        try withoutGradient { for (entry, value) in zip(trainee.entries, mean) { try entry.tensor.copyInPlace(from: value) } }
    }
}
