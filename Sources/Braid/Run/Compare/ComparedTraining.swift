internal import Foundation
internal import Torch

/// One recipe, trained with one seed. Nothing is left on the disk.
struct ComparedTraining: Sendable {
    /// What ran.
    let configuration: Configuration
    let run: Comparison.Run
    let modalities: [Modality]
    let parameters: Int
    /// Of the first head, on the test split.
    let predictions: HeadPredictions
    /// Of the first head, on the val split, by a model that has not learnt from it.
    let val: HeadPredictions?

    init(_ asked: Configuration, seed: Int, _ metric: Metric, _ embedded: SharedEmbeddings) throws {
        self = try Generator.own(seed: UInt64(seed), on: embedded.device) {
            try Self(running: asked.silent(seed: seed), seed: seed, metric, embedded)
        }
    }

    private init(running configuration: Configuration, seed: Int, _ metric: Metric, _ embedded: SharedEmbeddings) throws {
        self.configuration = configuration
        let (model, data) = try embedded.prepare(configuration)
        let training = try SilentTraining(configuration, model, data, device: embedded.device)
        guard let test = data.test else { throw BraidError(.badData, "the test split has no sample that can be used") }
        let trained = ContinuousClock.now
        _ = try model.logits(test, presence: test.presence)
        let milliseconds = (ContinuousClock.now - trained) / .milliseconds(1)
        predictions = try model.predict(test).primary.labelled()
        val = training.val
        run = Comparison.Run(
            seed: seed, val: try training.val?.scores([metric])[metric] ?? .nan,
            test: try predictions.scores([metric])[metric] ?? .nan, bestEpoch: training.epochs.best, epochs: training.epochs.all,
            trainSeconds: training.seconds, milliseconds: milliseconds / Double(max(1, test.samples.count)) * 1000)
        modalities = model.modalities
        parameters = model.parameterCounts.trained
    }
}

extension Configuration {
    /// With another seed, and without what only watches.
    func silent(seed: Int) throws -> Configuration {
        let monitor = fusion.kind.isFitted ? [:] : ["training.monitor": "false"]
        return try with(["training.seed": "\(seed)"].merging(monitor) { $1 })
    }
}
