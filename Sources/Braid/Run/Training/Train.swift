internal import Foundation
internal import Torch

/// Trains a fused classifier as a configuration asks, and leaves a run folder.
public struct Training {
    private let configuration: Configuration
    private let run: RunFolder
    private let reporter: any Reporter
    private let command: [String]
    private let afterEpoch: ((Int) throws -> Void)?

    /// - Parameters:
    ///   - command: What `run.json` records as having made the run.
    ///   - afterEpoch: Called with each epoch's number once its checkpoint is written; throwing ends the training there.
    public init(
        _ configuration: Configuration, into run: RunFolder, reporter: any Reporter = SilentReporter(), command: [String] = [],
        afterEpoch: ((Int) throws -> Void)? = nil
    ) {
        self.configuration = configuration
        self.run = run
        self.reporter = reporter
        self.command = command
        self.afterEpoch = afterEpoch
    }

    /// What came of a training.
    public struct Outcome {
        public let model: FusionModel
        /// Of the best checkpoint on the test split; nil where there is none.
        public let test: Predictions?
        public let history: [EpochRecord]
        public let bestEpoch: Int
        /// Left out because their media cannot be read.
        public let skipped: [BadSample]
    }

    /// - Parameter resume: Goes on from the run's last checkpoint.
    public func callAsFunction(resume: Bool = false) throws -> Outcome {
        let started = Date()
        let manifest = try Manifest.read(
            configuration.manifestURL, columns: configuration.columns, splits: configuration.splits,
            stratum: configuration.heads.stratum, onBadSample: configuration.onBadSample)
        let configuration = try self.configuration.fitting(manifest, reporter: reporter)
        let targets = try configuration.heads.map { try Target.fit($0, manifest.samples, file: manifest.url.lastPathComponent) }
        if resume { try checkSame(configuration) } else { try run.create() }

        // The model, its encoders with their weights, and the samples behind it.
        let device = try configuration.device.resolve()
        try Generator.seed(UInt64(configuration.training.seed))
        let fingerprint = try Fingerprint.of(manifest.url)
        let model = try Self.makeModel(
            configuration, Self.makeEncoders(configuration, device, reporter), targets, fingerprint, device)
        let extractor = try EmbeddingExtractor(
            manifest: manifest.url, onBadSample: configuration.onBadSample, reporter: reporter,
            cache: configuration.embeddingCache())
        // All splits in one go, so that one error lists the bad samples of all of them.
        let data = try SplitData(Dataset(manifest.samples, model, extractor, device: device))
        let embedded = Date()

        // The optimizer, and where the last run stopped.
        let optimizer = try Self.makeOptimizer(configuration, model)
        var state = TrainingState(configuration.training, model, manifestSHA256: fingerprint)
        if resume {
            state =
                try TrainingCheckpoint(folder: run.checkpoint("last")).read(into: model, optimizer, manifestSHA256: fingerprint)
                ?? state
        } else {
            try AtomicFile.write(configuration.yaml, to: run.configuration)
        }
        let keeper = try FolderKeeper(run)
        let loop = TrainingLoop(
            configuration: configuration, reporter: reporter, model: model, optimizer: optimizer, data: data, keeper: keeper,
            device: device, afterEpoch: afterEpoch)
        let stoppedEarly = try loop.run(&state)

        // The best epoch is the model; the val split says how sure it may be.
        try keeper.restoreBest(into: model)
        for subset in try model.calibrate(on: data.val) {
            reporter.note("no val sample has \(Calibration.key(subset)): its probabilities are not calibrated")
        }
        try ModelFolder.write(model, to: run.model)
        let test = try data.test.map { try model.predict($0) }
        let outcome = Outcome(model: model, test: test, history: state.history, bestEpoch: state.bestEpoch, skipped: data.skipped)
        let seconds = ["embedding": embedded.timeIntervalSince(started), "training": Date().timeIntervalSince(embedded)]
        try writeRecord(outcome, manifest, fingerprint, data, device, started, seconds, stoppedEarly)
        if let test { try Report(test, title: run.url.lastPathComponent, history: state.history).write(to: run) }
        return outcome
    }

    private func checkSame(_ configuration: Configuration) throws {
        guard let before = try? String(contentsOf: run.configuration, encoding: .utf8) else {
            throw BraidError(.noInput, "\(run.url.path) holds no run to resume: there is no config.yaml")
        }
        guard before == configuration.yaml else {
            throw BraidError(
                .badConfiguration,
                "\(run.configuration.path) differs from the configuration given; resume with the same, or start a new run")
        }
    }

    static func makeEncoders(
        _ configuration: Configuration, _ device: Device, _ reporter: any Reporter
    ) throws -> [ModalityEncoder] {
        try configuration.modalities.sorted { $0.key < $1.key }.map { modality, asked in
            let encoder = try ModalityEncoder(
                modality, asked, relativeTo: configuration.folder, device: device, reporter: reporter)
            let loaded = encoder.report?.summary ?? "initialised at random"
            reporter.note("\(modality): \(encoder.architecture), \(encoder.name), train: \(asked.train.text): \(loaded)")
            return encoder
        }
    }

