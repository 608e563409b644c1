internal import Foundation
internal import Torch

/// What a phase of a training needs: the model with its encoders frozen or not, the samples behind it, and the optimizer.
struct PreparedPhase {
    let phase: TrainingPhase
    let trainee: Trainee
    let optimizer: any Optimizer
    let data: SplitData
    /// What loading encoders and embedding took.
    let embeddingSeconds: Double
}

/// Makes the phases of a training ready, one after the other.
struct PhasePreparation {
    /// What is trained: of `auto`, the fusion that was chosen.
    var configuration: Configuration
    /// The same as it was given.
    let asked: Configuration
    let manifest: Manifest
    let targets: [Target]
    /// SHA-256 of the manifest.
    let fingerprint: String
    /// The target domain to adapt to; nil where there is none.
    let domain: AdaptationTarget?
    let device: Device
    let reporter: any Reporter
    /// In their order.
    private(set) var phases: [TrainingPhase]
    /// What frozen encoders make of all samples, where it was asked for before.
    private var frozen: FrozenSamples?
    /// What fusion and heads begin with.
    private var beginning: InitialValues
    /// The model that the training goes on from; nil where it begins anew.
    private let origin: EarlierModel?

    init(
        _ configuration: Configuration, _ manifest: Manifest, _ targets: [Target], fingerprint: String, device: Device,
        reporter: any Reporter, continuing continuation: Continuation? = nil
    ) throws {
        (origin, beginning) = (continuation?.earlier, try continuation?.initialValues(targets) ?? .none)
        (self.configuration, asked, self.manifest, self.targets) = (configuration, configuration, manifest, targets)
        (self.fingerprint, self.device, self.reporter) = (fingerprint, device, reporter)
        try configuration.checkSentences(targets, reporter: reporter)
        phases = try configuration.phases(reporter)
        domain = try AdaptationTarget(configuration, reporter: reporter)
    }

    private var trains: [Modality: Trainable] { configuration.modalities.mapValues(\.train) }

    /// Goes on with encoders that pairs have trained.
    mutating func take(_ tuned: PairTraining.Outcome) throws {
        (configuration, beginning, frozen) = (tuned.configuration, InitialValues(part: tuned.fusion), nil)
        phases = try configuration.phases(reporter)
    }

    /// Pooled embeddings of all samples by frozen encoders; made once.
    mutating func embedFrozen() throws -> FrozenSamples {
        if let frozen { return frozen }
        let fresh = try embed(trains: [:], tokens: nil)
        frozen = fresh
        return fresh
    }

    /// The same with as many tokens as a fusion asks for.
    mutating func embedFrozen(tokens: Int?) throws -> FrozenSamples {
        try tokens == nil ? embedFrozen() : embed(trains: [:], tokens: tokens)
    }

    /// The samples behind encoders that are trained as said: embedded where they are frozen, all splits in one go, so that one error lists
    /// the bad samples of all of them.
    ///
    /// - Parameters:
    ///   - trains: How much of each encoder is trained; nothing of those that are not named.
    ///   - tokens: The most tokens of a sample and modality to keep; nil for pooled embeddings alone.
    ///   - earlier: The phases before.
    func embed(
        trains: [Modality: Trainable], tokens: Int?, after earlier: [TrainingPhase] = []
    ) throws -> FrozenSamples {
        let started = ContinuousClock.now
        // Weights and adapters that are drawn are the same in every phase, whether the one before ran just now or in an earlier process.
        try Generator.seed(UInt64(configuration.training.seed))
        let encoders = try makeEncoders(trains)
        // What asks for more than it may is refused before anything is embedded for it.
        if !configuration.fusion.kind.isAutomatic {
            _ = try FusionModel(
                encoders: encoders, targets: targets, settings: configuration.modelSettings(manifestSHA256: fingerprint),
                parameters: .outline())
        }
        let settings = configuration.training
        var prefixes: [Modality: FrozenPrefix] = [:]
        for encoder in encoders where settings.mixing.isEmpty || encoder.modality.kind.presentation != .picture {
            prefixes[encoder.modality] = try FrozenPrefix(
                encoder, after: earlier.compactMap { $0.trains[encoder.modality] }, settings.activations,
                isShared: configuration.cachesEmbeddings)
        }
        let extractor = try EmbeddingExtractor(
            manifest: manifest.url, onBadSample: configuration.onBadSample, reporter: reporter,
            cache: configuration.embeddingCache())
        let source = try BatchSource(
            manifest.samples, encoders, tokens: tokens, extractor, device: device, prefixes: prefixes)
        var target: BatchSource?
        if let domain {
            let extractor = try EmbeddingExtractor(
                manifest: domain.manifest.url, onBadSample: configuration.onBadSample, reporter: reporter,
                cache: configuration.embeddingCache())
            target = try BatchSource(
                domain.manifest.samples, encoders, tokens: tokens, extractor, device: device, prefixes: prefixes)
        }
        return FrozenSamples(
            encoders: encoders, source: source, target: target, seconds: (ContinuousClock.now - started) / .seconds(1))
    }

