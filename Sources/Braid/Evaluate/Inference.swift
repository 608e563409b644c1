public import Foundation
internal import Torch

/// A trained model, and samples it has embedded: what evaluation, prediction, ablation and extraction start from.
public struct Inference {
    /// How to use a model.
    public struct Options: Sendable {
        /// Where to compute.
        public var device: DeviceChoice
        /// What becomes of samples whose media cannot be used.
        public var onBadSample: BadSample.Policy
        /// Is told of progress, and of what was left out.
        public var reporter: any Reporter
        /// Whether embeddings of a manifest's samples are taken from, and put into, the user's cache.
        public var cachesEmbeddings: Bool

        /// Makes one from its parts; by default bad samples end the work, and nothing is reported.
        public init(
            device: DeviceChoice = .auto, onBadSample: BadSample.Policy = .fail, reporter: any Reporter = SilentReporter(),
            cachesEmbeddings: Bool = true
        ) {
            self.device = device
            self.onBadSample = onBadSample
            self.reporter = reporter
            self.cachesEmbeddings = cachesEmbeddings
        }

        func embeddingCache() throws -> EmbeddingCache? { cachesEmbeddings ? try .standard() : nil }
    }

    /// Which rows of a manifest to use.
    public enum Rows: Sendable, Equatable {
        /// Every row.
        case all
        /// The rows of one split.
        case split(Split)
        /// The test split where the manifest has a split column or is the one the model was trained on; else all rows.
        case heldOut
    }

    /// The model, which is not changed.
    public let model: FusionModel
    let dataset: BatchSource

    /// The samples that could be used.
    public var samples: [Sample] { dataset.samples }

    /// Loads the model, reads the manifest, and embeds the samples that are asked for.
    ///
    /// - Parameters:
    ///   - folder: The model's folder, or the run's that holds it.
    ///   - url: The manifest.
    ///   - rows: Which of its rows are asked for.
    ///   - needsLabels: Whether a row without a label is a fault.
    ///   - options: How the model is used.
    /// - Throws: `BraidError` where the model cannot be read, the manifest has faults, or no sample is left to use.
    public init(model folder: URL, manifest url: URL, rows: Rows, needsLabels: Bool, _ options: Options) throws {
        let device = try options.device.resolve()
        let model = try ModelFolder.read(folder, device: device)
        let settings = model.settings
        let manifest = try Manifest.read(
            url, columns: settings.columns, adaptsColumns: true, splits: settings.splits, stratum: settings.heads.stratum,
            needsLabels: needsLabels,
            onBadSample: options.onBadSample)
        let samples = try Self.choose(rows, of: manifest, trainedOn: settings.manifestSHA256, reporter: options.reporter)
        try self.init(model, samples, manifest: url, options, device)
    }

    /// For samples that come from elsewhere than a manifest.
    public init(model folder: URL, samples: [Sample], _ options: Options) throws {
        let device = try options.device.resolve()
        let taken = try ModelFolder.modalities(of: folder)
        for modality in Modality.allCases where !taken.contains(modality) && samples.contains(where: { $0.has(modality) }) {
            throw BraidError(
                .usage, "\(modality) is given, but the model takes only \(taken.sorted().map(\.rawValue).joined(separator: ", "))")
        }
        // A few samples are encoded sooner than the cache is opened.
        var options = options
        options.cachesEmbeddings = false
        try self.init(
            ModelFolder.read(folder, device: device), samples, manifest: URL(fileURLWithPath: "command line"), options, device)
    }

    private init(_ model: FusionModel, _ samples: [Sample], manifest: URL, _ options: Options, _ device: Device) throws {
        self.model = model
        try model.checkTakes(samples, manifest)
        let extractor = try EmbeddingExtractor(
            manifest: manifest, onBadSample: options.onBadSample, reporter: options.reporter, cache: options.embeddingCache())
        dataset = try BatchSource(
            samples, Array(model.encoders.values), tokens: model.tokenBudget, extractor, device: device)
        guard !dataset.samples.isEmpty else {
            throw BraidError(.badData, "\(manifest.lastPathComponent): no sample is left to use")
        }
    }

    private static func choose(_ rows: Rows, of manifest: Manifest, trainedOn: String, reporter: any Reporter) throws -> [Sample] {
        let split: Split
        switch rows {
        case .all: return manifest.samples
        case .split(let asked): split = asked
        case .heldOut:
            // The training's own manifest is held to the training's own test split: anything else was learnt from.
            let isTrainingData = try Fingerprint.of(manifest.url) == trainedOn
            guard manifest.hasSplitColumn || isTrainingData else {
                reporter.note("\(manifest.url.lastPathComponent) has no split column: all \(manifest.samples.count) rows are used")
                return manifest.samples
            }
            split = .test
        }
        let samples = manifest.samples(in: split)
        guard !samples.isEmpty else {
            throw BraidError(
                .badData,
                "\(manifest.url.lastPathComponent) has no sample in split \(split.rawValue); name another with --split, or --split all"
            )
        }
        return samples
    }

    /// The predictions, with `hiding` left out of every sample.
    public func predict(hiding: Set<Modality> = []) throws -> Predictions { try model.predict(dataset, hiding: hiding) }

    /// Predicts from what `presence` (`[N][M]`) leaves of the samples.
    func predict(presence: [[Bool]]) throws -> Predictions { try model.predict(dataset, presence: presence) }

}

extension FusionModel {
    /// - Throws: `BraidError` that lists the samples that have none of the model's modalities.
    func checkTakes(_ samples: [Sample], _ manifest: URL) throws {
        let lacking = samples.filter { sample in !modalities.contains(where: sample.has) }
        guard !lacking.isEmpty else { return }
        let names = modalities.map(\.rawValue).joined(separator: ", ")
        throw BraidError(
            .badData,
            faults: lacking.map {
                Fault(
                    "sample \($0.id) has none of the model's modalities (\(names))", file: manifest.lastPathComponent,
                    line: $0.line)
            })
    }

    /// The fused embeddings of `dataset`, `[N, D]`.
    func fused(_ dataset: BatchSource) throws -> Tensor {
        try withoutGradient {
            var parts: [Tensor] = []
            try dataset.forEachBatch(256) { parts.append(try self($0).fused) }
            return try parts.isEmpty ? .zeros([0, fusedDimension]) : .concatenate(parts, 0)
        }
    }
}
