internal import Foundation
internal import Torch

/// A recipe that a search tries.
struct SearchTrial: Sendable {
    /// From 0, which is the configuration as it was given.
    let number: Int
    /// What was set, in YAML by key; keys that do not act beside the others are left out.
    let settings: [String: String]
    let configuration: Configuration

    /// With fewer epochs, where there are epochs.
    func configuration(epochs: Int) throws -> Configuration {
        configuration.fusion.kind.isFitted ? configuration : try configuration.with(["training.epochs": "\(epochs)"])
    }
}

/// What a recipe came to on rows that it had not learnt from.
public struct SearchResult: Sendable, Codable, LoggedResult {
    /// The recipe's number; 0 is the configuration as it was given.
    public let trial: Int
    /// The most epochs that it was given.
    public internal(set) var epochs: Int
    /// What was set, in YAML by key.
    public let settings: [String: String]
    /// The figure that the search goes by; nil where the metric is undefined.
    public let score: Double?
    /// Of two with the same figure the better one: the Brier score, or the root of the mean squared error; lower is better.
    public let error: Double?
    /// What the training took, or all of them.
    public let seconds: Double
    /// Tells the recipe, its budget and the data from all others.
    let key: String

    /// Whether this one is better.
    func isBetter(than other: SearchResult, _ metric: Metric) -> Bool {
        switch (score, other.score) {
        case (let own?, let theirs?) where own != theirs: metric.isBetter(own, than: theirs)
        case (_?, nil): true
        case (nil, _?): false
        default: (error ?? .infinity) < (other.error ?? .infinity)
        }
    }
}

extension SearchTrial {
    /// Trains the recipe, and judges it on the val split or on each fold of the train split in turn.
    func run(epochs: Int, key: String, _ metric: Metric, folds: Int, _ embedded: SharedEmbeddings) throws -> SearchResult {
        let started = ContinuousClock.now
        let asked = try configuration(epochs: epochs)
        let seed = asked.training.seed
        let configuration = try asked.silent(seed: seed)
        let answers = try Generator.own(seed: UInt64(seed), on: embedded.device) { () throws -> [HeadPredictions] in
            guard folds > 0 else {
                let (model, data) = try embedded.prepare(configuration)
                return try [SilentTraining(configuration, model, data, device: embedded.device).val].compactMap { $0 }
            }
            return try (0..<folds).compactMap { fold in
                let (model, data) = try embedded.prepare(configuration, fold: fold, of: folds)
                _ = try SilentTraining(configuration, model, data, device: embedded.device, judgesVal: false)
                return try data.test.map { try model.predict($0).primary.labelled() }
            }
        }
        guard let first = answers.first else { throw BraidError(.badData, "no row is left to judge recipes by") }
        let all = HeadPredictions(
            target: first.target, samples: answers.flatMap(\.samples), source: first.source, values: answers.flatMap(\.values))
        let error: Metric = first.target.form == .number ? .rmse : .brier
        let scores = try all.scores([metric, error])
        let finite = { (metric: Metric) in scores[metric].flatMap { $0.isFinite ? $0 : nil } }
        return SearchResult(
            trial: number, epochs: epochs, settings: settings, score: finite(metric), error: finite(error),
            seconds: (ContinuousClock.now - started) / .seconds(1), key: key)
    }
}
