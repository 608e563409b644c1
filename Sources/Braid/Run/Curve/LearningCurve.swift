public import Foundation
internal import Torch

/// How good a recipe is with so many labels a class, drawn again and again: on embeddings of its frozen encoders (transfer), beside the same
/// encoders trained from random weights on the same labels (scratch). The test split judges, and no choice looks at it.
public struct LearningCurve {
    /// How it is asked for.
    public struct Settings: Sendable {
        /// The numbers of labels a class, and whether all labels come last.
        public let shots: Shots
        /// How many times labels are drawn.
        public let draws: Int
        /// Another seed draws others.
        public let seed: Int
        /// The classifiers and fusions that are trained beside each other in place of the configuration's own; empty for that alone.
        public let heads: [String]
        /// Whether the encoders are also trained from random weights.
        public let withScratch: Bool
        /// The figure that so many labels are looked for to reach; nil: none.
        public let target: Double?
        /// What is judged; nil for the metric that early stopping goes by.
        public let metric: Metric?
        /// How many trainings run at a time on the CPU, each on one thread; nil for as many as there are processors.
        public let jobs: Int?

        /// Settings from their parts.
        public init(
            shots: Shots, draws: Int = 5, seed: Int = 0, heads: [String] = [], withScratch: Bool = true, target: Double? = nil,
            metric: Metric? = nil, jobs: Int? = nil
        ) {
            (self.shots, self.draws, self.seed, self.heads) = (shots, draws, seed, heads)
            (self.withScratch, self.target, self.metric, self.jobs) = (withScratch, target, metric, jobs)
        }
    }

    let configuration: Configuration
    let folder: URL
    let settings: Settings
    let metric: Metric
    let reporter: any Reporter

    /// - Parameters:
    ///   - configuration: The recipe; its encoders must be frozen.
    ///   - folder: Where results go.
    ///   - settings: How it is asked for.
    ///   - reporter: Is told of progress.
    /// - Throws: `BraidError` where the first head does not tell classes, or the metric cannot judge it.
    public init(
        _ configuration: Configuration, into folder: URL, _ settings: Settings, reporter: any Reporter = SilentReporter()
    ) throws {
        let head = configuration.heads[0]
        guard head.kind.form == .classes else {
            throw BraidError(.usage, "a curve counts labels a class: a \(head.kind) head has none that exclude each other")
        }
        let stopping = configuration.training.earlyStoppingMetric
        metric = settings.metric ?? (stopping == .loss || !stopping.forms.contains(.classes) ? head.task.stoppingMetric : stopping)
        guard metric != .loss, metric.forms.contains(.classes) else {
            throw BraidError(.usage, "\(metric.name) cannot judge a \(head.kind) task")
        }
        (self.configuration, self.folder, self.settings, self.reporter) = (configuration, folder, settings, reporter)
    }

