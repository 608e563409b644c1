internal import Foundation
internal import Torch

/// One recipe, trained with one seed. Nothing is left on the disk.
struct ComparedTraining {
    /// What ran.
    let configuration: Configuration
    let run: Comparison.Run
    let modalities: [Modality]
    let parameters: Int
    /// Of the first head, on the test split.
    let predictions: HeadPredictions

    init(_ asked: Configuration, seed: Int, _ metric: Metric, _ embedded: SharedEmbeddings) throws {
        configuration = try asked.with(["training.seed": "\(seed)", "training.monitor": "false"])
        try Generator.seed(UInt64(seed))
        let (model, data) = try embedded.prepare(configuration)
        let started = ContinuousClock.now
        var state = TrainingState(configuration.training, model.targets, manifestSHA256: "")
        let store = CheckpointMemory()
        let context = TrainingContext(
            model: model, train: data.train, val: data.val, device: embedded.device, reporter: SilentReporter())
        let trainee = Trainee(
            model: model, plugins: try TrainingPlugins(configuration.training, context), everTrained: [:])
        let loop = TrainingLoop(
            settings: configuration.training, phase: configuration.training.phases([:])[0], stopsEarly: true,
            modalityDropout: configuration.fusion.modalityDropout,
            reporter: SilentReporter(), trainee: trainee, optimizer: try trainee.optimizer(configuration.training), data: data,
            store: store, device: embedded.device)
        _ = try loop.run(&state)
        try store.restoreBest(into: trainee)
        try model.calibrate(on: data.val)
        let trained = ContinuousClock.now
        guard let test = data.test else { throw BraidError(.badData, "the test split has no sample that can be used") }
        _ = try model.logits(test, presence: test.presence)
        let milliseconds = (ContinuousClock.now - trained) / .milliseconds(1)
        predictions = try model.predict(test).primary.labelled()
        let val = try model.predict(data.val).primary.labelled().scores([metric])[metric]
        run = Comparison.Run(
            seed: seed, val: val ?? .nan, test: try predictions.scores([metric])[metric] ?? .nan, bestEpoch: state.bestEpoch,
            epochs: state.epoch, trainSeconds: (trained - started) / .seconds(1),
            milliseconds: milliseconds / Double(max(1, test.samples.count)) * 1000)
        modalities = model.modalities
        parameters = model.parameterCounts.trained
    }
}
