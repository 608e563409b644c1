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
        /// The model of the best epoch, calibrated.
        public let model: FusionModel
        /// Of the best checkpoint on the test split; nil where there is none.
        public let test: Predictions?
        /// The figures of each epoch.
        public let history: [EpochRecord]
        /// The number of the epoch that the model is of, from 1.
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
        let data = try SplitData(
            BatchSource(
                manifest.samples, Array(model.encoders.values), tokens: model.tokenBudget, extractor, device: device))
        let embedded = Date()

        // What is trained, the optimizer, and where the last run stopped.
        let context = TrainingContext(model: model, train: data.train, val: data.val, device: device, reporter: reporter)
        let trainee = Trainee(model: model, plugins: try TrainingPlugins(configuration.training, context))
        let optimizer = try trainee.optimizer(configuration.training)
        var state = TrainingState(configuration.training, model, manifestSHA256: fingerprint)
        if resume {
            state =
                try TrainingCheckpoint(folder: run.checkpoint("last")).read(into: trainee, optimizer, manifestSHA256: fingerprint)
                ?? state
        } else {
            try AtomicFile.write(configuration.yaml(in: run.url), to: run.configuration)
        }
        let store = try CheckpointFolder(run)
        let loop = TrainingLoop(
            settings: configuration.training, modalityDropout: configuration.fusion.modalityDropout, reporter: reporter,
            trainee: trainee, optimizer: optimizer, data: data, store: store, device: device, afterEpoch: afterEpoch)
        let stoppedEarly = try loop.run(&state)

        // The best epoch is the model; the val split says how sure it may be.
        try store.restoreBest(into: trainee)
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
        guard FileManager.default.fileExists(atPath: run.configuration.path) else {
            throw BraidError(.noInput, "\(run.url.path) holds no run to resume: there is no config.yaml")
        }
        let before = try? Configuration.read(run.configuration, hasSplitColumn: configuration.hasSplitColumn)
        guard before?.yaml == configuration.yaml else {
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
        let settings = configuration.modelSettings(manifestSHA256: fingerprint)
        return try FusionModel(
            encoders: encoders, targets: targets, settings: settings, parameters: ParameterStore(device: device))
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
