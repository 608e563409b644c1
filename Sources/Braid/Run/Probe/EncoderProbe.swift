internal import Foundation
internal import Torch

/// Says how well each of several pretrained encoders suits some data, without training any: by a linear model of its embeddings in k-fold
/// cross-validation, and by figures that need no fit. Rows of train and val are used; the test split is not looked at.
public struct EncoderProbe {
    /// One encoder of one modality.
    public struct Candidate: Sendable {
        /// What it encodes.
        public let modality: Modality
        /// Which encoder it is.
        public let settings: EncoderSettings

        /// Makes one from its parts.
        public init(_ modality: Modality, _ settings: EncoderSettings) { (self.modality, self.settings) = (modality, settings) }

        /// Reads `image=bundled:efficientnet-lite0`: a modality that the configuration has, or a plain one, and weights.
        ///
        /// - Throws: `BraidError` where the text is no such pair.
        public init(_ text: String, of configuration: Configuration? = nil) throws {
            let known = Set(Modality.allCases).union(configuration.map { Array($0.modalities.keys) } ?? []).sorted()
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let modality = known.named(parts[0]), !parts[1].isEmpty else {
                let names = known.map(\.rawValue).joined(separator: ", ")
                throw BraidError(.usage, "--try \(text): expected MODALITY=WEIGHTS, the modality one of \(names)")
            }
            self.init(modality, EncoderSettings(encoder: nil, weights: parts[1], train: .none))
        }
    }

    /// Its encoders are probed, and its first head says what for.
    public let configuration: Configuration
    /// What is probed beside them.
    public let others: [Candidate]
    /// In how many parts rows are held out.
    public let folds: Int
    /// Is told of progress.
    public let reporter: any Reporter

    /// - Parameters:
    ///   - configuration: Its encoders are probed, frozen, and its first head says what for.
    ///   - others: What is probed beside them.
    ///   - folds: In how many parts rows are held out.
    ///   - reporter: Is told of progress.
    public init(_ configuration: Configuration, others: [Candidate] = [], folds: Int = 5, reporter: any Reporter = SilentReporter())
    {
        (self.configuration, self.others, self.folds, self.reporter) = (configuration, others, folds, reporter)
    }

    /// The rows, and what is asked of them.
    struct Question {
        let target: Target
        let metric: Metric
        let source: String
        let folds: Int
        let seed: Int
        let stratum: String?
    }

    /// Probes every encoder, and the best of each modality together.
    ///
    /// - Throws: `BraidError` where data or encoders cannot be read, or no row has a label.
    public func callAsFunction() throws -> ProbeResult {
        var configuration = try configuration.frozen()
        let manifest = try Manifest.read(
            configuration.manifestURL, columns: configuration.columns, splits: configuration.splits,
            stratum: configuration.heads.stratum, onBadSample: configuration.onBadSample,
            reporter: reporter)
        configuration = try configuration.fittingTables(to: manifest)
        let head = configuration.heads[0]
        let target = try Target.fit(head, manifest.samples, file: manifest.url.lastPathComponent)
        let question = Question(
            target: target, metric: head.task.standardMetrics[0], source: manifest.url.lastPathComponent, folds: folds,
            seed: configuration.training.seed, stratum: configuration.heads.stratum)
        let rows = manifest.samples.filter { $0.split != .test && $0.labels[target.column] != nil }
        guard !rows.isEmpty else { throw BraidError(.badData, "\(question.source): no row of train or val has a label") }
        let device = try configuration.device.resolve()
        let own = configuration.modalities.sorted { $0.key < $1.key }.map { Candidate($0.key, $0.value) }
        var found: [ProbedEncoder] = []
        for candidate in own + others {
            let encoder = try ModalityEncoder(
                candidate.modality, candidate.settings, relativeTo: configuration.folder, device: device, reporter: reporter)
            let extractor = try EmbeddingExtractor(
                manifest: manifest.url, onBadSample: configuration.onBadSample, reporter: reporter,
                cache: configuration.embeddingCache())
            let seen = rows.filter { $0.has(candidate.modality) }
            guard !seen.isEmpty else {
                throw BraidError(.badData, "\(question.source): no labelled row of train or val has \(candidate.modality)")
            }
            let embedded = try extractor.extract(seen, [encoder])
            guard let pooled = try embedded.rows[candidate.modality]?.pooled().moved(to: .cpu) else {
                throw BraidError(.internal, "an encoder without embeddings")
            }
            found.append(try ProbedEncoder(candidate, encoder, embedded.samples, pooled, question))
        }
        return try ProbeResult(found, rows: rows, question)
    }
}
