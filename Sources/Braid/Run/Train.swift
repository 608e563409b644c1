internal import Foundation
internal import Torch

/// Trains a fused classifier as a configuration asks, and leaves a run folder.
public struct Training {
    private let configuration: Configuration
    private let run: RunFolder
    private let style: ProgressBar.Style
    private let command: [String]
    private let afterEpoch: ((Int) throws -> Void)?

    /// - Parameters:
    ///   - command: What `run.json` records as having made the run.
    ///   - afterEpoch: Called with each epoch's number once its checkpoint is written; throwing ends the training there.
    public init(
        _ configuration: Configuration, into run: RunFolder, style: ProgressBar.Style = .automatic, command: [String] = [],
        afterEpoch: ((Int) throws -> Void)? = nil
    ) {
        self.configuration = configuration
        self.run = run
        self.style = style
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
        let settings = configuration.training
        let manifest = try Manifest.read(
            configuration.manifestURL, columns: configuration.columns, splits: configuration.splits,
            onBadSample: configuration.onBadSample)
        let configuration = manifest.hasSplitColumn ? try self.configuration.withoutSplits() : self.configuration
        let labels = try self.labels(of: manifest)
        if resume { try checkSame(configuration) } else { try run.create() }

        // The model, its encoders with their weights, and the samples behind it.
        let device = try configuration.device.resolve()
        try Generator.seed(UInt64(settings.seed))
        let fingerprint = try Fingerprint.of(manifest.url)
        let model = try makeModel(labels, fingerprint, device)
        let extractor = EmbeddingExtractor(manifest: manifest.url, onBadSample: configuration.onBadSample, style: style)
        let data = try datasets(manifest, model, extractor, device)
        let embedded = Date()

        // The optimizer, and where the last run stopped.
        let optimizer = try makeOptimizer(model)
        var state = TrainingState(random: UInt64(settings.seed), manifestSHA256: fingerprint, labels: labels)
        if resume {
            state =
                try TrainingCheckpoint(folder: run.checkpoint("last")).read(into: model, optimizer, manifestSHA256: fingerprint)
                ?? state
        } else {
            try AtomicFile.write(configuration.yaml, to: run.configuration)
        }
        let loop = TrainingLoop(
            configuration: configuration, run: run, style: style, model: model, optimizer: optimizer, data: data,
            afterEpoch: afterEpoch)
        let stoppedEarly = try loop.run(&state)

        // The best epoch is the model.
        try TrainingCheckpoint(folder: run.checkpoint("best")).readWeights(into: model)
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

    private func labels(of manifest: Manifest) throws -> [String] {
        let train = Set(manifest.samples(in: .train).compactMap(\.label))
        let file = manifest.url.lastPathComponent
        guard train.count >= 2 else {
            throw BraidError(
                .badData,
                faults: [Fault("a classifier needs at least two classes in the train split; it has \(train.count)", file: file)]
            )
        }
        let unseen = manifest.samples.filter { $0.label.map { !train.contains($0) } ?? false }
        let faults = unseen.map { sample in
            Fault(
                "class \(sample.label ?? "") is not in the train split, so it cannot be learnt", file: file, line: sample.line,
                field: "label")
        }
        guard faults.isEmpty else { throw BraidError(.badData, faults: faults) }
        for modality in configuration.modalities.keys.sorted() where !manifest.samples.contains(where: { $0.has(modality) }) {
            throw BraidError(.badConfiguration, "modalities.\(modality): no sample of \(file) has one; leave it out")
        }
        let uncovered = manifest.samples.filter { sample in !configuration.modalities.keys.contains(where: sample.has) }
        guard uncovered.isEmpty else {
            let names = configuration.modalities.keys.sorted().map(\.rawValue).joined(separator: ", ")
            throw BraidError(
                .badData,
                faults: uncovered.map { Fault("has none of the configured modalities (\(names))", file: file, line: $0.line) })
        }
        return train.sorted()
    }

    private func makeModel(_ labels: [String], _ fingerprint: String, _ device: Device) throws -> FusionModel {
        let encoders = try configuration.modalities.sorted { $0.key < $1.key }.map { modality, asked in
            let encoder = try ModalityEncoder(
                modality, asked, relativeTo: configuration.folder, device: device, style: style)
            let loaded = encoder.report?.summary ?? "initialised at random"
            notify("\(modality): \(encoder.architecture), \(encoder.name), train: \(asked.train.text): \(loaded)", style: style)
            return encoder
        }
        let settings = FusionModel.Settings(
            fusion: configuration.fusion, head: configuration.head, columns: configuration.columns, splits: configuration.splits,
            manifestSHA256: fingerprint)
        return try FusionModel(encoders: encoders, labels: labels, settings: settings, parameters: ParameterStore(device: device))
    }

    private func datasets(
        _ manifest: Manifest, _ model: FusionModel, _ extractor: EmbeddingExtractor, _ device: Device
    ) throws -> SplitData {
        // All splits in one go, so that one error lists the bad samples of all of them.
        let all = try Dataset(manifest.samples, model, extractor, device: device)
        func part(_ split: Split) throws -> Dataset? {
            let indices = all.samples.indices.filter { all.samples[$0].split == split }
            return indices.isEmpty ? nil : try all.subset(indices)
        }
        guard let train = try part(.train) else { throw BraidError(.badData, "the train split has no sample that can be used") }
        guard let val = try part(.val) else {
            throw BraidError(.badData, "the val split has no sample; early stopping and the best checkpoint need one")
        }
        return SplitData(train: train, val: val, test: try part(.test), skipped: all.skipped)
    }

    private func makeOptimizer(_ model: FusionModel) throws -> any Optimizer {
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
        let confusion = try outcome.test?.confusion()
        let counts = outcome.model.parameterCounts
        try run.writeRecord(
            RunRecord(
                command: command, braid: Version.current, libtorch: Library.version, seed: configuration.training.seed,
                device: device.description, manifest: manifest.url.lastPathComponent,
                manifestSHA256: fingerprint,
                samples: ["train": data.train.samples.count, "val": data.val.samples.count, "test": data.test?.samples.count ?? 0],
                trainedParameters: counts.trained, allParameters: counts.all, started: started, seconds: seconds,
                stoppedEarly: stoppedEarly, bestEpoch: outcome.bestEpoch,
                test: confusion.map { ["accuracy": $0.accuracy, "macro_f1": $0.macro.f1, "weighted_f1": $0.weighted.f1] } ?? [:]))
    }
}

/// The data of a training, by split.
struct SplitData {
    let train: Dataset
    let val: Dataset
    let test: Dataset?
    let skipped: [BadSample]
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
