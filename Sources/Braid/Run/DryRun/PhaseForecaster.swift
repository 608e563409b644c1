internal import Foundation
internal import Torch

/// Makes forecasts of phases, one after the other, of what was measured on a few samples.
struct PhaseForecaster {
    let configuration: Configuration
    /// All of them.
    let samples: [Sample]
    let device: Device
    /// Bytes of the process before anything was loaded.
    let process: Int
    /// Encoders whose embeddings an earlier phase has left in the cache.
    private var embedded: Set<Modality> = []
    /// By modality, how many of the samples looked at were in the cache.
    private var cached: [Modality: (found: Int, of: Int)] = [:]
    /// Of the phase before.
    private var valSeconds = 0.0

    init(configuration: Configuration, samples: [Sample], device: Device, process: Int) {
        (self.configuration, self.samples, self.device, self.process) = (configuration, samples, device, process)
    }

    private func count(_ split: Split) -> Int { samples.count { $0.split == split } }

    mutating func forecast(_ phase: TrainingPhase, _ preparation: PhasePreparation) throws -> TrainingForecast.Phase {
        let settings = configuration.training
        let start = ContinuousClock.now
        let resident = ResidentMemory()
        let part = try resident.rise { try preparation.prepare(phase, after: nil) }.result
        let whole = (ContinuousClock.now - start) / .seconds(1)
        let trial = try PhaseTrial(part, settings, device: device, counts: (count(.train), count(.val)), resident)
        let model = part.trainee.model
        let reading = try reading(model, preparation.manifest, resident)
        // What is left of it is loading.
        let preparing = max(0, whole - reading.tried) + reading.all
        let stepSize = settings.batchSize * settings.accumulation
        let steps = (count(.train) + stepSize - 1) / stepSize
        valSeconds = trial.validation
        let written = settings.checkpoint.steps > 0 ? steps / settings.checkpoint.steps : 0
        let epochEnd =
            trial.validation * Double(count(.val)) + trial.methods + trial.checkpoint.best
            + trial.checkpoint.last * Double(written + 1)
        let epochs = Double(phase.epochs.count)
        let peak = phase.learningRate ?? settings.learningRate
        return TrainingForecast.Phase(
            name: phase.name, firstEpoch: phase.epochs.lowerBound + 1, lastEpoch: phase.epochs.upperBound, stepsPerEpoch: steps,
            parts: parts(part.trainee),
            groups: part.optimizer.groups.map { group in
                .init(
                    name: group.name, values: group.parameters.reduce(0) { $0 + $1.tensor.count },
                    learningRate: group.learningRateScale * peak, weightDecay: group.weightDecay)
            },
            memory: memory(part, trial, preparation: device == .cpu ? reading.bytes : nil, tried: resident.highest),
            seconds: .init(
                preparation: preparing, step: trial.step, epochEnd: epochEnd,
                total: preparing + epochs * (Double(steps) * trial.step + epochEnd)))
    }

    /// Seconds that frozen encoders take for all samples that are not in the cache, and that reading the media of the others takes; and what they
    /// took for the few.
    private mutating func reading(
        _ model: FusionModel, _ tried: Manifest, _ resident: ResidentMemory
    ) throws -> (tried: Double, all: Double, bytes: Int?) {
        let extractor = EmbeddingExtractor(manifest: tried.url, onBadSample: configuration.onBadSample, reportsPrecision: false)
        var (spent, expected, highest) = (0.0, 0.0, Int?.some(0))
        for modality in model.modalities {
            guard let encoder = model.encoders[modality] else { continue }
            let some = tried.samples.filter { $0.has(modality) }
            guard !some.isEmpty else { continue }
            let (own, rise) = try resident.rise {
                try PhaseTrial.seconds {
                    _ = try BatchSource(some, [encoder], tokens: configuration.fusion.tokens, extractor, device: device)
                }
            }
            highest = highest.flatMap { highest in rise.map { max(highest, $0) } }
            let all = Double(samples.count { $0.has(modality) })
            let share = encoder.isFrozen ? try missingShare(encoder) : 1
            spent += own
            expected += own / Double(some.count) * all * share
        }
        return (spent, expected, highest)
    }

