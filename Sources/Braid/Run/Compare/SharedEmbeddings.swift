internal import Foundation
internal import Torch

/// The embeddings that compared recipes share: each encoder runs once, whatever trains on what it gave.
struct SharedEmbeddings {
    let manifest: Manifest
    let device: Device
    private let reporter: any Reporter
    private let configurations: [Configuration]
    /// By what was asked of the encoders.
    private var groups: [GroupKey: SplitData] = [:]
    private var encoders: [EncoderKey: ModalityEncoder] = [:]

    private struct EncoderKey: Hashable {
        let modality: Modality
        let description: String

        init(_ modality: Modality, _ encoder: EncoderSettings, _ folder: URL) {
            self.modality = modality
            let table = encoder.table.map { "\($0)" } ?? ""
            description = "\(encoder.encoder ?? "") \(encoder.weights) \(encoder.options.fields) \(folder.path) \(table)"
        }
    }

    /// Recipes that agree on it share embeddings.
    private struct GroupKey: Hashable {
        let encoders: [EncoderKey]
        let tokens: Int?
    }

    /// What the embeddings are for, as errors name it.
    enum Use: String {
        case compare, search, curve
    }

    /// - Throws: `BraidError` where the recipes do not agree on the data, or train encoders.
    init(_ configurations: [Configuration], for use: Use, reporter: any Reporter) throws {
        guard let first = configurations.first else { throw BraidError(.usage, "there is nothing to compare") }
        var columns = first.columns
        for other in configurations {
            guard let joined = columns.joined(with: other.columns), other.manifestURL == first.manifestURL,
                other.splits == first.splits, other.heads.stratum == first.heads.stratum
            else {
                throw BraidError(.badConfiguration, "\(use) needs recipes of one manifest, with the same columns and splits")
            }
            columns = joined
        }
        for configuration in configurations {
            for (modality, encoder) in configuration.modalities where encoder.train != .none {
                throw BraidError(
                    .badConfiguration,
                    "modalities.\(modality).train is \(encoder.train.text): \(use) trains on embeddings that are made once; set it to none"
                )
            }
        }
        if configurations.contains(where: { $0.training.contrastive != nil }) {
            throw BraidError(
                .badConfiguration, "training.contrastive: \(use) trains on embeddings that are made once; leave it out")
        }
        if configurations.contains(where: { $0.training.adaptation != nil }) {
            throw BraidError(
                .badConfiguration,
                "training.adaptation: \(use) judges by rows of the source, which say nothing of a target domain; leave it out")
        }
        let manifest = try Manifest.read(
            first.manifestURL, columns: columns, splits: first.splits, stratum: first.heads.stratum,
            onBadSample: first.onBadSample, reporter: reporter)
        for note in manifest.notes { reporter.note(note) }
        guard use == .search || manifest.samples.contains(where: { $0.split == .test }) else {
            throw BraidError(.badData, "\(manifest.url.lastPathComponent): \(use) needs a test split, and no sample is in it")
        }
        self.manifest = manifest
        device = try first.device.resolve()
        self.reporter = reporter
        self.configurations = try configurations.map { try $0.fitting(manifest, reporter: SilentReporter()) }
    }

    /// The recipe as it acts on the manifest.
    func fitted(_ configuration: Configuration) throws -> Configuration {
        try configuration.fitting(manifest, reporter: SilentReporter())
    }

    /// How many samples each split has.
    var counts: [String: Int] {
        guard let data = groups.values.first else { return [:] }
        return ["train": data.train.samples.count, "val": data.val.samples.count, "test": data.test?.samples.count ?? 0]
    }

    private func key(_ configuration: Configuration) -> GroupKey {
        let keys = configuration.modalities.sorted { $0.key < $1.key }.map { EncoderKey($0.key, $0.value, configuration.folder) }
        return GroupKey(encoders: keys, tokens: configuration.fusion.tokens)
    }

    /// Runs the encoders.
    mutating func embed() throws {
        // With tokens first: what has them serves those that need none.
        for configuration in configurations.sorted(by: { $0.fusion.tokens != nil && $1.fusion.tokens == nil })
        where shared(configuration) == nil {
            let encoders = try makeEncoders(configuration)
            let targets = try configuration.heads.map { try Target.fit($0, manifest.samples, file: manifest.url.lastPathComponent) }
            let model = try configuration.model(encoders, targets, manifestSHA256: "", device: device)
            let extractor = try EmbeddingExtractor(
                manifest: manifest.url, onBadSample: configuration.onBadSample, reporter: reporter,
                cache: configuration.embeddingCache())
            groups[key(configuration)] = try SplitData(
                BatchSource(
                    manifest.samples, Array(model.encoders.values), tokens: model.tokenBudget, extractor, device: device))
        }
    }

    /// Each is loaded once.
    private mutating func makeEncoders(_ configuration: Configuration) throws -> [ModalityEncoder] {
        try configuration.modalities.sorted { $0.key < $1.key }.map { modality, asked in
            let key = EncoderKey(modality, asked, configuration.folder)
            let encoder =
                try encoders[key]
                ?? ModalityEncoder(modality, asked, relativeTo: configuration.folder, device: device, reporter: reporter)
            encoders[key] = encoder
            return encoder
        }
    }

    private func shared(_ configuration: Configuration) -> SplitData? {
        let wanted = key(configuration)
        return groups.first { held, _ in
            Set(held.encoders).isSuperset(of: wanted.encoders) && (wanted.tokens == nil || held.tokens == wanted.tokens)
        }?.value
    }

    /// A new model for `configuration`, and its data with fold number `fold` of the train split in place of the test split.
    func prepare(_ configuration: Configuration, fold: Int, of count: Int) throws -> (model: FusionModel, data: SplitData) {
        let (model, whole) = try prepare(configuration)
        return (model, try whole.holdingOut(fold, of: count, by: configuration.heads.stratum, seed: configuration.training.seed))
    }

    /// A new model for `configuration`, and its data: the samples that have any of its modalities.
    func prepare(_ configuration: Configuration) throws -> (model: FusionModel, data: SplitData) {
        guard let shared = shared(configuration) else { throw BraidError(.internal, "embeddings were not made") }
        let found = try configuration.modalities.sorted { $0.key < $1.key }.map { modality, asked in
            guard let encoder = encoders[EncoderKey(modality, asked, configuration.folder)] else {
                throw BraidError(.internal, "the \(modality) encoder was not loaded")
            }
            return encoder
        }
        let targets = try configuration.heads.map { try Target.fit($0, manifest.samples, file: manifest.url.lastPathComponent) }
        let model = try configuration.model(found, targets, manifestSHA256: "", device: device)
        return (model, try shared.for(model))
    }
}
