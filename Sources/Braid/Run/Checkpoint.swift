internal import Foundation
internal import Torch

/// Where a training stands after an epoch: everything that the next epoch depends on.
struct TrainingState: Codable {
    var epoch = 0
    var step = 0
    /// SplitMix64's state: order of samples and hidden modalities.
    var random: UInt64
    var bestEpoch = 0
    var bestValue: Double?
    var history: [EpochRecord] = []
    var secondsBefore = 0.0
}

/// Writes and reads `checkpoints/last` and `checkpoints/best`.
struct Checkpoint {
    let folder: URL

    private var weights: URL { folder.appendingPathComponent("weights.safetensors") }
    private var optimizerFile: URL { folder.appendingPathComponent("optimizer.safetensors") }
    private var stateFile: URL { folder.appendingPathComponent("state.json") }
    private static let generatorKey = "generator"

    /// Only what training changes is written: frozen encoders are in their own files already.
    func writeWeights(_ model: FusionModel) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try SafetensorsWriter.write(model.trainedEntries.map { ($0.path, $0.tensor) }, to: weights)
    }

    /// Writes a whole checkpoint beside the old one and then puts it in its place, so that one of them is always whole.
    func write(_ model: FusionModel, _ optimizer: any Optimizer, _ state: TrainingState) throws {
        let fresh = Checkpoint(folder: folder.deletingLastPathComponent().appendingPathComponent(".\(folder.lastPathComponent).new"))
        let files = FileManager.default
        try? files.removeItem(at: fresh.folder)
        try fresh.writeWeights(model)
        try SafetensorsWriter.write(try optimizer.state() + [(Self.generatorKey, try Generator.state())], to: fresh.optimizerFile)
        try AtomicFile.write(JSONEncoder().encode(state), to: fresh.stateFile)
        if files.fileExists(atPath: folder.path) { try files.removeItem(at: folder) }
        try files.moveItem(at: fresh.folder, to: folder)
    }

    func readWeights(into model: FusionModel) throws {
        let file = try SafetensorsFile(weights)
        let known = Dictionary(uniqueKeysWithValues: model.trainedEntries.map { ($0.path, $0.tensor) })
        guard Set(known.keys) == Set(file.entries.keys) else {
            throw BraidError(.badData, "\(weights.path): the checkpoint is of another model than the configuration describes")
        }
        try withoutGradient { for (path, tensor) in known { try tensor.copyInPlace(from: file.tensor(path)) } }
    }

    func read(into model: FusionModel, _ optimizer: any Optimizer) throws -> TrainingState {
        guard FileManager.default.fileExists(atPath: stateFile.path) else {
            throw BraidError(.noInput, "\(folder.path): there is no checkpoint to resume from")
        }
        try readWeights(into: model)
        let file = try SafetensorsFile(optimizerFile)
        try withoutGradient { try optimizer.restore(file) }
        try Generator.restore(file.tensor(Self.generatorKey))
        return try JSONDecoder().decode(TrainingState.self, from: Data(contentsOf: stateFile))
    }
}
