internal import Torch

/// Trains a model on embeddings that are at hand, and leaves nothing on the disk.
struct SilentTraining {
    let model: FusionModel
    /// The number of the epoch that the model is of, and how many were trained.
    let epochs: (best: Int, all: Int)
    /// The epochs whose mean weights the model has.
    private let taken: [Int]
    /// On the val split, by a model that has not learnt from it; nil where it was not asked for.
    let val: HeadPredictions?
    let seconds: Double

    /// - Parameters:
    ///   - configuration: How it is trained; its seed decides everything random.
    ///   - model: Not trained yet.
    ///   - data: What the model's modalities have.
    ///   - judgesVal: Whether val is to judge it.
    init(
        _ configuration: Configuration, _ model: FusionModel, _ data: SplitData, device: Device, judgesVal: Bool = true
    ) throws {
        let started = ContinuousClock.now
        self.model = model
        if model.settings.fusion.kind.making == .ensembled {
            val = try EnsembleTraining(configuration: configuration, device: device)(model, data).predictions.primary.labelled()
            (epochs, taken) = ((1, 1), [1])
        } else if model.settings.fusion.kind.isFitted {
            let settings = configuration.training
            if judgesVal || !settings.refit {
                val = try model.fit(to: data, settings).predictions.primary.labelled()
            } else {
                _ = try model.fit(on: data.trainAndVal(), seed: settings.seed)
                val = nil
            }
            (epochs, taken) = ((1, 1), [1])
        } else {
            let store = CheckpointMemory()
            let (state, trainee) = try Self.train(configuration, model, data, device, store, lastEpoch: nil)
            let soup = try WeightSoup.make(configuration.training, state.best, trainee, store, judgedOn: data.val)
            try model.refitVotes(on: data.val)
            try model.calibrate(on: data.val)
            val = judgesVal ? try model.predict(data.val).primary.labelled() : nil
            (epochs, taken) = ((state.bestEpoch, state.epoch), soup?.epochs ?? [state.bestEpoch])
        }
        seconds = (ContinuousClock.now - started) / .seconds(1)
    }

    private static func train(
        _ configuration: Configuration, _ model: FusionModel, _ data: SplitData, _ device: Device, _ store: any CheckpointStore,
        lastEpoch: Int?
    ) throws -> (TrainingState, Trainee) {
        try configuration.training.precision.check(on: device)
        var state = TrainingState(configuration.training, model.targets, manifestSHA256: "")
        let context = TrainingContext(configuration, model, data, device: device, reporter: SilentReporter())
        let trainee = try Trainee(
            model: model, plugins: try TrainingPlugins(configuration.training, context), everTrained: [:],
            averaging: configuration.training.averageDecay)
        let loop = TrainingLoop(
            settings: configuration.training, phase: configuration.training.phasePlan.phases(blocks: [:])[0],
            stopsEarly: lastEpoch == nil,
            modalityDropout: configuration.fusion.modalityDropout, reporter: SilentReporter(), trainee: trainee,
            optimizer: try trainee.optimizer(configuration.training), data: data, store: store, device: device, lastEpoch: lastEpoch
        )
        _ = try loop.run(&state)
        return (state, trainee)
    }

    /// Trains another model as this one was, on train and val together and for as many epochs as its best had, or the mean of the same ones, and gives it this one's
    /// calibration and votes: val cannot tell them any more.
    ///
    /// - Parameter other: Not trained yet, of the same configuration.
    func again(_ configuration: Configuration, _ other: FusionModel, _ data: SplitData, device: Device) throws {
        guard !other.settings.fusion.kind.isFitted else {
            _ = try other.fit(on: data.trainAndVal(), seed: configuration.training.seed)
            return
        }
        let store = CheckpointMean(of: taken)
        let (_, trainee) = try Self.train(configuration, other, data.joiningVal(), device, store, lastEpoch: taken.max())
        try store.restore(into: trainee)
        if let votes = (model.fusion as? any VotingFusion)?.voteTensors,
            let others = (other.fusion as? any VotingFusion)?.voteTensors
        {
            try withoutGradient { for (own, value) in zip(others, votes) { try own.copyInPlace(from: value) } }
        }
        other.calibration = model.calibration
    }
}