    /// A new model on frozen encoders, and what they make of the samples.
    mutating func prepareFrozen() throws -> (model: FusionModel, data: SplitData, seconds: Double) {
        let samples = try embedFrozen()
        let model = try configuration.model(samples.encoders, targets, manifestSHA256: fingerprint, device: device)
        if let origin { try model.addToSums(of: origin, configuration.training) }
        let data = try configuration.adapted(split(samples)) { try silentlyTrained(samples.encoders, $0) }
        return (model, data, samples.seconds)
    }

    /// The samples by split, and those of the target to adapt to.
    func split(_ samples: FrozenSamples) throws -> SplitData {
        var data = try SplitData(samples.source)
        if let domain, let target = samples.target { data.target = try target.subset(domain.adapting(target.samples)) }
        return data
    }

    /// A model that a method of adaptation asks about the target.
    private func silentlyTrained(_ encoders: [ModalityEncoder], _ data: SplitData) throws -> FusionModel {
        let silent = try configuration.silent(seed: configuration.training.seed)
        return try Generator.own(seed: UInt64(configuration.training.seed), on: device) {
            let model = try silent.model(encoders, targets, manifestSHA256: "", device: device)
            return try SilentTraining(silent, model, data, device: device).model
        }
    }

    /// Loads the encoders as the phase trains them, embeds what is frozen, and takes over what `earlier` has trained.
    func prepare(_ phase: TrainingPhase, after earlier: Trainee?) throws -> PreparedPhase {
        if phases.count > 1 { reporter.note("epochs \(phase.epochs.lowerBound + 1) to \(phase.epochs.upperBound): \(phase.name)") }
        let tokens = configuration.fusion.tokens
        let isFrozen = phase.trains.values.allSatisfy { $0 == .none }
        let samples =
            try isFrozen && tokens == nil
            ? frozen ?? embed(trains: [:], tokens: nil)
            : embed(trains: phase.trains, tokens: tokens, after: Array(phases.prefix { $0 != phase }))
        let model = try configuration.model(samples.encoders, targets, manifestSHA256: fingerprint, device: device)
        try beginning.give(to: model.parameters)
        var data = try configuration.adapted(split(samples)) { try silentlyTrained(samples.encoders, $0) }
        let context = TrainingContext(configuration, model, data, device: device, reporter: reporter, earlier: origin)
        // What an earlier phase has trained comes in before the average begins.
        var trainee = try Trainee(
            model: model, plugins: try TrainingPlugins(configuration.training, context), everTrained: trains)
        if let earlier { try trainee.take(from: earlier) }
        data.val = try trainee.plugins.all.reduce(data.val) { try $1.plugin.judging($0) }
        trainee = try Trainee(
            model: model, plugins: trainee.plugins, everTrained: trains, averaging: configuration.training.averageDecay)
        return PreparedPhase(
            phase: phase, trainee: trainee, optimizer: try trainee.optimizer(configuration.training, in: phase), data: data,
            embeddingSeconds: samples.seconds)
    }

