internal import Foundation

extension Comparison {
    /// What is compared.
    public struct Candidate: Sendable {
        /// What tables and charts call it.
        public let name: String
        /// The recipe.
        public let configuration: Configuration

        /// Makes one from its parts.
        public init(name: String, configuration: Configuration) {
            self.name = name
            self.configuration = configuration
        }
    }

    /// The recipes with each of several fusions in turn.
    public static func candidates(_ configurations: [Candidate], fusions: [FusionKind]?) throws -> [Candidate] {
        // One recipe alone is compared over all fusions.
        let kinds = fusions ?? (configurations.count == 1 ? FusionKind.fusions : nil)
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
    ///   - candidates: The recipes; at least one.
    ///   - metric: What is compared; nil: what the task of the first head goes by.
    ///   - seeds: Each recipe is trained once a seed.
    ///   - reporter: Is told of progress, and of what was left out.
    /// - Throws: `BraidError` where the recipes cannot be compared: other manifests, encoders that are trained, no test split.
    public static func run(
        _ candidates: [Candidate], metric: Metric? = nil, seeds: [Int], reporter: any Reporter = SilentReporter()
    ) throws -> Comparison {
        guard let first = candidates.first, !seeds.isEmpty else { throw BraidError(.usage, "there is nothing to compare") }
        let started = ContinuousClock.now
        var embedded = try SharedEmbeddings(candidates.map(\.configuration), reporter: reporter)
        let head = first.configuration.heads[0]
        let metric = metric ?? head.task.standardMetrics[0]
        guard metric != .loss, metric.forms.contains(head.kind.form) else {
            throw BraidError(.usage, "\(metric.name) cannot be compared for a \(head.kind) task")
        }
        let fitted = try candidates.map { Candidate(name: $0.name, configuration: try embedded.fitted($0.configuration)) }
        let all = try fitted + singles(fitted)
        try embedded.embed()
        let trainingStarted = ContinuousClock.now
        let progress = reporter.begin("comparing", total: all.count * seeds.count)
        var recipes: [String: @Sendable (URL) -> String] = [:]
        var trained: [(entry: Entry, predictions: [HeadPredictions])] = []
        for (index, candidate) in all.enumerated() {
            let trainings = try seeds.map { seed in
                defer { progress.advance() }
                return try ComparedTraining(candidate.configuration, seed: seed, metric, embedded)
            }
            if let ran = trainings.first?.configuration { recipes[candidate.name] = { ran.yaml(in: $0) } }
            trained.append(
                (entry(candidate.name, trainings, isSingle: index >= candidates.count), trainings.map(\.predictions)))
        }
        progress.finish()
        let now = ContinuousClock.now
        let entries = try comparable(trained, metric)
        return Comparison(
            entries: entries, metric: metric, seeds: seeds,
            embeddingSeconds: (trainingStarted - started) / .seconds(1), trainingSeconds: (now - trainingStarted) / .seconds(1),
            samples: embedded.counts, recipes: recipes, sampleTest: try sampleTest(entries, trained.map(\.predictions), metric))
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

    /// McNemar's test of the best fusion against the best single modality, on the samples that both saw.
    private static func sampleTest(
        _ entries: [Entry], _ predictions: [[HeadPredictions]], _ metric: Metric
    ) throws -> Double? {
        func right(_ entry: Entry?) throws -> [String: Bool]? {
            guard let index = entries.firstIndex(where: { $0.name == entry?.name }), let head = predictions[index].first,
                case .classes(let answers) = try head.answers()
            else { return nil }
            let hits = zip(answers.values, answers.truth).map { $0.likeliest == $1 }
            return Dictionary(zip(head.samples.map(\.id), hits)) { first, _ in first }
        }
        guard let fused = try right(best(entries.filter { !$0.isSingle }, metric)),
            let single = try right(best(entries.filter(\.isSingle), metric))
        else { return nil }
        let shared = single.keys.filter { fused[$0] != nil }
        return McNemar.p(
            onlyFirst: shared.count { fused[$0] == true && single[$0] == false },
            onlySecond: shared.count { fused[$0] == false && single[$0] == true })
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
}