    /// How much of the embeddings is still to be made.
    private mutating func missingShare(_ encoder: ModalityEncoder) throws -> Double {
        let modality = encoder.modality
        guard let shard = try configuration.embeddingCache()?.shard(for: encoder, tokens: configuration.fusion.tokens) else {
            return 1
        }
        guard embedded.insert(modality).inserted else { return 0 }
        let present = samples.filter { $0.has(modality) }
        let looked = stride(from: 0, to: present.count, by: max(1, present.count / 100)).map { present[$0] }
        let found = looked.count { sample in shard.key(sample).map(shard.holds) ?? false }
        cached[modality] = (found, looked.count)
        return 1 - Double(found) / Double(max(1, looked.count))
    }

    private func memory(
        _ part: PreparedPhase, _ trial: PhaseTrial, preparation: Int?, tried: Int?
    ) -> TrainingForecast.Memory {
        let model = part.trainee.model
        let entries = model.parameters.entries + model.encoders.values.flatMap(\.parameters.entries) + part.trainee.plugins.entries
        let trained = part.optimizer.parameters.reduce(0) { $0 + $1.tensor.count * 4 }
        let rows = model.encoders.values.filter(\.isFrozen).reduce(0) { sum, encoder in
            let tokens = (configuration.fusion.tokens ?? 0) * encoder.encoder.tokenDimension
            return sum + samples.count * (encoder.encoder.dimension + tokens) * 4
        }
        return TrainingForecast.Memory(
            process: process, weights: entries.reduce(0) { $0 + $1.tensor.count * $1.tensor.dtype.size }, gradients: trained,
            optimizer: trial.optimizer, average: part.trainee.average == nil ? 0 : trained, embeddings: rows,
            activations: trial.activations, preparation: preparation, tried: tried)
    }

    private func parts(_ trainee: Trainee) -> [TrainingForecast.Part] {
        let model = trainee.model
        let size = { (entries: [ParameterStore.Entry]) in entries.reduce(0) { $0 + $1.tensor.count } }
        let encoders = model.modalities.compactMap { modality in
            model.encoders[modality].map { encoder in
                let trained = size(encoder.entries(of: encoder.trainable).filter { $0.kind == .parameter })
                return TrainingForecast.Part(
                    name: "\(modality) encoder", train: encoder.trainable.text, trained: trained,
                    frozen: size(encoder.parameters.entries) - trained)
            }
        }
        let others = [("fusion", "fusion."), ("heads", "head.")].map { name, prefix in
            let own = model.parameters.entries.filter { $0.path.hasPrefix(prefix) }
            let trained = size(own.filter { $0.kind == .parameter })
            return TrainingForecast.Part(
                name: name, train: trained > 0 ? "all" : "none", trained: trained, frozen: size(own) - trained)
        }
        let own = size(trainee.plugins.entries.filter { $0.kind == .parameter })
        let methods = own > 0 ? [TrainingForecast.Part(name: "methods", train: "all", trained: own, frozen: 0)] : []
        return encoders + others.filter { $0.trained + $0.frozen > 0 } + methods
    }

    /// Seconds behind the last epoch: val is judged for averages, the votes and the temperatures, and test at last.
    var afterwards: Double {
        let averaging = configuration.training.averaging
        let curve = averaging.interpolation == nil ? 0 : 11
        let soup = averaging.soup == .none ? 0 : averaging.soup == .greedy ? averaging.best : 2
        return valSeconds * Double((2 + soup + curve) * count(.val) + (1 + curve) * count(.test))
    }

    /// How the figures came about.
    var basis: [String] {
        let settings = configuration.training
        var lines = [
            "These are estimates. Time: two real steps of each phase behind a first one, on the first \(min(settings.batchSize, count(.train))) train samples of the training's own order, times the steps; embedding, reading, judging val and what methods do behind an epoch (training.monitor) by their rate on these and up to \(settings.batchSize) val samples; checkpoints as they were written into the folder for temporary files.",
            device == .cpu
                ? "Memory: weights, gradients, moments and embeddings are counted; activations are what resident memory rose by in a step, less the gradients, or in judging val or watching modalities, in proportion to their batches of 512 and 256, whichever is most. Where the trial itself came to more, for a process keeps freed memory, that is what is expected."
                : "Memory: weights, gradients, moments and embeddings are counted, activations are not: on \(device) they are not measured.",
        ]
        for (modality, share) in cached.sorted(by: { $0.key < $1.key }) {
            lines.append(
                "\(modality): \(share.found) of \(share.of) samples looked at are in the cache of embeddings, and cost nothing.")
        }
        if settings.patience > 0 { lines.append("Early stopping may end the last phase sooner.") }
        if configuration.evaluation.folds > 0 {
            lines.append("Cross-validation (evaluation.folds) comes on top, and is not in these figures.")
        }
        return lines
    }
}