    private func makeEncoders(_ trains: [Modality: Trainable]) throws -> [ModalityEncoder] {
        try configuration.modalities.sorted { $0.key < $1.key }.map { modality, asked in
            let settings = asked.with(train: trains[modality] ?? Trainable.none)
            let encoder = try ModalityEncoder(
                modality, settings, relativeTo: configuration.folder, device: device, reporter: reporter)
            let begun = encoder.report == nil && !encoder.isParameterless ? "initialised at random" : nil
            // That every key went where it belongs is nothing new.
            let odd = encoder.report.flatMap { $0.isComplete ? nil : $0.summary }
            let columns = encoder.frontEnd is TableFrontEnd ? encoder.frontEnd.summary : nil
            let remarks = [begun, odd, columns].compactMap { $0 }
            let remark = remarks.isEmpty ? "" : ": \(remarks.joined(separator: "; "))"
            reporter.note("\(modality): \(encoder.architecture), \(encoder.name), train: \(settings.train.text)\(remark)")
            return encoder
        }
    }
}

/// Encoders, and the samples as they see them.
struct FrozenSamples {
    let encoders: [ModalityEncoder]
    let source: BatchSource
    /// The samples of a target domain, without labels; nil where there is none.
    var target: BatchSource?
    /// What loading and embedding took.
    let seconds: Double
}

extension TrainingCheckpoint {
    /// Puts back what was saved: weights and plugins, and where the phase had begun already, its optimizer and the generator.
    func restore(_ part: PreparedPhase, _ state: TrainingState) throws {
        try readWeights(into: part.trainee)
        try part.trainee.plugins.restore(state.plugins)
        if state.epoch > part.phase.epochs.lowerBound || state.pass != nil {
            try readOptimizer(part.optimizer, part.trainee.average)
        }
    }
}

extension Configuration {
    /// The phases of a training. Where there are several, encoders are built as they are trained most, so that what they cannot do shows before
    /// the first phase and not behind it.
    ///
    /// - Throws: `BraidError` where an encoder cannot be trained so, or unfreezing takes longer than there are epochs.
    func phases(_ reporter: any Reporter) throws -> [TrainingPhase] {
        guard training.phasePlan.hasSeveral else { return training.phasePlan.phases(blocks: [:]) }
        // Adapters and random weights draw from a generator of their own: the run's own stays where it is.
        let blocks = try Generator.own(seed: 0) {
            try Dictionary(
                uniqueKeysWithValues: modalities.filter { $0.value.train != .none }.map { modality, settings in
                    let encoder = try ModalityEncoder(modality, settings, relativeTo: folder, reporter: reporter)
                    return (modality, encoder.encoder.blocks.count)
                })
        }
        if let missing = training.phasePlan.missingEpochs(blocks: training.phasePlan.steps(blocks)) {
            throw BraidError(.badConfiguration, "training.unfreeze.every: \(missing)")
        }
        return training.phasePlan.phases(blocks: blocks)
    }

    /// A new model, random but for its encoders, and heads that begin with sentences of their classes.
    func model(
        _ encoders: [ModalityEncoder], _ targets: [Target], manifestSHA256: String, device: Device
    ) throws -> FusionModel {
        let model = try FusionModel(
            encoders: encoders, targets: targets, settings: modelSettings(manifestSHA256: manifestSHA256),
            parameters: ParameterStore(device: device))
        try model.beginWithSentences()
        return model
    }
}

extension TrainingContext {
    /// Of a training as a configuration says.
    init(
        _ configuration: Configuration, _ model: FusionModel, _ data: SplitData, device: Device, reporter: any Reporter,
        earlier: EarlierModel? = nil
    ) {
        self.init(
            model: model, train: data.train, val: data.val, device: device, reporter: reporter, earlier: earlier,
            target: data.target, precision: configuration.training.precision, seed: configuration.training.seed)
    }
}
