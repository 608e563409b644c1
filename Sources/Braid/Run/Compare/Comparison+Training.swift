internal import Foundation
internal import Torch

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
    ///   - jobs: How many trainings run at a time on the CPU, each on one thread; nil for as many as there are processors.
    ///   - givesUp: Whether a recipe that is behind on val beyond doubt after two seeds gets no more of them.
    ///   - reporter: Is told of progress, and of what was left out.
    /// - Throws: `BraidError` where the recipes cannot be compared: other manifests, encoders that are trained, no test split.
    public static func run(
        _ candidates: [Candidate], metric: Metric? = nil, seeds: [Int], jobs: Int? = nil, givesUp: Bool = true,
        reporter: any Reporter = SilentReporter()
    ) throws -> Comparison {
        guard let first = candidates.first, !seeds.isEmpty else { throw BraidError(.usage, "there is nothing to compare") }
        let started = ContinuousClock.now
        first.configuration.noteIdle(["search", "evaluation", "tracking"], in: "compare", reporter)
        var embedded = try SharedEmbeddings(candidates.map(\.configuration), for: .compare, reporter: reporter)
        let head = first.configuration.heads[0]
        let metric = metric ?? head.task.standardMetrics[0]
        guard metric != .loss, metric.forms.contains(head.kind.form) else {
            throw BraidError(.usage, "\(metric.name) cannot be compared for a \(head.kind) task")
        }
        let fitted = try candidates.map { Candidate(name: $0.name, configuration: try embedded.fitted($0.configuration)) }
        let all = try fitted + singles(fitted)
        try embedded.embed()
        let trainingStarted = ContinuousClock.now
        let race = TrainingRace(
            candidates: all.enumerated().map {
                .init(name: $1.name, configuration: $1.configuration, isSingle: $0 >= candidates.count)
            },
            metric: metric, embedded: embedded, sideBySide: try SideBySide(on: embedded.device, jobs: jobs), givesUp: givesUp,
            reporter: reporter)
        let trainings = try race.run(seeds)
        var recipes: [String: @Sendable (URL) -> String] = [:]
        for (candidate, trainings) in zip(all, trainings) {
            if let ran = trainings.first?.configuration { recipes[candidate.name] = { ran.yaml(in: $0) } }
        }
        let now = ContinuousClock.now
        let common = commonVal(trainings)
        let entries = try zip(race.candidates, trainings).map { try entry($0.name, $1, isSingle: $0.isSingle, metric, common) }
        return Comparison(
            metric: metric, seeds: seeds, entries: entries,
            embeddingSeconds: (trainingStarted - started) / .seconds(1), trainingSeconds: (now - trainingStarted) / .seconds(1),
            samples: embedded.counts, recipes: recipes,
            verdict: try verdict(entries, trainings, metric), commonRows: common?.count ?? 0)
    }

    /// Fewer val rows than these are no ground to choose on.
    private static let fewest = 10

    /// The val rows that every recipe can judge; nil where there are too few, so that each goes by its own.
    private static func commonVal(_ trainings: [[ComparedTraining]]) -> Set<String>? {
        let all = trainings.compactMap { $0.first?.val }.map { Set($0.samples.map(\.id)) }
        guard let first = all.first else { return nil }
        let common = all.dropFirst().reduce(first) { $0.intersection($1) }
        return common.count < fewest ? nil : common
    }

    private static func entry(
        _ name: String, _ trainings: [ComparedTraining], isSingle: Bool, _ metric: Metric, _ common: Set<String>?
    ) throws -> Entry {
        let figures = try trainings.map { training in
            guard let common, let val = training.val else { return training.run.val }
            return try val.ordered(common).scores([metric])[metric] ?? .nan
        }
        return Entry(
            name: name, modalities: trainings.first?.modalities ?? [], isSingle: isSingle,
            parameters: trainings.first?.parameters ?? 0, samples: trainings.first?.predictions.samples.count ?? 0,
            runs: trainings.map(\.run), test: try Estimate(trainings.map(\.predictions), metric),
            chosenBy: figures.reduce(0, +) / Double(max(1, figures.count)))
    }

    /// The best fusion against the best single modality, both chosen on val.
    private static func verdict(
        _ entries: [Entry], _ trainings: [[ComparedTraining]], _ metric: Metric
    ) throws -> Verdict? {
        func predictions(_ entry: Entry?) -> [HeadPredictions]? {
            entries.firstIndex { $0.name == entry?.name }.map { trainings[$0].map(\.predictions) }
        }
        guard let fused = predictions(best(entries.filter { !$0.isSingle }, metric)),
            let single = predictions(best(entries.filter(\.isSingle), metric))
        else { return nil }
        return try Verdict.compare(fused, single, metric)
    }

    /// Each modality of the recipes by itself: with the first recipe's settings and a plain concatenation of one, and as a fitted linear model
    /// where a fusion is one, so that single modalities have the recipes that fusions have.
    private static func singles(_ candidates: [Candidate]) throws -> [Candidate] {
        guard let fitted = candidates.first?.configuration else { return [] }
        guard fitted.modalities.count > 1 else { return [] }
        let kinds = Set(candidates.map(\.configuration.fusion.kind.isFitted)).sorted { !$0 && $1 }.map {
            $0 ? FusionKind.stacked : .concat
        }
        return try fitted.modalities.keys.sorted().flatMap { modality in
            try kinds.map { kind in
                Candidate(
                    name: "\(modality) alone" + (kind == .stacked ? ", linear" : ""),
                    configuration: try fitted.keeping([modality]).with(kind))
            }
        }
    }
}
