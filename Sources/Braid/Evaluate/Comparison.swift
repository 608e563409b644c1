internal import Foundation

/// Several recipes, each trained with several seeds on the same embeddings, and each modality by itself beside them.
public struct Comparison: Sendable {
    /// One training.
    public struct Run: Sendable, Codable {
        /// The seed of initial weights, order and dropout.
        public let seed: Int
        /// Of the best epoch, on the val split: what recipes are chosen by.
        public let val: Double
        /// On the test split.
        public let test: Double
        /// The number of the best epoch, from 1.
        public let bestEpoch: Int
        /// How many epochs were trained.
        public let epochs: Int
        /// What training and calibration took, in seconds, embedding not among it.
        public let trainSeconds: Double
        /// Fusing and classifying a thousand samples whose embeddings are at hand.
        public let milliseconds: Double

        private enum CodingKeys: String, CodingKey {
            case seed, val, test, epochs, milliseconds
            case bestEpoch = "best_epoch"
            case trainSeconds = "train_seconds"
        }
    }

    /// A recipe's trainings.
    public struct Entry: Sendable, Codable {
        /// The recipe's name, or the modality's with `alone`.
        public let name: String
        /// What the model takes.
        public let modalities: [Modality]
        /// Whether it is one modality by itself.
        public let isSingle: Bool
        /// What was trained, encoders not among it.
        public let parameters: Int
        /// Of the test split.
        public let samples: Int
        /// A training a seed, in the order of the seeds; fewer than there are seeds where the recipe was given up.
        public let runs: [Run]
        /// The figure of the test split, over rows and seeds; nil where the metric is undefined there.
        public let test: Estimate?
        /// The mean figure on the val rows that every recipe can judge: what recipes are chosen by.
        public let chosenBy: Double

        private enum CodingKeys: String, CodingKey {
            case name, modalities, parameters, samples, runs, test
            case isSingle = "is_single"
            case chosenBy = "chosen_by"
        }

        /// The figure of the val split over the seeds.
        public var val: Interval { Interval(runs.map(\.val)) }
        /// The mean time of a training, in seconds.
        public var trainSeconds: Double { Interval(runs.map(\.trainSeconds)).mean }
        /// The mean time of fusing and classifying a thousand samples, in milliseconds.
        public var milliseconds: Double { Interval(runs.map(\.milliseconds)).mean }
    }

    /// The metric that recipes are compared by.
    public let metric: Metric
    /// The seeds that each recipe was trained with.
    public let seeds: [Int]
    /// The recipes in their order, then the single modalities.
    public let entries: [Entry]
    /// Spent on reading and embedding the samples.
    public let embeddingSeconds: Double
    /// Spent on all trainings.
    public let trainingSeconds: Double
    /// How many samples each split has, by its name.
    public let samples: [String: Int]

    /// By recipe: the configuration that ran, with the first seed, as a document for a folder.
    let recipes: [String: @Sendable (URL) -> String]
    /// The best fusion against the best single modality, on the test rows that both can judge; nil where there is no other.
    public let verdict: Verdict?
    /// How many val rows every recipe can judge, by which the best were chosen; 0 where each went by its own.
    public let commonRows: Int

    /// The best by the mean on the val split, of those that were not given up: choosing on the test split would flatter the choice.
    static func best(_ entries: [Entry], _ metric: Metric) -> Entry? {
        let seeds = entries.map(\.runs.count).max()
        let whole = entries.filter { $0.runs.count == seeds }
        return whole.filter { $0.chosenBy.isFinite }.max {
            metric.isBetterWhenHigher ? $0.chosenBy < $1.chosenBy : $0.chosenBy > $1.chosenBy
        } ?? whole.first
    }

    /// The recipes that were behind on val beyond doubt, so that they were not trained with every seed.
    public var givenUp: [Entry] { entries.filter { $0.runs.count < seeds.count } }

    /// The recipe with the best mean on the val split; nil where there is none.
    public var bestFusion: Entry? { Self.best(entries.filter { !$0.isSingle }, metric) }
    /// The single modality with the best mean on the val split; nil where none was trained by itself.
    public var bestSingle: Entry? { Self.best(entries.filter(\.isSingle), metric) }
}
