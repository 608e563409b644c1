internal import Foundation
internal import Torch

/// Where a training stands: everything that the next step depends on.
struct TrainingState: SavedState {
    /// Epochs that are done.
    var epoch = 0
    /// Steps that are done, of all epochs.
    var step = 0
    /// SplitMix64's state at the epoch's beginning: the order of its samples, and then hidden modalities.
    var random: UInt64
    /// How far the epoch at hand is; nil between two epochs.
    var pass: EpochPass?
    var best = BestEpochs()
    var history: [EpochRecord] = []
    /// What the state was reached on: going on with other data would be another training.
    var manifestSHA256: String
    var targets: [TargetRecord]
    /// What plugins need to go on, by name.
    var plugins: [String: Data] = [:]

    /// The number of the best epoch, from 1; 0: none is done.
    var bestEpoch: Int { best.first?.epoch ?? 0 }

    init(_ settings: TrainingSettings, _ targets: [Target], manifestSHA256: String) {
        random = UInt64(settings.seed)
        self.manifestSHA256 = manifestSHA256
        self.targets = targets.map(TargetRecord.init)
    }
}

/// How far an epoch is.
struct EpochPass: Codable {
    /// Steps that are done.
    var steps = 0
    /// SplitMix64's state behind them.
    var random: UInt64
    /// The losses of the samples so far, added up.
    var lossSum = 0.0
    /// Steps whose gradients were not finite, and which changed nothing; nil in checkpoints of older versions.
    var skipped: Int?
    /// How many of them came one after the other at the end.
    var skippedInARow: Int?
}

/// Writes and reads one of the folders of `checkpoints`: `last`, `best`, `epoch-N`, `start`.
struct TrainingCheckpoint {
    let folder: URL

    private var weights: URL { folder.appendingPathComponent("weights.safetensors") }
    private var optimizerFile: URL { folder.appendingPathComponent("optimizer.safetensors") }
    private var stateFile: URL { folder.appendingPathComponent("state.json") }
    private static let generatorKey = "generator"

    /// Only what training changes is written: frozen encoders are in their own files already.
    func writeWeights(_ trainee: Trainee) throws {
        try FileFault.makeFolder(folder)
        try SafetensorsWriter.write(trainee.entries.map { ($0.path, $0.tensor) }, to: weights)
    }

    /// Writes a whole checkpoint beside the old one and then puts it in its place, so that one of them is always whole.
    func write(_ trainee: Trainee, _ optimizer: any Optimizer, _ state: TrainingState) throws {
        try ReplacedFolder(folder).write { url in
            let fresh = TrainingCheckpoint(folder: url)
            try fresh.writeWeights(trainee)
            try SafetensorsWriter.write(
                try optimizer.state() + (trainee.average?.state() ?? []) + [(Self.generatorKey, try Generator.state())],
                to: fresh.optimizerFile)
            try AtomicFile.write(JSONEncoder().encode(state), to: fresh.stateFile)
        }
    }

    func readWeights(into trainee: Trainee) throws {
        let file = try SafetensorsFile(weights)
        // A phase that trains the heads alone has no adapters yet: they are as they began.
        let young = trainee.entries.filter { $0.role == .adapter && file.entries[$0.path] == nil }
        let known = Dictionary(
            uniqueKeysWithValues: trainee.entries.filter { entry in !young.contains { $0.path == entry.path } }
                .map { ($0.path, $0.tensor) })
        guard known.mapValues(\.shape) == file.entries.mapValues(\.shape) else {
            throw BraidError(.badData, "\(weights.path): the checkpoint is of another model than the configuration describes")
        }
        if !young.isEmpty { for encoder in trainee.model.encoders.values { try encoder.resetAdapters() } }
        try withoutGradient { for (path, tensor) in known { try file.copy(path, over: tensor) } }
    }

    /// Where the training stands; nil where no epoch was finished.
    ///
    /// - Throws: `BraidError` where it is damaged, or of other data.
    func readState(manifestSHA256: String, targets: [Target]) throws -> TrainingState? {
        try TrainingState.read(stateFile, in: folder, manifestSHA256: manifestSHA256, targets: targets)
    }

    /// Puts back what a step of the same phase left: the optimizer, the average, and libtorch's generator.
    func readOptimizer(_ optimizer: any Optimizer, _ average: WeightAverage?) throws {
        let file = try SafetensorsFile(optimizerFile)
        try withoutGradient { try optimizer.restore(file) }
        try average?.restore(file)
        try Generator.restore(file.tensor(Self.generatorKey))
    }
}