    /// Trains everything, or goes on with what an interrupted curve left, and writes `curve.csv`, `curve.json`, `curve.svg`, `curve.html` and
    /// `curve.txt`.
    ///
    /// - Parameter resume: Whether results that lie in the folder are taken over.
    /// - Throws: `BraidError` where nothing can be trained, or the folder holds another curve already.
    public func callAsFunction(resume: Bool = false) throws -> Outcome {
        configuration.noteIdle(["evaluation", "search", "tracking"], in: "curve", reporter)
        let recipes = try recipes()
        var embedded = try SharedEmbeddings(recipes.map(\.configuration), for: .curve, reporter: reporter)
        let sideBySide = try SideBySide(on: embedded.device, jobs: settings.jobs)
        let draws = try CurveDraws(embedded.manifest, configuration.heads[0], settings.shots, seed: settings.seed, reporter)
        let log = try ResultLog<CurvePoint>(folder, "curve", resume: resume)
        defer { log.close() }
        try embedded.embed()
        let data = "\(try Fingerprint.of(configuration.manifestURL)) \(metric.name)"
        let all = try recipes.map { CurveRecipe(name: $0.name, configuration: try embedded.fitted($0.configuration), scratch: nil) }
        let scratch = settings.withScratch ? try scratch(all[0].configuration, embedded) : []
        let work = (all + scratch).flatMap { recipe in
            draws.shots.flatMap { shots in (0..<settings.draws).map { Work(recipe: recipe, shots: shots, draw: $0) } }
        }
        let progress = SharedProgress(reporter.begin("training", total: work.count))
        // Trainings only read what is embedded.
        nonisolated(unsafe) let shared = (embedded, work)
        let (metric, reporter) = (metric, reporter)
        let points = try sideBySide(work.count) { number in
            try reporter.checkStopping()
            defer { progress.advance() }
            let (embedded, task) = (shared.0, shared.1[number])
            let rows = draws.rows(task.shots, draw: task.draw)
            let seed = task.recipe.configuration.training.seed + task.draw
            let ran = try task.recipe.configuration(for: rows, seed: seed)
            let key = Fingerprint.of("\(data) \(rows.description)\n\(ran.yaml)")
            if var known = log.result(key) {
                // The same training may have had another name: a head that was the recipe's own, all labels that are as many as asked for.
                (known.system, known.shots, known.draw) = (task.recipe.name, task.shots, task.draw)
                return known
            }
            let point = try task.recipe.train(ran, rows, metric, embedded, shots: task.shots, draw: task.draw, key: key)
            try log.add(point)
            return point
        }
        progress.finish()
        let outcome = Outcome(
            points: points, metric: metric, systems: (all + scratch).map(\.name), scratch: scratch.first?.name,
            shots: draws.shots.map { CurveShots(shots: $0, labels: draws.labels($0), perClass: draws.perClass($0)) },
            draws: settings.draws,
            target: settings.target, testRows: embedded.counts["test"] ?? 0)
        try outcome.write(to: folder)
        return outcome
    }

    private struct Work {
        let recipe: CurveRecipe
        /// nil: all.
        let shots: Int?
        let draw: Int
    }

    /// What is trained on embeddings: the recipe itself, or it with each of the heads asked for.
    private func recipes() throws -> [(name: String, configuration: Configuration)] {
        guard !settings.heads.isEmpty else {
            guard configuration.fusion.kind.isAutomatic else { return [("transfer", configuration)] }
            reporter.note("fusion.type: auto: stacked is taken; of a few labels none can be held out to choose by")
            return [("transfer", try configuration.trying(["fusion.type": FusionKind.stacked.name]))]
        }
        return try settings.heads.map { name in
            if let kind = FusionKind.registry[name], !kind.isAutomatic {
                return (name, try configuration.trying(["fusion.type": kind.name]))
            }
            guard ClassifierKind.registry[name] != nil else {
                let known = FusionKind.fusions.map(\.name) + ClassifierKind.registry.names
                throw BraidError(.usage, "--heads \(name): expected any of \(known.joined(separator: ", "))")
            }
            return (name, try configuration.trying(["fusion.type": FusionKind.stacked.name, ClassifierKind.key: name]))
        }
    }

    /// The encoders from random weights, all of them trained.
    private func scratch(_ transfer: Configuration, _ embedded: SharedEmbeddings) throws -> [CurveRecipe] {
        let configuration = try transfer.fromScratch()
        let (recipe, weights) = try CurveRecipe.scratch(configuration, embedded, reporter)
        reporter.note(
            "scratch: \(settings.draws * (settings.shots.few.count + (settings.shots.withAll ? 1 : 0))) trainings of \(weights) weights, each many times as long as one on embeddings; --no-scratch leaves them out"
        )
        return [recipe]
    }
}

/// Numbers of labels a class.
public struct Shots: Sendable, Equatable {
    /// In ascending order.
    public let few: [Int]
    /// Whether all labels come last.
    public let withAll: Bool

    /// Reads `1,2,4,all`.
    ///
    /// - Throws: `BraidError` where it is no such list.
    public init(_ text: String) throws {
        let parts = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        let numbers = parts.filter { $0 != "all" }.map { Int($0) ?? 0 }
        guard !parts.isEmpty, numbers.allSatisfy({ $0 > 0 }), Set(parts).count == parts.count else {
            throw BraidError(.usage, "--shots \(text): expected different whole numbers from 1 up with commas between, or all")
        }
        (few, withAll) = (numbers.sorted(), parts.contains("all"))
    }
}
