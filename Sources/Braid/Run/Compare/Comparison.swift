internal import Foundation
internal import Torch

/// Several recipes, each trained with several seeds on the same embeddings, and each modality by itself beside them.
public struct Comparison: Sendable {
    /// What is compared.
    public struct Candidate: Sendable {
        public let name: String
        public let configuration: Configuration

        public init(name: String, configuration: Configuration) {
            self.name = name
            self.configuration = configuration
        }
    }

    /// One training.
    public struct Run: Sendable, Codable {
        public let seed: Int
        /// Of the best epoch, on the val split: what recipes are chosen by.
        public let val: Double
        /// On the test split.
        public let test: Double
        public let bestEpoch: Int
        public let epochs: Int
        public let trainSeconds: Double
        /// Fusing and classifying a thousand samples whose embeddings are at hand.
        public let milliseconds: Double
    }

    /// A recipe's trainings.
    public struct Entry: Sendable, Codable {
        public let name: String
        public let modalities: [Modality]
        /// Whether it is one modality by itself.
        public let isSingle: Bool
        /// What was trained, encoders not among it.
        public let parameters: Int
        /// Of the test split.
        public let samples: Int
        public let runs: [Run]
        /// On the test samples that have the best single modality: what the verdict compares.
        public internal(set) var comparable: [Double]

        public var test: Interval { Interval(runs.map(\.test)) }
        public var val: Interval { Interval(runs.map(\.val)) }
        public var trainSeconds: Double { Interval(runs.map(\.trainSeconds)).mean }
        public var milliseconds: Double { Interval(runs.map(\.milliseconds)).mean }
    }

    public let metric: Metric
    public let seeds: [Int]
    /// The recipes in their order, then the single modalities.
    public let entries: [Entry]
    /// Spent on reading and embedding the samples.
    public let embeddingSeconds: Double
    /// Spent on all trainings.
    public let trainingSeconds: Double
    public let samples: [String: Int]

    /// The recipes with each of several fusions in turn.
    public static func candidates(_ configurations: [Candidate], fusions: [FusionKind]?) throws -> [Candidate] {
        // One recipe alone is compared over all fusions.
        let kinds = fusions ?? (configurations.count == 1 ? FusionKind.registry.all : nil)
        guard let kinds else { return configurations }
        return try configurations.flatMap { candidate in
            try kinds.map { kind in
                Candidate(
                    name: configurations.count == 1 ? kind.name : "\(candidate.name)/\(kind.name)",
                    configuration: try candidate.configuration.with(kind))
            }
        }
    }

    /// Trains everything.
    ///
    /// - Parameters:
    ///   - metric: What is compared; nil: what the task of the first head goes by.
    ///   - seeds: Each recipe is trained once a seed.
    /// - Throws: `BraidError` where the recipes cannot be compared: other manifests, encoders that are trained, no test split.
    public init(
        _ candidates: [Candidate], metric: Metric? = nil, seeds: [Int], reporter: any Reporter = SilentReporter()
    ) throws {
        guard let first = candidates.first, !seeds.isEmpty else { throw BraidError(.usage, "there is nothing to compare") }
        let started = ContinuousClock.now
        var embedded = try SharedEmbeddings(candidates.map(\.configuration), reporter: reporter)
        let head = first.configuration.heads[0]
        let metric = metric ?? head.task.standardMetrics[0]
        guard metric != .loss, metric.forms.contains(head.kind.form) else {
            throw BraidError(.usage, "\(metric.name) cannot be compared for a \(head.kind) task")
        }
        let fitted = try candidates.map { Candidate(name: $0.name, configuration: try embedded.fitted($0.configuration)) }
        let all = try fitted + Self.singles(fitted)
        try embedded.embed()
        let trainingStarted = ContinuousClock.now
        let progress = reporter.begin("comparing", total: all.count * seeds.count)
        var trained: [(entry: Entry, predictions: [HeadPredictions])] = []
        for (index, candidate) in all.enumerated() {
            let trainings = try seeds.map { seed in
                defer { progress.advance() }
                return try ComparedTraining(candidate.configuration, seed: seed, metric, embedded)
            }
            trained.append(
                (Self.entry(candidate.name, trainings, isSingle: index >= candidates.count), trainings.map(\.predictions)))
        }
        progress.finish()
        self.metric = metric
        self.seeds = seeds
        embeddingSeconds = (trainingStarted - started) / .seconds(1)
        trainingSeconds = (ContinuousClock.now - trainingStarted) / .seconds(1)
        samples = embedded.counts
        entries = try Self.comparable(trained, metric)
    }

    /// Of figures that are known already.
    init(entries: [Entry], metric: Metric = .accuracy) {
        (self.entries, self.metric, seeds) = (entries, metric, entries.first?.runs.map(\.seed) ?? [])
        (embeddingSeconds, trainingSeconds, samples) = (0, 0, [:])
    }

    private static func entry(_ name: String, _ trainings: [ComparedTraining], isSingle: Bool) -> Entry {
        Entry(
            name: name, modalities: trainings.first?.modalities ?? [], isSingle: isSingle,
            parameters: trainings.first?.parameters ?? 0, samples: trainings.first?.predictions.samples.count ?? 0,
            runs: trainings.map(\.run), comparable: [])
    }

    /// Each modality of the recipes by itself, with the first recipe's settings and a plain concatenation of one.
    private static func singles(_ candidates: [Candidate]) throws -> [Candidate] {
        guard let fitted = candidates.first?.configuration else { return [] }
        guard fitted.modalities.count > 1 else { return [] }
        return try fitted.modalities.keys.sorted().map { modality in
            Candidate(name: "\(modality) alone", configuration: try fitted.keeping([modality]).with(FusionKind.concat))
        }
    }

    private static func comparable(
        _ trained: [(entry: Entry, predictions: [HeadPredictions])], _ metric: Metric
    ) throws -> [Entry] {
        let single = best(trained.map(\.entry).filter(\.isSingle), metric)
        return try trained.map { entry, predictions in
            var entry = entry
            entry.comparable = try predictions.map { head in
                let shared =
                    single.map { single in head.keeping { sample in single.modalities.contains(where: sample.has) } } ?? head
                return try shared.scores([metric])[metric] ?? .nan
            }
            return entry
        }
    }

    /// The best by the mean on the val split: choosing on the test split would flatter the choice.
    static func best(_ entries: [Entry], _ metric: Metric) -> Entry? {
        entries.max { metric.isBetterWhenHigher ? $0.val.mean < $1.val.mean : $0.val.mean > $1.val.mean }
    }

    public var bestFusion: Entry? { Self.best(entries.filter { !$0.isSingle }, metric) }
    public var bestSingle: Entry? { Self.best(entries.filter(\.isSingle), metric) }

    /// The best fusion against the best single modality over the seeds; nil where there is no other, or a single seed.
    public var test: PairedTest? {
        guard let bestFusion, let bestSingle else { return nil }
        return PairedTest(bestFusion.comparable, bestSingle.comparable)
    }
}
