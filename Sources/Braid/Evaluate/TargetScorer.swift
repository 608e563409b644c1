internal import Foundation
internal import Torch

/// What is known of a model on a target domain whose labels nobody has.
public struct TargetEvidence: Sendable {
    /// Probabilities of each row of the target, `[N][K]`.
    public let probabilities: [[Double]]
    /// Of rows of the source that the model has not learnt from: 1 where it is wrong, else 0.
    public let wrong: [Double]
    /// How much likelier each of these rows is in the target than in the source.
    public let weights: [Double]
    /// The share of each class in the source.
    public let prior: [Double]
    /// The class that all models together give each row of the target.
    public let consensus: [Int]
    /// The group of each row of the target among its neighbours, by what the encoders make of it, which is the same for all models.
    public let groups: [Int]

    /// Makes one from its parts.
    public init(
        probabilities: [[Double]], wrong: [Double], weights: [Double], prior: [Double], consensus: [Int], groups: [Int]
    ) {
        (self.probabilities, self.wrong, self.weights) = (probabilities, wrong, weights)
        (self.prior, self.consensus, self.groups) = (prior, consensus, groups)
    }

    /// The mean probability of each class over the target.
    var shares: [Double] {
        (0..<(probabilities.first?.count ?? 0)).map { column in
            probabilities.reduce(0) { $0 + $1[column] } / Double(max(1, probabilities.count))
        }
    }

    /// The mean entropy of a row, in nats.
    var meanEntropy: Double {
        probabilities.reduce(0) { $0 + Self.entropy($1) } / Double(max(1, probabilities.count))
    }

    static func entropy(_ row: [Double]) -> Double {
        let terms = row.map { (share: Double) -> Double in share > 0 ? -share * log(share) : 0 }
        return terms.reduce(0, +)
    }
}

/// Says without labels of the target how well a model may do there. One more is a value and its line in the registry.
public struct TargetScorer: Registrable {
    /// What a scorer goes by. Each kind of evidence has one vote, however many scorers go by it.
    public enum Evidence: String, CaseIterable, Sendable {
        /// How sure the answers are, and how many classes they give.
        case certainty
        /// Whether the classes are as common as in the source.
        case shares
        /// Whether other models answer alike.
        case consensus
        /// Whether rows that lie together get the same class.
        case structure
        /// How often the model is wrong on rows of the source. Told, but without a vote: a model that is seldom wrong there is ranked by chance.
        case source

        /// Whether it has a vote.
        var votes: Bool { self != .source }

        /// Those that have a vote.
        static let voting = allCases.filter(\.votes)
    }

    /// What errors call one of them.
    public static let noun = "a scorer of adaptation"
    /// What tables call it.
    public let name: String
    /// What it goes by.
    public let evidence: Evidence
    /// Where it is described.
    public let paper: String
    /// The higher, the better.
    public let score: @Sendable (TargetEvidence) throws -> Double

    /// Makes one from its parts.
    public init(
        _ name: String, _ evidence: Evidence, paper: String, score: @escaping @Sendable (TargetEvidence) throws -> Double
    ) {
        (self.name, self.evidence, self.paper, self.score) = (name, evidence, paper, score)
    }

    /// Every scorer there is, in the order of tables.
    public static let registry = Registry<TargetScorer>([
        .entropy, .information, .confusion, .density, .balance, .agreement, .structure, .importance, .embedded,
    ])

    /// How sure the model is.
    static let entropy = TargetScorer("entropy", .certainty, paper: "Morerio et al. 2018, arXiv:1711.10288") { -$0.meanEntropy }

    /// How sure it is of each row, and how many classes it gives.
    static let information = TargetScorer("information", .certainty, paper: "Krause et al. 2010, NeurIPS") {
        TargetEvidence.entropy($0.shares) - $0.meanEntropy
    }

