internal import Foundation

/// How a training was adapted to a target domain, and what unlabelled rows said of it.
public struct AdaptationRecord: Sendable, Codable, Equatable {
    /// One way to train, judged without labels of the target.
    public struct Trial: Sendable, Codable, Equatable {
        /// What `training.adaptation.method` calls it; `source` for the training without any.
        public let method: String
        /// By scorer; the higher, the better.
        public let scores: [String: Double]
        /// How many scorers prefer it to the source's own model.
        public internal(set) var votes = 0
        /// The mean over the scorers of its place among all trials, from 1.
        public internal(set) var rank = 1.0
        /// The proxy A-distance between held-out rows of the source and the target's, as the model sees them.
        public let distance: Double
        /// What training it took, in seconds.
        public let seconds: Double
        /// Figures of the source's test split by metric; empty where there is none.
        public let source: [String: Double]
        /// Figures of the target rows that judge, by metric; empty where they have no labels. They were read when all was chosen.
        public internal(set) var target: [String: Double] = [:]
    }

    /// What training without adaptation is called.
    public static let none = "source"

    /// What `training.adaptation.method` asked for.
    public let asked: String
    /// The method that was taken, or `source`.
    public let method: String
    /// Why, in a sentence.
    public let reason: String
    /// What was tried, the source's own model first; empty where a method was to be taken without judgement.
    public internal(set) var trials: [Trial]
    /// The trial that each scorer by itself would have taken.
    public let picks: [String: String]
    /// How many rows of the target were there to adapt to.
    public let adapted: Int
    /// How many judge it.
    public internal(set) var judged: Int
    /// Figures of the model that was kept, on the target rows that judge; empty where they have no labels.
    public internal(set) var target: [String: Double] = [:]

    /// Whether the model is adapted.
    public var hasHelped: Bool { method != Self.none }

    /// The share of the scorers that must prefer a method to the source's own model.
    static let quorum = 2.0 / 3

    /// Takes, of the trials that enough scorers prefer to the first, the one of best mean rank.
    ///
    /// - Parameters:
    ///   - trials: The source's own model first.
    ///   - asked: What the configuration names.
    ///   - isJudged: Whether the source's own model may stay.
    static func best(
        of trials: [Trial], asked: String, isJudged: Bool, adapted: Int, judged: Int
    ) -> AdaptationRecord {
        let names = TargetScorer.registry.names
        let trials = ranked(trials, names)
        let needed = Int((quorum * Double(names.count)).rounded(.up))
        let others = trials.dropFirst()
        let able: [Trial] = isJudged ? others.filter { $0.votes >= needed } : Array(others)
        let best = able.min { (one: Trial, other: Trial) -> Bool in
            one.rank != other.rank ? one.rank < other.rank : one.votes > other.votes
        }
        let most = others.map { $0.votes }.max() ?? 0
        let reason: String
        if let best {
            let isAsked = isJudged ? "" : "asked for without judgement; "
            reason = "\(isAsked)\(best.votes) of \(names.count) scorers prefer it to the source's own model"
        } else {
            let ever = others.count > 1 ? "no method" : asked
            reason =
                "adaptation did not help: \(ever) is preferred by \(needed) of \(names.count) scorers, as it would have to be (at most \(most)); the source's own model is kept"
        }
        var picks: [String: String] = [:]
        for name in names {
            // Of equals the first: the source's own model.
            let highest = trials.compactMap { $0.scores[name] }.max()
            picks[name] = trials.first { $0.scores[name] == highest }?.method ?? none
        }
        return AdaptationRecord(
            asked: asked, method: best?.method ?? none, reason: reason, trials: trials,
            picks: picks, adapted: adapted, judged: judged)
    }

    private static func ranked(_ trials: [Trial], _ names: [String]) -> [Trial] {
        guard let first = trials.first else { return trials }
        let score = { (trial: Trial, name: String) -> Double in trial.scores[name] ?? -.infinity }
        return trials.map { one -> Trial in
            var trial = one
            trial.votes = names.count { name in score(trial, name) > score(first, name) }
            let places = names.map { name -> Double in
                let (own, all) = (score(trial, name), trials.map { score($0, name) })
                return Double(all.count { $0 > own }) + Double(all.count { $0 == own } + 1) / 2
            }
            trial.rank = places.reduce(0, +) / Double(max(1, places.count))
            return trial
        }
    }
}
