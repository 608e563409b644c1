internal import Foundation
internal import Torch

/// What a soup was made of: the mean of several epochs' weights.
public struct SoupRecord: Codable, Sendable {
    /// An epoch that could be taken in.
    public struct Ingredient: Codable, Sendable {
        /// From 1.
        public let epoch: Int
        /// What val said of the epoch alone; nil where the metric is undefined.
        public let val: Double?
        /// What val says of the mean with it and all that were taken before; nil where that was not asked, or is undefined.
        public let mean: Double?
        /// Whether it was taken.
        public let isTaken: Bool

        private enum CodingKeys: String, CodingKey {
            case epoch, val, mean
            case isTaken = "taken"
        }
    }

    /// `uniform` or `greedy`.
    public let kind: String
    /// The metric that judged on val; with several heads behind the head's name.
    public let metric: String
    /// In the order in which they were tried, the best first.
    public let ingredients: [Ingredient]
    /// What val says of the best epoch alone.
    public let before: Double?
    /// What val says of the soup.
    public let after: Double?

    /// The epochs that were taken, in the order in which they were.
    public var epochs: [Int] { ingredients.filter(\.isTaken).map(\.epoch) }

    /// A sentence for the report.
    public var summary: String {
        let names = epochs.sorted().map(String.init).joined(separator: ", ")
        let value = { (value: Double?) in value.map { String(format: "%.4f", $0) } ?? "n/a" }
        return
            "Soup (\(kind)): the mean of the weights of \(epochs.count == 1 ? "epoch" : "epochs") \(names), of \(ingredients.count) that were kept; val \(metric) \(value(before)) by epoch \(ingredients.first?.epoch ?? 0) alone, \(value(after)) by the soup. Running statistics of batch norms are averaged with the weights."
    }
}

/// Averages the weights of a training's best epochs: a model soup (Wortsman et al. 2022, arXiv:2203.05482), whose ingredients are epochs of one
/// training where the paper's are trainings.
///
/// Everything that checkpoints keep is averaged, adapters' factors and running statistics among it; counters are the best epoch's.
struct WeightSoup {
    let kind: AveragingSettings.Soup
    let settings: TrainingSettings
    /// What the record calls the figure that judges.
    let metricName: String
    /// What is averaged: where the weights lie, and where the mean is put.
    let entries: [ParameterStore.Entry]
    /// Puts an epoch's weights into the entries.
    let restore: (Int) throws -> Void
    /// What val says of the entries' weights.
    let judge: () throws -> Double?

    /// Makes the soup, and leaves it in the entries.
    func callAsFunction(_ ranked: [RankedEpoch]) throws -> SoupRecord {
        guard let first = ranked.first else { throw BraidError(.internal, "a soup of no epoch") }
        try restore(first.epoch)
        let mean = try entries.map { try $0.tensor.detached().cloned() }
        let before = try judge()
        var ingredients = [SoupRecord.Ingredient(epoch: first.epoch, val: first.value, mean: before, isTaken: true)]
        var current = before
        var count = 1
        for other in ranked.dropFirst() {
            try restore(other.epoch)
            let wider = try withoutGradient { try Self.mean(mean, entries, count) }
            try put(wider)
            let isLast = other == ranked.last
            let value = kind == .greedy || isLast ? try judge() : nil
            let isTaken = kind == .uniform || isAsGood(value, as: current)
            ingredients.append(.init(epoch: other.epoch, val: other.value, mean: value, isTaken: isTaken))
            guard isTaken else { continue }
            try withoutGradient { for (own, new) in zip(mean, wider) { try own.copyInPlace(from: new) } }
            (current, count) = (value, count + 1)
        }
        try put(mean)
        return SoupRecord(
            kind: kind.rawValue, metric: metricName, ingredients: ingredients, before: before, after: current)
    }

    private func isAsGood(_ value: Double?, as other: Double?) -> Bool {
        guard let value, !value.isNaN else { return false }
        return other.map { !settings.earlyStoppingMetric.isBetter($0, than: value) } ?? true
    }

    /// The mean of `count` weights whose mean is given, and of those that lie in the entries.
    static func mean(_ mean: [Tensor], _ entries: [ParameterStore.Entry], _ count: Int) throws -> [Tensor] {
        try zip(mean, entries).map { mean, entry in
            let wider = try mean.cloned()
            if wider.dtype == .float32 { try wider.lerpInPlace(towards: entry.tensor, by: 1 / Double(count + 1)) }
            return wider
        }
    }

    private func put(_ values: [Tensor]) throws {
        try withoutGradient { for (entry, value) in zip(entries, values) { try entry.tensor.copyInPlace(from: value) } }
    }
}

extension WeightSoup {
    /// The soup of a training's epochs, judged on `val`; nil where none is asked for, and the best epoch's weights are put into `trainee`.
    static func make(
        _ settings: TrainingSettings, _ best: BestEpochs, _ trainee: Trainee, _ store: any CheckpointStore,
        judgedOn val: BatchSource
    ) throws -> SoupRecord? {
        guard settings.averaging.soup != .none else {
            guard let first = best.first else { throw BraidError(.internal, "a training without an epoch") }
            try store.restore(first.epoch, into: trainee)
            return nil
        }
        return try WeightSoup(
            kind: settings.averaging.soup, settings: settings, metricName: settings.stoppingName(trainee.model),
            entries: trainee.entries, restore: { try store.restore($0, into: trainee) },
            judge: { try settings.stoppingValue(trainee.model.predict(val)) })(best.ranked)
    }
}