    static func makeModel(
        _ configuration: Configuration, _ encoders: [ModalityEncoder], _ targets: [Target], _ fingerprint: String, _ device: Device
    ) throws -> FusionModel {
        let settings = FusionModel.Settings(
            fusion: configuration.fusion, heads: configuration.heads, columns: configuration.columns,
            splits: configuration.splits, manifestSHA256: fingerprint)
        let model = try FusionModel(
            encoders: encoders, targets: targets, settings: settings, parameters: ParameterStore(device: device))
        if configuration.training.balance.method == .gradientBlending {
            model.auxiliary = try AuxiliaryHeads(model, device: device)
        }
        return model
    }

    static func makeOptimizer(_ configuration: Configuration, _ model: FusionModel) throws -> any Optimizer {
        let settings = configuration.training
        let scale = settings.learningRate > 0 ? settings.encoderLearningRate / settings.learningRate : 0
        let parameters = try model.trainedParameters(encoderScale: scale)
        switch settings.optimizer {
        case .adamw: return try AdamW(parameters, weightDecay: settings.weightDecay)
        case .sgd: return try SGD(parameters, weightDecay: settings.weightDecay, momentum: settings.momentum)
        }
    }

    private func writeRecord(
        _ outcome: Outcome, _ manifest: Manifest, _ fingerprint: String, _ data: SplitData, _ device: Device, _ started: Date,
        _ seconds: [String: Double], _ stoppedEarly: Bool
    ) throws {
        let counts = outcome.model.parameterCounts
        try run.writeRecord(
            RunRecord(
                command: command, braid: Version.current, libtorch: Library.version, seed: configuration.training.seed,
                device: device.description, manifest: manifest.url.lastPathComponent,
                manifestSHA256: fingerprint,
                samples: ["train": data.train.samples.count, "val": data.val.samples.count, "test": data.test?.samples.count ?? 0],
                trainedParameters: counts.trained, allParameters: counts.all, started: started, seconds: seconds,
                stoppedEarly: stoppedEarly, bestEpoch: outcome.bestEpoch,
                test: outcome.test?.allScores() ?? [:], calibration: outcome.model.calibration.temperatures))
    }
}

/// The data of a training, by split.
struct SplitData {
    let train: Dataset
    let val: Dataset
    let test: Dataset?
    let skipped: [BadSample]

    /// - Throws: `BraidError` where a split that training needs has no sample.
    init(_ all: Dataset) throws {
        func part(_ split: Split) throws -> Dataset? {
            let indices = all.samples.indices.filter { all.samples[$0].split == split }
            return indices.isEmpty ? nil : try all.subset(indices)
        }
        guard let train = try part(.train) else { throw BraidError(.badData, "the train split has no sample that can be used") }
        guard let val = try part(.val) else {
            throw BraidError(.badData, "the val split has no sample; early stopping and the best checkpoint need one")
        }
        (self.train, self.val, test, skipped) = (train, val, try part(.test), all.skipped)
    }

    private init(train: Dataset, val: Dataset, test: Dataset?) {
        (self.train, self.val, self.test, skipped) = (train, val, test, [])
    }

    /// The samples that have any of another model's modalities, for that model, whose frozen encoders are the same.
    func `for`(_ model: FusionModel) throws -> SplitData {
        func part(_ dataset: Dataset) throws -> Dataset {
            let kept = dataset.samples.indices.filter { index in model.modalities.contains(where: dataset.samples[index].has) }
            return Dataset(kept.count < dataset.samples.count ? try dataset.subset(kept) : dataset, for: model)
        }
        return SplitData(train: try part(train), val: try part(val), test: try test.map(part))
    }
}

extension Configuration {
    /// The configuration as it acts on `manifest`: without splits where the file has its own, and without modalities that
    /// no sample has.
    ///
    /// - Throws: `BraidError` where nothing is left to learn from, or a sample has none of the modalities.
    func fitting(_ manifest: Manifest, reporter: any Reporter) throws -> Configuration {
        var fitted = manifest.hasSplitColumn ? try withoutSplits() : self
        let file = manifest.url.lastPathComponent
        let asked = modalities.keys.sorted()
        let there = Set(asked.filter { modality in manifest.samples.contains { $0.has(modality) } })
        let names = asked.map(\.rawValue).joined(separator: ", ")
        guard !there.isEmpty else {
            throw BraidError(.badConfiguration, "\(file): no sample has any of the configured modalities (\(names))")
        }
        let uncovered = manifest.samples.filter { sample in !there.contains(where: sample.has) }
        guard uncovered.isEmpty else {
            throw BraidError(
                .badData,
                faults: uncovered.map { Fault("has none of the configured modalities (\(names))", file: file, line: $0.line) })
        }
        for modality in asked where !there.contains(modality) {
            reporter.note("\(modality): no sample of \(file) has one; the model is trained without it")
        }
        if there.count < asked.count { fitted = fitted.keeping(there) }
        return fitted
    }
}

extension DeviceChoice {
    /// The device to use; `cuda` where there is none is an error.
    func resolve() throws -> Device {
        switch self {
        case .cpu: return .cpu
        case .auto: return try Device.cudaCount() > 0 ? .cuda(0) : .cpu
        case .cuda:
            guard try Device.cudaCount() > 0 else {
                throw BraidError(
                    .unavailable, "device: cuda, but libtorch sees no CUDA device; use device: auto, or a CUDA build of libtorch")
            }
            return .cuda(0)
        }
    }
}
