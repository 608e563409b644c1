public import Foundation
internal import Torch

/// Looks for a better recipe: draws some at random, trains all of them shortly, the better third longer, and the best of those in full
/// (successive halving, Jamieson and Talwalkar 2016, arXiv:1502.07943). Encoders stay frozen and run once; the test split is not looked at.
public struct Search {
    /// What is searched around; its `search` section says how.
    public let configuration: Configuration
    /// Where results go, one after the other.
    public let folder: URL
    /// What recipes are judged by.
    public let metric: Metric
    /// How many trainings run at a time on the CPU, each on one thread; nil for as many as there are processors.
    public let jobs: Int?
    /// Is told of progress, and of draws that were refused.
    public let reporter: any Reporter

    /// What a search came to.
    public struct Outcome: Sendable {
        /// Every result, rung by rung.
        public let results: [SearchResult]
        /// Those of the last rung, the best first.
        public let finalists: [SearchResult]
        /// The metric recipes were judged by.
        public let metric: Metric
        /// How many folds judged; 0: the val split did.
        public let folds: Int
        /// The rows that judged.
        public let rows: Int
        /// The best recipe, as a document.
        public let best: String
    }

    /// - Parameters:
    ///   - configuration: What is searched around; its encoders must be frozen.
    ///   - folder: Where results go.
    ///   - metric: What recipes are judged by; nil for the metric that early stopping goes by.
    ///   - jobs: How many trainings run at a time.
    ///   - reporter: Is told of progress.
    /// - Throws: `BraidError` where the metric cannot judge the first head, or goes by a loss.
    public init(
        _ configuration: Configuration, into folder: URL, metric: Metric? = nil, jobs: Int? = nil,
        reporter: any Reporter = SilentReporter()
    ) throws {
        let stopping = configuration.training.earlyStoppingMetric
        let head = configuration.heads[0]
        let chosen = metric ?? (stopping == .loss || !stopping.forms.contains(head.kind.form) ? head.task.stoppingMetric : stopping)
        guard chosen != .loss, chosen.forms.contains(head.kind.form) else {
            throw BraidError(.usage, "\(chosen.name) cannot judge a \(head.kind) task")
        }
        (self.configuration, self.folder, self.metric, self.jobs) = (configuration, folder, chosen, jobs)
        self.reporter = reporter
    }

    /// Of the recipes of a rung, one in this many goes on.
    private static let reduction = 3

    /// Searches, or goes on with what an interrupted search left.
    ///
    /// - Parameter resume: Whether results that lie in the folder are taken over.
    /// - Throws: `BraidError` where nothing can be tried, or the folder holds another search already.
    public func callAsFunction(resume: Bool = false) throws -> Outcome {
        configuration.noteIdle(["evaluation", "tracking"], in: "search", reporter)
        var embedded = try SharedEmbeddings([configuration], for: .search, reporter: reporter)
        _ = try SideBySide(on: embedded.device, jobs: jobs)
        let trials = try SearchDraws(configuration: embedded.fitted(configuration), reporter: reporter).trials()
        let log = try ResultLog<SearchResult>(folder, "search", resume: resume)
        defer { log.close() }
        embedded = try SharedEmbeddings(trials.map(\.configuration), for: .search, reporter: reporter)
        try embedded.embed()
        let folds = configuration.search.folds
        let data = "\(try Fingerprint.of(configuration.manifestURL)) \(metric.name) \(folds)"
        var (racing, results): ([SearchTrial], [[SearchResult]]) = (trials, [])
        for epochs in rungs(trials) {
            let found = try run(racing, epochs: epochs, data, log, embedded)
            results.append(found)
            let kept = Set(found.sorted { $0.isBetter(than: $1, metric) }.prefix(max(1, found.count / Self.reduction)).map(\.trial))
            // What was given stays, so that the best can be held against it.
            racing = racing.filter { kept.contains($0.number) || $0.number == 0 }
        }
        let finalists = (results.last ?? []).sorted { $0.isBetter(than: $1, metric) }
        guard let best = finalists.first, let trial = trials.first(where: { $0.number == best.trial }) else {
            throw BraidError(.internal, "a search without a result")
        }
        let outcome = Outcome(
            results: results.flatMap { $0 }, finalists: finalists, metric: metric, folds: folds,
            rows: embedded.counts[folds > 0 ? "train" : "val"] ?? 0, best: trial.configuration.yaml(in: folder))
        try outcome.write(to: folder)
        return outcome
    }

    /// The epochs of each rung. Where nothing is trained by epochs, or only a few recipes are, there is one.
    private func rungs(_ trials: [SearchTrial]) -> [Int] {
        let whole = configuration.training.epochs
        guard trials.contains(where: { !$0.configuration.fusion.kind.isFitted }) else { return [whole] }
        let steps = [9, 3, 1].filter { trials.count >= Self.reduction * $0 || $0 == 1 }
        let epochs = steps.map { max(1, (whole + $0 - 1) / $0) }
        return epochs.indices.filter { $0 + 1 == epochs.count || epochs[$0] < epochs[$0 + 1] }.map { epochs[$0] }
    }

    /// What each trial comes to with so many epochs; known results are taken over.
    private func run(
        _ trials: [SearchTrial], epochs: Int, _ data: String, _ log: ResultLog<SearchResult>, _ embedded: SharedEmbeddings
    ) throws -> [SearchResult] {
        let progress = SharedProgress(reporter.begin("searching, \(epochs) epochs", total: trials.count))
        nonisolated(unsafe) let embedded = embedded
        let (metric, folds, reporter) = (metric, configuration.search.folds, reporter)
        let found = try SideBySide(on: embedded.device, jobs: jobs)(trials.count) { number in
            try reporter.checkStopping()
            defer { progress.advance() }
            let trial = trials[number]
            let key = Fingerprint.of("\(data)\n\(try trial.configuration(epochs: epochs).yaml)")
            if var known = log.result(key) {
                // A recipe without epochs comes to the same on every rung.
                known.epochs = epochs
                return known
            }
            let result = try trial.run(epochs: epochs, key: key, metric, folds: folds, embedded)
            try log.add(result)
            return result
        }
        progress.finish()
        return found
    }
}
