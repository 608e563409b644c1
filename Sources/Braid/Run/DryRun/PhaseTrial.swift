internal import Foundation
internal import Torch

/// A phase that was tried: a few real steps on a real batch.
struct PhaseTrial {
    /// Seconds of a step, all its batches together.
    let step: Double
    /// Seconds a val sample.
    let validation: Double
    /// Seconds that methods need behind an epoch's steps.
    let methods: Double
    /// Seconds of writing a checkpoint, and the best one's weights.
    let checkpoint: (last: Double, best: Double)
    /// Bytes that a step, or judging val, needs beyond weights, gradients and what the optimizer keeps; nil where it cannot be measured.
    let activations: Int?
    /// Bytes that the optimizer keeps.
    let optimizer: Int

    /// Tries it on the samples behind `part`, of which those to learn from make one batch.
    ///
    /// - Parameter counts: How many samples the whole train and val splits have.
    init(
        _ part: PreparedPhase, _ settings: TrainingSettings, device: Device, counts: (train: Int, val: Int),
        _ resident: ResidentMemory
    ) throws {
        let trainee = part.trainee
        let objective = try Objective(trainee.model, part.data.train, device: device)
        let take = { (isLast: Bool) in
            try Self.step(part, objective, settings, keepsGradients: !isLast)
        }
        // The first step makes what later ones find: moments, work space, prepared kernels.
        let first = try resident.rise { try Self.seconds { try take(false) } }.result
        optimizer = try part.optimizer.state().reduce(0) { $0 + $1.tensor.count * $1.tensor.dtype.size }
        try part.optimizer.clearGradients()
        let (second, rise) = try resident.rise { try Self.seconds { try take(true) } }
        let gradients = part.optimizer.parameters.reduce(0) { $0 + $1.tensor.count * 4 }
        let third = first < 20 ? try Self.seconds { try take(false) } : second
        step = (second + third) / 2 * Double(settings.accumulation)

        let val = part.data.val
        _ = try trainee.model.predict(val.subset(Array(val.samples.indices.prefix(1))))
        let (judging, valRise) = try resident.rise { try Self.seconds { _ = try trainee.model.predict(val) } }
        validation = judging / Double(val.samples.count)
        let isMeasured = device == .cpu
        // A step holds its gradients when memory is highest; val is judged in batches of up to 512, and watched in batches of 256.
        let valPeak = valRise.map { $0 * min(512, counts.val) / val.samples.count }
        let (spent, methodsRise) = try resident.rise {
            try Self.seconds { for (_, plugin) in trainee.plugins.all { _ = try plugin.afterEpoch(1) } }
        }
        let tried = part.data.train.samples.count
        methods = spent * Self.watched(counts) / Self.watched((tried, val.samples.count))
        checkpoint = try Self.checkpoint(part)
        let methodsPeak = methodsRise.map { $0 * min(256, max(counts.train, counts.val)) / max(tried, val.samples.count) }
        let peaks = [rise.map { $0 - gradients }, valPeak, methodsPeak].compactMap { $0 }
        activations = isMeasured && peaks.count == 3 ? max(0, peaks.max() ?? 0) : nil
    }

    private static func step(
        _ part: PreparedPhase, _ objective: Objective, _ settings: TrainingSettings, keepsGradients: Bool
    ) throws {
        let indices = Array(part.data.train.samples.indices.prefix(settings.batchSize))
        let draw = TrainingDraw(seed: settings.seed, epoch: part.phase.epochs.lowerBound, batch: 0, mixing: settings.mixing)
        let run = {
            try part.optimizer.clearGradients()
            let batch = try part.data.train.batch(indices, draw: draw)
            let (step, headLoss) = try part.trainee.step(batch, objective, settings.precision)
            let plugins = part.trainee.plugins.all.map(\.plugin)
            let loss = try plugins.reduce(headLoss) { try $1.loss($0, step) }
            try loss.backward()
            for plugin in plugins { try plugin.afterBackward(step) }
            if settings.clip > 0 { try part.optimizer.clipGradients(to: settings.clip) }
            // Weights stay: only what the step costs is of interest.
            try part.optimizer.step(learningRate: 0)
            try part.trainee.average?.update()
        }
        // As the loop does it.
        if part.trainee.model.encoders.values.allSatisfy(\.isFrozen) { try onOneThread(run) } else { try run() }
    }

    /// How many samples methods look at behind an epoch, at most.
    private static func watched(_ counts: (train: Int, val: Int)) -> Double {
        Double(min(counts.train, BalanceMonitor.samples) + min(counts.val, BalanceMonitor.samples))
    }

    /// What writing takes in the folder for temporary files, where nothing is left.
    private static func checkpoint(_ part: PreparedPhase) throws -> (last: Double, best: Double) {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("braid-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let weights = TrainingCheckpoint(folder: folder.appendingPathComponent("best"))
        let best = try seconds { try weights.writeWeights(part.trainee) }
        let last = try seconds {
            try SafetensorsWriter.write(part.optimizer.state(), to: folder.appendingPathComponent("optimizer.safetensors"))
        }
        return (best + last, best)
    }

    static func seconds(_ body: () throws -> Void) rethrows -> Double {
        let start = ContinuousClock.now
        try body()
        return (ContinuousClock.now - start) / .seconds(1)
    }
}
