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
    let configuration: Configuration
    let manifest: Manifest
    let targets: [Target]
    /// SHA-256 of the manifest.
    let fingerprint: String
    let device: Device
    let reporter: any Reporter

    private var trains: [Modality: Trainable] { configuration.modalities.mapValues(\.train) }
    var phases: [TrainingPhase] { configuration.training.phases(trains) }

    /// Loads the encoders as the phase trains them, embeds what is frozen, and takes over what `earlier` has trained.
    func prepare(_ phase: TrainingPhase, after earlier: Trainee?) throws -> PreparedPhase {
        let started = Date()
        if phases.count > 1 { reporter.note("epochs \(phase.epochs.lowerBound + 1) to \(phase.epochs.upperBound): \(phase.name)") }
        let model = try configuration.model(makeEncoders(phase), targets, manifestSHA256: fingerprint, device: device)
        let extractor = try EmbeddingExtractor(
            manifest: manifest.url, onBadSample: configuration.onBadSample, reporter: reporter,
            cache: configuration.embeddingCache())
        // All splits in one go, so that one error lists the bad samples of all of them.
        let data = try SplitData(
            BatchSource(
                manifest.samples, Array(model.encoders.values), tokens: model.tokenBudget, extractor, device: device))
        let embedded = Date()
        let context = TrainingContext(model: model, train: data.train, val: data.val, device: device, reporter: reporter)
        let trainee = Trainee(
            model: model, plugins: try TrainingPlugins(configuration.training, context), everTrained: trains)
        if let earlier { try trainee.take(from: earlier) }
        return PreparedPhase(
            phase: phase, trainee: trainee, optimizer: try trainee.optimizer(configuration.training), data: data,
            embeddingSeconds: embedded.timeIntervalSince(started))
    }

    /// A new model on frozen encoders, and what they make of the samples.
    func prepareFrozen() throws -> (model: FusionModel, data: SplitData, seconds: Double) {
        let started = Date()
        let phase = TrainingPhase(name: "all at once", epochs: 0..<1, trains: [:])
        let model = try configuration.model(makeEncoders(phase), targets, manifestSHA256: fingerprint, device: device)
        let extractor = try EmbeddingExtractor(
            manifest: manifest.url, onBadSample: configuration.onBadSample, reporter: reporter,
            cache: configuration.embeddingCache())
        let data = try SplitData(
            BatchSource(
                manifest.samples, Array(model.encoders.values), tokens: model.tokenBudget, extractor, device: device))
        return (model, data, Date().timeIntervalSince(started))
    }

    private func makeEncoders(_ phase: TrainingPhase) throws -> [ModalityEncoder] {
        try configuration.modalities.sorted { $0.key < $1.key }.map { modality, asked in
            let settings = EncoderSettings(
                encoder: asked.encoder, weights: asked.weights, train: phase.trains[modality] ?? .none, options: asked.options)
            let encoder = try ModalityEncoder(
                modality, settings, relativeTo: configuration.folder, device: device, reporter: reporter)
            let loaded = encoder.report?.summary ?? "initialised at random"
            reporter.note("\(modality): \(encoder.architecture), \(encoder.name), train: \(settings.train.text): \(loaded)")
            return encoder
        }
    }
}

extension TrainingCheckpoint {
    /// Puts back what was saved: weights and plugins, and where the phase had begun already, its optimizer and the generator.
    func restore(_ part: PreparedPhase, _ state: TrainingState) throws {
        try readWeights(into: part.trainee)
        try part.trainee.plugins.restore(state.plugins)
        if state.epoch > part.phase.epochs.lowerBound { try readOptimizer(part.optimizer) }
    }
}

extension Configuration {
    /// A new model, random but for its encoders.
    func model(
        _ encoders: [ModalityEncoder], _ targets: [Target], manifestSHA256: String, device: Device
    ) throws -> FusionModel {
        try FusionModel(
            encoders: encoders, targets: targets, settings: modelSettings(manifestSHA256: manifestSHA256),
            parameters: ParameterStore(device: device))
    }
}
