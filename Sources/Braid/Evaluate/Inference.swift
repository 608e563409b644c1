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
        /// What is said of the manifest's columns, beyond what the model's training said of its own.
        public var columns: Columns
        /// In how many views of its picture each sample is seen, from 1 to 10; answers are the mean over them.
        public var views = 1

        /// Makes one from its parts; by default bad samples end the work, and nothing is reported.
        public init(
            device: DeviceChoice = .auto, onBadSample: BadSample.Policy = .fail, reporter: any Reporter = SilentReporter(),
            cachesEmbeddings: Bool = true, columns: Columns = Columns()
        ) {
            self.device = device
            self.onBadSample = onBadSample
            self.reporter = reporter
            self.cachesEmbeddings = cachesEmbeddings
            self.columns = columns
        }

        func embeddingCache() throws -> EmbeddingCache? { cachesEmbeddings ? try .standard() : nil }
    }

    /// Which rows of a manifest to use.
    public enum Rows: Sendable, Hashable {
        /// Every row.
        case all
        /// The rows of one split.
        case split(Split)
        /// The rows that can judge the model: of the manifest's test split where it has one, else all, but for those that the model has
        /// learnt from or was chosen by, wherever they stand now.
        case heldOut
        /// The rows that the training did not have at all, in none of its splits.
        case unseen
    }

    /// The model, which is not changed.
    public let model: FusionModel
    let dataset: BatchSource
    private let views: TestTimeViews
    /// What the model knew of the rows that were chosen; nil where nothing is judged, or the model does not say.
    public let rowUse: RowUse?

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
        try self.init(model: folder, manifest: url, rows: rows, needsLabels: needsLabels, options) { $1 }
    }

    /// The same, of some of the samples: `narrowed` is asked for them before anything is embedded.
    init(
        model folder: URL, manifest url: URL, rows: Rows, needsLabels: Bool, _ options: Options,
        narrowed: (FusionModel, [Sample]) throws -> [Sample]
    ) throws {
        let device = try options.device.resolve()
        let model = try ModelFolder.read(folder, device: device, reporter: options.reporter)
        let settings = model.settings
        let manifest = try Manifest.read(
            url, columns: settings.columns, adaptsColumns: true, given: options.columns, splits: settings.splits,
            stratum: settings.heads.stratum, needsLabels: needsLabels, onBadSample: options.onBadSample,
            reporter: options.reporter)
        for note in manifest.notes { options.reporter.note(note) }
        // Rows that nothing is judged by need no one to say what they were before.
        let isJudged = needsLabels || rows != .all
        let choice = RowChoice(
            manifest: manifest, seen: isJudged ? model.seen : nil, trainedOn: settings.manifestSHA256, reporter: options.reporter)
        let (samples, use) = try choice.choose(rows)
        try self.init(model, narrowed(model, samples), manifest: url, options, device, use)
    }

    /// For samples that come from elsewhere than a manifest.
    public init(model folder: URL, samples: [Sample], _ options: Options) throws {
        let device = try options.device.resolve()
        let taken = try ModelFolder.modalities(of: folder)
        if let modality = Set(samples.flatMap(\.media.keys)).subtracting(taken).min() {
            throw BraidError(
                .usage, "\(modality) is given, but the model takes only \(taken.sorted().map(\.rawValue).joined(separator: ", "))")
        }
        // A few samples are encoded sooner than the cache is opened.
        var options = options
        options.cachesEmbeddings = false
        try self.init(
            ModelFolder.read(folder, device: device, reporter: options.reporter), samples,
            manifest: URL(fileURLWithPath: "command line"), options, device)
    }

    private init(
        _ model: FusionModel, _ samples: [Sample], manifest: URL, _ options: Options, _ device: Device, _ use: RowUse? = nil
    ) throws {
        (self.model, rowUse) = (model, use)
        try model.checkTakes(samples, manifest)
        let extractor = try EmbeddingExtractor(
            manifest: manifest, onBadSample: options.onBadSample, reporter: options.reporter, cache: options.embeddingCache())
        dataset = try BatchSource(
            samples, Array(model.encoders.values), tokens: model.tokenBudget, extractor, device: device)
        guard !dataset.samples.isEmpty else {
            throw BraidError(.badData, "\(manifest.lastPathComponent): no sample is left to use")
        }
        views = try options.views > 1 ? TestTimeViews(options.views, of: dataset, model, extractor, device: device) : .none
    }

    /// The predictions, with `hiding` left out of every sample.
    public func predict(hiding: Set<Modality> = []) throws -> Predictions {
        try views.averaged(model.predict(dataset, hiding: hiding)) { try model.predict($0, hiding: hiding) }
    }

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
