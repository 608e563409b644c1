internal import Foundation
internal import Torch

/// One pass over the pairs of one embedding: a line of `contrastive.jsonl`.
struct PairRecord: Codable, Equatable {
    /// A modality, or `fused`.
    let embedding: String
    /// From 1.
    let epoch: Int
    /// Steps of this embedding so far.
    let step: Int
    /// Pairs of the pass.
    let pairs: Int
    /// The mean loss of its pairs.
    let loss: Double
    /// The factor of the schedule at the last step.
    let rateFactor: Double
    let seconds: Double

    private enum CodingKeys: String, CodingKey {
        case embedding, epoch, step, pairs, loss, seconds
        case rateFactor = "rate_factor"
    }
}

/// Where the training by pairs stands.
struct PairState: SavedState {
    /// Embeddings that are trained, by name; their weights are written.
    var done: [String] = []
    /// Steps that are done of the embedding at hand.
    var step = 0
    /// The losses of the pairs of the pass at hand, added up.
    var lossSum = 0.0
    var history: [PairRecord] = []
    /// How many values of encoders are trained, of all embeddings.
    var trained = 0
    /// What it was reached on: going on with other data would be another training.
    let manifestSHA256: String
    let targets: [TargetRecord]
}

/// Writes and reads `checkpoints/contrastive/last`.
struct PairCheckpoint {
    let folder: URL

    private static let generatorKey = "generator"
    private var weights: URL { folder.appendingPathComponent("weights.safetensors") }
    private var optimizerFile: URL { folder.appendingPathComponent("optimizer.safetensors") }
    private var stateFile: URL { folder.appendingPathComponent("state.json") }

    /// Writes where an embedding's training stands, beside the old checkpoint, and then puts it in its place.
    func write(_ entries: [ParameterStore.Entry], _ optimizer: any Optimizer, _ state: PairState) throws {
        try ReplacedFolder(folder).write { url in
            let fresh = PairCheckpoint(folder: url)
            try SafetensorsWriter.write(entries.map { ($0.path, $0.tensor) }, to: fresh.weights)
            try SafetensorsWriter.write(
                optimizer.state() + [(Self.generatorKey, try Generator.state())], to: fresh.optimizerFile)
            try AtomicFile.write(JSONEncoder().encode(state), to: fresh.stateFile)
        }
    }

    /// Writes that an embedding is trained: its weights lie elsewhere, and the next one begins anew.
    func write(_ state: PairState) throws {
        try ReplacedFolder(folder).write { url in
            try AtomicFile.write(JSONEncoder().encode(state), to: PairCheckpoint(folder: url).stateFile)
        }
    }

    /// Where the training stands; nil where nothing was written.
    ///
    /// - Throws: `BraidError` where it is damaged, or of other data.
    func readState(manifestSHA256: String, targets: [Target]) throws -> PairState? {
        try PairState.read(stateFile, in: folder, manifestSHA256: manifestSHA256, targets: targets)
    }

    /// Puts back what a step left: weights, optimizer, and libtorch's generator.
    func restore(_ entries: [ParameterStore.Entry], _ optimizer: any Optimizer) throws {
        let file = try SafetensorsFile(weights)
        let known = Dictionary(uniqueKeysWithValues: entries.map { ($0.path, $0.tensor) })
        guard known.mapValues(\.shape) == file.entries.mapValues(\.shape) else {
            throw BraidError(.badData, "\(weights.path): the checkpoint is of another model than the configuration describes")
        }
        let moments = try SafetensorsFile(optimizerFile)
        try withoutGradient {
            for (path, tensor) in known { try tensor.copyInPlace(from: file.tensor(path)) }
            try optimizer.restore(moments)
        }
        try Generator.restore(moments.tensor(Self.generatorKey))
    }
}
