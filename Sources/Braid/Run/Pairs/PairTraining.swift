internal import Foundation
internal import Torch

/// Training of encoders by pairs of samples, before fusion and heads are made on what they give.
///
/// Each embedding's tuned weights are a folder of `checkpoints/contrastive`, which the rest of the run takes as `weights`.
struct PairTraining {
    private let preparation: PhasePreparation
    private let contrastive: ContrastiveSettings
    private let run: RunFolder
    private let interruption: Interruption?
    private let checkpoint: PairCheckpoint

    /// What came of it.
    struct Outcome {
        /// What is left to train: with the tuned encoders, frozen.
        let configuration: Configuration
        /// What the fusion begins with, by path; empty where pairs have not trained it.
        let fusion: [String: Tensor]
        /// How many values of encoders pairs have changed.
        let trained: Int
        let seconds: Double
    }

    /// nil where the configuration asks for none.
    init?(_ preparation: PhasePreparation, run: RunFolder, interruption: Interruption?) {
        guard let contrastive = preparation.configuration.training.contrastive else { return nil }
        (self.preparation, self.contrastive, self.run, self.interruption) = (preparation, contrastive, run, interruption)
        checkpoint = PairCheckpoint(folder: run.checkpoint("contrastive/last"))
    }

    private var configuration: Configuration { preparation.configuration }
    private var trains: [Modality: Trainable] { configuration.modalities.mapValues(\.train) }
    private var fusionFile: URL { run.checkpoint("contrastive/fusion.safetensors") }
    private func folder(_ modality: Modality) -> URL { run.checkpoint("contrastive/\(modality)") }

    /// Whose embeddings are compared, one after the other.
    private var parts: [String] {
        contrastive.embedding == .fused
            ? ["fused"] : trains.filter { $0.value != .none }.keys.sorted().map(\.rawValue)
    }

    /// Trains, or goes on with what an interrupted run left; leaves libtorch's generator as it finds it at the beginning of a run.
    func callAsFunction(resume: Bool) throws -> Outcome {
        let started = ContinuousClock.now
        let saved = resume ? try checkpoint.readState(manifestSHA256: preparation.fingerprint, targets: preparation.targets) : nil
        var state =
            saved ?? PairState(manifestSHA256: preparation.fingerprint, targets: preparation.targets.map(TargetRecord.init))
        if !parts.allSatisfy(state.done.contains) { try train(&state) }
        try Generator.seed(UInt64(configuration.training.seed))
        // Random encoders that are frozen would be drawn anew.
        let written = configuration.modalities.filter { $0.value.train != .none || $0.value.weights == "random" }.keys
        let fusion = contrastive.embedding == .fused ? try SafetensorsFile(fusionFile) : nil
        return Outcome(
            configuration: try configuration.tuned(
                Dictionary(uniqueKeysWithValues: written.map { ($0, folder($0)) })),
            fusion: try fusion.map { file in
                Dictionary(uniqueKeysWithValues: try file.entries.keys.map { ($0, try file.tensor($0)) })
            } ?? [:], trained: state.trained, seconds: (ContinuousClock.now - started) / .seconds(1))
    }

    private func train(_ state: inout PairState) throws {
        try Generator.seed(UInt64(configuration.training.seed))
        let isFused = contrastive.embedding == .fused
        let samples = try preparation.embed(trains: trains, tokens: isFused ? configuration.fusion.tokens : nil)
        let model = try configuration.model(
            samples.encoders, preparation.targets, manifestSHA256: preparation.fingerprint, device: preparation.device)
        let trainee = try Trainee(model: model, plugins: TrainingPlugins(), everTrained: trains)
        for encoder in samples.encoders where encoder.weights == nil && encoder.isFrozen { try write(encoder) }
        state.trained = trainee.entries.filter { $0.path.hasPrefix("encoders.") && $0.kind == .parameter }
            .reduce(0) { $0 + $1.tensor.count }
        for part in parts where !state.done.contains(part) {
            let modality = isFused ? nil : configuration.modalities.keys.named(part)
            try train(part, try pairedSamples(samples.source, modality), trainee, &state)
            for encoder in samples.encoders where !encoder.isFrozen && (isFused || encoder.modality == modality) {
                try write(encoder)
            }
            if isFused {
                let fusion = model.parameters.entries.filter { $0.path.hasPrefix("fusion.") }
                try SafetensorsWriter.write(fusion.map { ($0.path, $0.tensor) }, to: fusionFile)
            }
            state.done.append(part)
            (state.step, state.lossSum) = (0, 0)
            try checkpoint.write(state)
        }
    }

