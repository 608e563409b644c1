internal import Foundation

/// How a training was adapted to a target domain, and what unlabelled rows said of it.
public struct AdaptationRecord: Sendable, Codable, Equatable {
    /// One way to train, judged without labels of the target.
    public struct Trial: Sendable, Codable, Equatable {
        /// What `training.adaptation.method` calls it; `source` for the training without any.
        public let method: String
        /// By scorer; the higher, the better.
        public let scores: [String: Double]
        /// How many kinds of evidence prefer it to the source's own model.
        public internal(set) var votes = 0
        /// How many prefer the source's own model to it.
        public internal(set) var against = 0
        /// The mean over the kinds of evidence of its place among all trials, from 1.
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

    /// The share of what it could say, ln K nats of K classes, that the answers of some model must say of the rows for any to be judged by its answers.
    static let leastInformation = 0.2

    /// Takes, of the trials that can be taken, the one of best mean rank.
    ///
    /// - Parameters:
    ///   - trials: The source's own model first.
    ///   - asked: What the configuration names.
    ///   - isJudged: Whether the source's own model may stay.
    ///   - classes: How many there are.
    static func best(
        of trials: [Trial], asked: String, isJudged: Bool, classes: Int, adapted: Int, judged: Int
    ) -> AdaptationRecord {
        let trials = ranked(trials)
        let others = trials.dropFirst()
        let structure = TargetScorer.structure.name
        let own = trials.first?.scores[structure] ?? -.infinity
        let isBlind = !isTelling(trials, classes)
        let able: [Trial] = others.filter { trial in
            !isJudged || (!isBlind && trial.votes > trial.against && (trial.scores[structure] ?? -.infinity) >= own)
        }
        let best = able.min { (one: Trial, other: Trial) -> Bool in
            one.rank != other.rank ? one.rank < other.rank : one.votes > other.votes
        }
        var picks: [String: String] = [:]
        for name in TargetScorer.registry.names {
            // Of equals the first: the source's own model.
            let highest = trials.compactMap { $0.scores[name] }.max()
            picks[name] = trials.first { $0.scores[name] == highest }?.method ?? none
        }
        let reason = best.map { taken($0, isJudged: isJudged) } ?? kept(others, asked, isBlind: isBlind)
        return AdaptationRecord(
            asked: asked, method: best?.method ?? none, reason: reason, trials: trials,
            picks: picks, adapted: adapted, judged: judged)
    }

    private static func taken(_ best: Trial, isJudged: Bool) -> String {
        let kinds = TargetScorer.Evidence.voting.count
        let isAsked = isJudged ? "" : "asked for without judgement; "
        return "\(isAsked)\(best.votes) of \(kinds) kinds of evidence prefer it to the source's own model, \(best.against) do not"
    }

    private static func kept(_ others: ArraySlice<Trial>, _ asked: String, isBlind: Bool) -> String {
        let ever = others.count > 1 ? "no method" : asked
        let cause =
            isBlind
            ? "no model's answers say enough of the rows for any to be judged by them"
            : "\(ever) is preferred by most kinds of evidence, by the rows' own structure among them, as it would have to be"
        return "adaptation did not help: \(cause); the source's own model is kept"
    }

    /// Whether the answers of any model differ from row to row by more than chance: scorers read nothing else.
    private static func isTelling(_ trials: [Trial], _ classes: Int) -> Bool {
        let most = trials.compactMap { $0.scores[TargetScorer.information.name] }.max() ?? 0
        return most >= leastInformation * log(Double(max(2, classes)))
    }

    /// Each kind of evidence places the trials by the mean of its scorers' places, and prefers what it places before the first.
    private static func ranked(_ trials: [Trial]) -> [Trial] {
        guard !trials.isEmpty else { return trials }
        let kinds = TargetScorer.Evidence.voting.map { kind -> [Double] in
            let scorers = TargetScorer.registry.all.filter { $0.evidence == kind }
            let places = scorers.map { scorer in Self.places(trials.map { $0.scores[scorer.name] ?? -.infinity }) }
            return trials.indices.map { index in places.reduce(0) { $0 + $1[index] } / Double(max(1, places.count)) }
        }
        return trials.enumerated().map { index, one -> Trial in
            var trial = one
            trial.votes = kinds.count { $0[index] < $0[0] }
            trial.against = kinds.count { $0[index] > $0[0] }
            trial.rank = kinds.reduce(0) { $0 + $1[index] } / Double(max(1, kinds.count))
            return trial
        }
    }

    /// The place of each, 1 for the highest; equals share the mean of theirs.
    private static func places(_ scores: [Double]) -> [Double] {
        scores.map { own in Double(scores.count { $0 > own }) + Double(scores.count { $0 == own } + 1) / 2 }
    }
}
