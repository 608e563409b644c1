internal import Foundation
internal import Torch

/// What a probe of several encoders came to.
public struct ProbeResult: Sendable {
    /// One encoder's.
    public struct Figures: Sendable, Encodable {
        /// What it encodes.
        public let modality: Modality
        /// What the configuration calls its weights.
        public let encoder: String
        /// For example `resnet18`.
        public let architecture: String
        /// The labelled rows that have the modality.
        public let rows: Int
        /// The size of an embedding.
        public let dimension: Int
        /// How many numbers its weights are.
        public let parameters: Int
        /// The metric of a linear model of its embeddings, on rows that it has not seen; nil where it is undefined.
        public let score: Estimate?
        /// That model's mean loss on these rows.
        public let loss: Double
        /// The loss of each row.
        let rowLosses: [Double]
        /// LogME (You et al. 2021) of the embeddings as they are; higher is better.
        public let logME: Double
        /// The H-score (Bao et al. 2019), shrunk; higher is better. nil where labels are no classes.
        public let hScore: Double?
        /// Reading, preparing and encoding a sample on one core.
        public let milliseconds: Double

        private enum CodingKeys: String, CodingKey {
            case modality, encoder, architecture, rows, dimension, parameters, score, loss, milliseconds
            case logME = "logme"
            case hScore = "h_score"
        }
    }

    /// Every encoder's, in the order they were given.
    public let encoders: [Figures]
    /// The best of each modality together, weighed by what held-out rows show; nil where there is one modality, or no row has all.
    public let together: Estimate?
    /// The metric of the scores.
    public let metric: Metric
    /// In how many parts rows were held out.
    public let folds: Int
    /// By modality, the one to take, as given.
    let chosen: [Modality: EncoderProbe.Candidate]
    /// By modality: the number of the one to take among `encoders`.
    let choice: [Modality: Int]

    init(_ found: [ProbedEncoder], rows: [Sample], _ question: EncoderProbe.Question) throws {
        encoders = found.map(\.figures)
        (metric, folds) = (question.metric, question.folds)
        let numbers = Dictionary(grouping: found.indices) { found[$0].candidate.modality }
        choice = numbers.mapValues { Self.choose($0, found) }
        chosen = choice.mapValues { found[$0].candidate }
        together =
            choice.count > 1 ? try Self.together(choice.sorted { $0.key < $1.key }.map { found[$0.value] }, rows, question) : nil
    }

    /// The quickest of those that the best does not beat by more than the standard error of the difference on the same rows.
    private static func choose(_ numbers: [Int], _ found: [ProbedEncoder]) -> Int {
        let best = numbers.min { found[$0].figures.loss < found[$1].figures.loss } ?? numbers[0]
        let able = numbers.filter { number in
            let lead = Interval(zip(found[number].figures.rowLosses, found[best].figures.rowLosses).map { $0 - $1 })
            return number == best || lead.mean <= (lead.deviation ?? 0) / Double(max(1, lead.count)).squareRoot()
        }
        return able.min { found[$0].figures.milliseconds < found[$1].figures.milliseconds } ?? best
    }

    /// What linear models of several modalities say together.
    private static func together(_ found: [ProbedEncoder], _ rows: [Sample], _ question: EncoderProbe.Question) throws -> Estimate?
    {
        let places = Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($1.id, $0) })
        // Models of all rows are not asked for here.
        let none = try Tensor.zeros([0])
        let experts = found.map { probed in
            StackedFit.Expert(
                samples: probed.samples.compactMap { places[$0.id] },
                fit: ViewFit(heldOut: probed.path.heldOut, loss: probed.path.loss, choice: [:], values: []))
        }
        let set = FittingSet(
            samples: rows, presence: rows.map { row in found.map { row.has($0.candidate.modality) } },
            embeddings: found.map { _ in none },
            losses: [try HeadLoss(question.target, rows, source: question.source, device: .cpu)],
            labels: [try LabelledValues(rows, question.target, question.source)],
            folds: Folds(rows, by: question.stratum, count: question.folds, seed: question.seed))
        let views = found.indices.map { StackedFusion.View(modalities: [$0], isKernel: false) }
        let votes = StackedVotes(views: views, experts: experts, set: set, head: 0)
        let logits = try withoutGradient { try votes.fused(votes.table()) }
        return try Estimate(
            [HeadPredictions(logits: logits, question.target, samples: rows, source: question.source)], question.metric)
    }

}