    /// The samples of the train split that have a label to go by, and the modality. What has no weight is not learnt from.
    private func pairedSamples(_ source: BatchSource, _ modality: Modality?) throws -> BatchSource {
        let target = try target()
        let rows = source.samples.indices.filter { row in
            let sample = source.samples[row]
            return sample.split == .train && sample.weight > 0 && sample.labels[target.column] != nil
                && (modality.map(sample.has) ?? true)
        }
        guard !rows.isEmpty else {
            throw BraidError(
                .badData,
                "\(source.name): no row of the train split has \(modality.map { "\($0) and " } ?? "")a label of \(target.name) to make pairs by"
            )
        }
        let chosen = try source.subset(rows)
        return try modality.map { try chosen.keeping([$0], hasTokens: false) } ?? chosen
    }

    private func target() throws -> Target {
        guard let target = preparation.targets.first(where: { $0.name == contrastive.head }) else {
            throw BraidError(.internal, "there is no head \(contrastive.head)")
        }
        return target
    }

    /// Trains one embedding.
    private func train(_ part: String, _ source: BatchSource, _ trainee: Trainee, _ state: inout PairState) throws {
        let settings = configuration.training
        let labels = try LabelledValues(source.samples, target(), source.name)
        let classes =
            labels.target.form == .flags
            ? labels.flags.map { flags in flags.indices.filter { flags[$0] } } : labels.indices.map { [$0] }
        guard classes.count <= PairList.most.samples else {
            throw BraidError(
                .badData,
                "training.contrastive: \(classes.count) samples to make pairs of, more than \(PairList.most.samples); with so many labels train without it, or give fewer rows"
            )
        }
        let limit = contrastive.maxSteps.map { $0.multipliedReportingOverflow(by: contrastive.batchSize) }
        let list = try PairList(
            PairTable(classes), contrastive.sampling, limit: limit.map { $0.overflow ? .max : $0.partialValue },
            seed: "\(settings.seed) \(part)")
        let prefix = contrastive.embedding == .fused ? "" : "encoders.\(part)."
        let entries = trainee.entries.filter { $0.path.hasPrefix(prefix) }
        let optimizer = try Trainee.optimizer(settings, trainee.groups(settings).compactMap { $0.keeping(prefix: prefix) })
        // The same draws, whatever was trained before.
        try Generator.seed(UInt64(settings.seed))
        if state.step > 0 { try checkpoint.restore(entries, optimizer) }
        let loop = PairLoop(
            name: part, pairs: list.pairs, settings: settings, contrastive: contrastive, optimizer: optimizer,
            device: preparation.device, reporter: preparation.reporter, interruption: interruption,
            embed: try embedder(part, source, trainee.model)
        ) { state in
            if !state.history.isEmpty { try run.write(state.history) }
            try checkpoint.write(entries, optimizer, state)
        }
        preparation.reporter.note(
            "\(part): \(list.alike) pairs that are alike and \(list.pairs.count - list.alike) that are not, of \(source.samples.count) samples; \(loop.totalSteps) steps"
        )
        let isOnEmbeddings = trainee.model.encoders.values.allSatisfy(\.isFrozen)
        func finish(_ state: inout PairState) throws {
            if isOnEmbeddings { try onOneThread { try loop.run(&state) } } else { try loop.run(&state) }
        }
        guard let interruption else { return try finish(&state) }
        try interruption.listening { try finish(&state) }
    }

    /// What makes the embeddings that are compared.
    private func embedder(
        _ part: String, _ source: BatchSource, _ model: FusionModel
    ) throws -> ([Int], TrainingDraw) throws -> Tensor {
        guard let modality = configuration.modalities.keys.named(part), contrastive.embedding == .modality else {
            return { rows, draw in try model(source.batch(rows, draw: draw), mode: .train).fused }
        }
        guard let encoder = model.encoders[modality] else { throw BraidError(.internal, "there is no \(modality) encoder") }
        return { rows, draw in
            switch try source.batch(rows, draw: draw).parts[0] {
            case .media(let prepared, _): return try encoder.encode(prepared, mode: .train).pooled
            case .activations(let known, let count, _):
                return try encoder.encode(activations: known, behind: count, mode: .train).pooled
            case .embeddings: throw BraidError(.internal, "the \(modality) encoder is frozen")
            }
        }
    }

    private func write(_ encoder: ModalityEncoder) throws {
        try ReplacedFolder(folder(encoder.modality)).write { try encoder.write(to: $0) }
    }
}

extension ParameterGroup {
    /// With those of its parameters whose path begins so; nil where none does.
    fileprivate func keeping(prefix: String) -> ParameterGroup? {
        let own = parameters.filter { $0.path.hasPrefix(prefix) }
        return own.isEmpty
            ? nil : ParameterGroup(name, own, learningRateScale: learningRateScale, weightDecay: weightDecay)
    }
}

extension RunFolder {
    /// `contrastive.jsonl`, a line a pass over pairs.
    fileprivate func write(_ history: [PairRecord]) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let lines = try history.map { try encoder.encode($0) + Data("\n".utf8) }
        try AtomicFile.write(lines.reduce(Data(), +), to: file("contrastive.jsonl"))
    }
}