    /// How little the classes that it gives run into each other.
    static let confusion = TargetScorer("mcc", .certainty, paper: "Jin et al. 2020, arXiv:1912.03699") { evidence in
        let logits = try rows(evidence.probabilities).clamped(atLeast: 1e-12).log()
        return try -MinimumConfusion.value(logits, temperature: 2.5).item()
    }

    /// How alike a row's answers and those of its neighbours are.
    static let density = TargetScorer("snd", .certainty, paper: "Saito et al. 2021, arXiv:2108.10860") { evidence in
        let some = every(evidence.probabilities, atMost: 1000)
        let directions = try rows(some).normalized()
        let similarity = try directions.matmul(directions.transposed(0, 1)).scaled(by: 20)
        let size = some.count
        // A row is no neighbour of its own.
        let own = try Tensor.identity(size).converted(to: .float32).scaled(by: 1e4)
        let shares = try (similarity - own).softmax(1)
        let logarithms = try shares.clamped(atLeast: 1e-20).log()
        return try -(shares * logarithms).sum([1]).mean().item()
    }

    /// How near the shares of the classes are to those of the source.
    static let balance = TargetScorer("balance", .shares, paper: "docs/transfer-adaptation.md") { evidence in
        var divergence = 0.0
        for (share, prior) in zip(evidence.shares, evidence.prior) where share > 0 {
            divergence += share * log(share / max(prior, 1e-6))
        }
        return -divergence
    }

    /// How many rows get the class that all models together give them.
    static let agreement = TargetScorer("agreement", .consensus, paper: "Hu et al. 2023, arXiv:2308.12470") { evidence in
        let same = zip(evidence.probabilities, evidence.consensus).count { $0.0.likeliestIndex == $0.1 }
        return Double(same) / Double(max(1, evidence.probabilities.count))
    }

    /// How much the classes that are given tell of which rows lie together.
    static let structure = TargetScorer("structure", .structure, paper: "Musgrave et al. 2022, arXiv:2208.07360") { evidence in
        AdjustedInformation.value(evidence.probabilities.map(\.likeliestIndex), evidence.groups)
    }

    /// Minus the error on held-out rows of the source, each counting as much as it is likelier in the target, the weights adding up to 1.
    static let importance = TargetScorer("iwv", .source, paper: "Sugiyama et al. 2007, JMLR 8") { evidence in
        let losses = zip(evidence.wrong, evidence.weights).map { $0 * $1 }
        return -losses.reduce(0, +) / max(evidence.weights.reduce(0, +), 1e-12)
    }

    /// The same with the weights as they are, and their mean, which should be 1, as a control variate.
    static let embedded = TargetScorer("dev", .source, paper: "You et al. 2019, ICML 97") { evidence in
        let count = Double(max(1, evidence.wrong.count))
        let losses = zip(evidence.wrong, evidence.weights).map { $0 * $1 }
        let (loss, weight) = (losses.reduce(0, +) / count, evidence.weights.reduce(0, +) / count)
        let (offLoss, offWeight) = (losses.map { $0 - loss }, evidence.weights.map { $0 - weight })
        let together = zip(offLoss, offWeight).map { $0 * $1 }.reduce(0, +) / count
        let spread = offWeight.map { $0 * $0 }.reduce(0, +) / count
        let eta = spread > 0 ? -together / spread : 0
        return -(loss + eta * weight - eta)
    }

    private static func rows(_ values: [[Double]]) throws -> Tensor {
        try Tensor(values.flatMap { $0.map(Float.init) }, shape: [values.count, values.first?.count ?? 0])
    }

    private static func every(_ values: [[Double]], atMost most: Int) -> [[Double]] {
        guard values.count > most else { return values }
        return (0..<most).map { values[$0 * values.count / most] }
    }
}

extension Array where Element == Double {
    /// The place of the largest.
    var likeliestIndex: Int { indices.max { self[$0] < self[$1] } ?? 0 }
}
