public import Torch

/// How a model is learnt.
public struct TrainingSettings: Sendable {
    /// What changes parameters by their gradients.
    public enum OptimizerKind: String, CaseIterable, Sendable {
        /// Adam with decoupled weight decay.
        case adamw
        /// Stochastic gradient descent with momentum.
        case sgd
        /// Steps of one size by the sign of the mean gradient; wants a third to a tenth of AdamW's learning rate.
        case lion
        /// Adam's steps, scaled to the length of each tensor, for large batches.
        case lamb
    }

    /// How much is tried where training chooses the fusion.
    public enum Preset: String, CaseIterable, Sendable {
        /// Stacked fusion alone.
        case fast
        /// Late fusion and a concatenation too.
        case balanced
        /// Every fusion of pooled embeddings, trained ones with two seeds, and their ensemble.
        case best
    }

    /// The number format of what is trained; frozen encoders have a precision of their own.
    public enum Precision: String, CaseIterable, Sendable {
        /// Single precision.
        case fp32
        /// Products in bfloat16, weights and everything else in single precision: mixed precision.
        case bf16

        /// What products are computed in.
        var dtype: DType { self == .fp32 ? .float32 : .bfloat16 }

        /// - Throws: `BraidError` where the processor would only emulate it.
        func check(on device: Device) throws {
            guard self == .bf16, device == .cpu, !Torch.Precision.bf16.isSupported else { return }
            throw BraidError(
                .unavailable,
                "training.precision: bf16: this processor has no AVX512-BF16, and emulating it is slower than fp32; leave it out")
        }
    }

    /// Passes over the training split, at most.
    public let epochs: Int
    /// How the epochs are cut into phases.
    let phasePlan: PhasePlan
    /// Samples a step.
    public let batchSize: Int
    /// Batches whose gradients make one step.
    public let accumulation: Int
    /// What changes parameters by their gradients.
    public let optimizer: OptimizerKind
    /// The peak learning rate of fusion and heads.
    public let learningRate: Double
    /// The peak learning rate of what is trained of encoders that have none of their own; nil: as what is trained wants it.
    public let encoderLearningRate: Double?
    /// The factor on the learning rate from one block of an encoder to the one before it.
    public let layerDecay: Double
    /// How much of the weights' moving average stays at each step; 0: there is none.
    public let averageDecay: Double
    /// Decoupled weight decay of matrices and kernels; vectors have none.
    public let weightDecay: Double
    /// Of stochastic gradient descent.
    public let momentum: Double
    /// How the learning rate goes over the steps.
    public let schedule: Schedule
    /// The share of the steps in which the learning rate rises from 0.
    public let warmup: Double
    /// The largest joint norm of the gradients; 0: no limit.
    public let clip: Double
    /// How the samples of a batch are mixed with each other.
    public let mixing: MixingSettings
    /// What trains encoders by pairs of samples before anything else; nil: nothing does.
    public let contrastive: ContrastiveSettings?
    /// How the training is adapted to a target domain; nil where it is not.
    public let adaptation: AdaptationSettings?
    /// What takes part beside the heads' losses, by name.
    let plugins: [(name: String, make: PluginKind.Make)]
    /// What early stopping and the best checkpoint go by.
    public let earlyStoppingMetric: Metric
    /// The head whose metric it is.
    public let earlyStoppingHead: String
    /// Epochs without improvement before training stops; 0: never.
    public let patience: Int
    /// How often the last checkpoint is written within an epoch.
    let checkpoint: CheckpointSettings
    /// Whether what frozen blocks give is kept.
    public let activations: ActivationSettings
    /// Which weights become the model.
    let averaging: AveragingSettings
    /// The number format of what is trained.
    public let precision: Precision
    /// Whether a fusion that is fitted at once, or made of others, is made again of train and val together.
    public let refit: Bool
    /// How much is tried where training chooses the fusion.
    public let preset: Preset
    /// Seconds after which no further fusion is tried; nil: no limit.
    public let timeLimit: Double?
    /// How many rows' embeddings are kept with the model, for `braid drift` to hold new data against; 0: none.
    public let driftReference: Int
    /// Of weights, order, dropout and folds.
    public let seed: Int

    /// Reads the keys of `training`.
    init(
        _ reader: inout ConfigurationReader, _ trains: [Modality: Trainable], _ fusionSettings: FusionSettings,
        _ heads: [HeadSettings]
    ) {
        let (fusion, modalities) = (fusionSettings.kind, trains.count)
        let trainsEncoders = trains.values.contains { $0 != .none }
        let first = reader.keys.count
        epochs = reader.int(
            "training.epochs", PhasePlan.epochs(listedIn: reader) ?? 20, 1...1_000_000,
            "Passes over the training split, at most. With training.phases the default is what theirs add up to.")
        phasePlan = PhasePlan(&reader, trains, epochs: epochs)
        batchSize = reader.int("training.batch_size", 64, 1...1_000_000, "Samples a step.")
        accumulation = reader.int(
            "training.accumulate", 1, 1...100_000,
            "Batches whose gradients make one step: as batches that many times as large, in the memory of one.")
        optimizer = reader.choice("training.optimizer", .adamw, "The optimizer.")
        learningRate = reader.double("training.learning_rate", 1e-3, 1e-9...1000, "Peak learning rate of fusion and head.")
        encoderLearningRate = reader.optionalDouble(
            "training.encoder_learning_rate", 0...1000,
            "Peak learning rate of what is trained of encoders. Default: of each what suits what is trained, modalities.….learning_rate."
        )
        layerDecay = reader.double(
            "training.layer_decay", 1, 0.01...1,
            "Factor on the learning rate from one block of a trained encoder to the block before it; 1: all alike.",
            records: trainsEncoders)
        averageDecay = reader.double(
            "training.ema", 0, 0...0.99999,
            "How much of an exponential moving average of the weights stays at each step, for example 0.999: val and the best checkpoint are then of the average. 0: none."
        )
        weightDecay = reader.double(
            "training.weight_decay", 0.01, 0...100,
            "Weight decay of matrices and kernels; biases, norms, votes and trained tokens have none.")
        momentum = reader.double(
            "training.momentum", 0.9, 0...0.9999, "Momentum of optimizer: sgd.", records: optimizer == .sgd)
        schedule = reader.choice("training.schedule", .cosine, "How the learning rate goes over the steps.")
        warmup = reader.double("training.warmup", 0.05, 0...1, "Share of the steps in which the learning rate rises from 0.")
        clip = reader.double("training.clip", 1, 0...Double.infinity, "Largest joint norm of the gradients; 0: no limit.")
        let pairs = ContrastiveSettings.read(&reader, trainsEncoders: trainsEncoders, fusion, heads)
        contrastive = pairs
        reader.idle(
            reader.keys.map(\.path).filter { key in PhasePlan.keys.contains(where: key.hasPrefix) }, unless: pairs == nil,
            "encoders are frozen once pairs have trained them (training.contrastive)")
        mixing = MixingSettings(&reader, attendsTokens: fusionSettings.tokens != nil)
        adaptation = AdaptationSettings.read(
            &reader, trainsEncoders: trainsEncoders && pairs == nil, fusionSettings, heads)
        let around = PluginKind.Surroundings(
            modalities: modalities, fusion: fusion, modalityDropout: fusionSettings.modalityDropout, epochs: epochs,
            adaptation: adaptation, labels: heads.first?.kind.form, trainsEncoders: trainsEncoders, trainsByPairs: pairs != nil)
        plugins = PluginKind.registry.all.compactMap { kind in kind.read(&reader, around).map { (kind.name, $0) } }
        (earlyStoppingMetric, earlyStoppingHead) = Self.stopping(&reader, heads)
        patience = reader.int(
            "training.early_stopping.patience", 5, 0...1_000_000, "Epochs without improvement before training stops; 0: never.")
        adaptation?.takesLastEpoch(&reader, patience: patience)
        checkpoint = CheckpointSettings(&reader)
        averaging = AveragingSettings(
            &reader, trainsEncoders: trainsEncoders && pairs == nil, hasSentences: heads.contains { $0.sentences != nil })
        activations = ActivationSettings(&reader, trainsEncoders: trainsEncoders)
        precision = reader.choice(
            "training.precision", .fp32,
            "Number format of products in training: fp32, or bf16 with weights in fp32 (mixed precision, torch.autocast's list), where the processor has it. Val and the model stay in fp32."
        )
        reader.refuse(
            "training.encoder_learning_rate", unless: trainsEncoders,
            "acts only where an encoder is trained: modalities.….train other than none")
        reader.refuse(
            "training.layer_decay", unless: trainsEncoders,
            "acts only where an encoder is trained: modalities.….train other than none")
        if accumulation > 1, plugins.contains(where: { $0.name == PluginKind.balance.name }) {
            reader.fault(
                "does not go with training.balance.method, which changes the gradients of each batch", "training.accumulate")
        }
        reader.refuse("training.momentum", unless: optimizer == .sgd, "acts only with training.optimizer: sgd")
        let idle = reader.keys[first...].map(\.path).filter { key in
            !["training.contrastive.", "training.adaptation.", "training.continual."].contains(where: key.hasPrefix)
                && !(pairs != nil && ContrastiveSettings.shared.contains(key))
        }
        reader.idle(idle, unless: !fusion.isFitted, fusion.fittedReason)
        refit = reader.bool(
            "training.refit", true,
            "Whether a fusion that is fitted at once, or made of others, is made again of train and val together, when the val split has judged it."
        )
        reader.idle(
            ["training.refit"], unless: fusion.making != .trained, "acts only with fusion.type: stacked, ensemble or auto")
        preset = reader.choice(
            "training.preset", .balanced,
            "What fusion.type: auto tries. fast: stacked alone; balanced: late and concat too; best: every fusion of pooled embeddings, trained ones with two seeds, and their ensemble.",
            records: fusion.isAutomatic && !trainsEncoders)
        timeLimit = reader.optionalDouble(
            "training.time_limit", 1...1e7, "Seconds after which fusion.type: auto tries no further fusion. Default: no limit.")
        for key in ["training.preset", "training.time_limit"] {
            reader.refuse(key, unless: fusion.isAutomatic, "acts only with fusion.type: auto")
            reader.refuse(
                key, unless: !trainsEncoders || !fusion.isAutomatic,
                "fusions are tried on embeddings of frozen encoders; with one that is trained nothing is tried")
        }
        reader.refuse(
            "training.time_limit", unless: preset != .fast, "training.preset: fast tries nothing that a limit could leave out")
        driftReference = reader.int(
            "training.drift_reference", 500, 0...100_000,
            "How many rows' embeddings are kept with the model, for braid drift to hold new data against. They are data about whoever the rows are of. 0: none."
        )
        seed = reader.int("training.seed", 0, 0...Int(Int32.max), "Seed of weights, order, dropout and folds.")
    }

    private static func stopping(_ reader: inout ConfigurationReader, _ heads: [HeadSettings]) -> (Metric, head: String) {
        let standard = heads.first?.task.stoppingMetric ?? .macroF1
        let name = reader.name(
            "training.early_stopping.metric", standard.name, of: Metric.registry.names,
            "The validation metric that early stopping and the best checkpoint go by. Default: macro_f1, and rmse for regression.")
        let path = "training.early_stopping.head"
        let named = reader.optionalString(
            path, "With several heads: the one whose metric counts. Default: the first.")
        reader.refuse(path, unless: heads.count > 1, "acts only with several heads")
        let metric = Metric.registry[name] ?? standard
        let chosen = named ?? heads.first?.name ?? ""
        guard let head = heads.first(where: { $0.name == chosen }) else {
            reader.fault("expected one of the heads: \(heads.map(\.name).joined(separator: ", "))", path)
            return (metric, chosen)
        }
        if !metric.forms.contains(head.kind.form) {
            let fitting = Metric.registry.all.filter { $0.forms.contains(head.kind.form) }.map(\.name).joined(separator: ", ")
            reader.fault("says nothing of a \(head.kind) task; expected one of \(fitting)", "training.early_stopping.metric")
        }
        return (metric, chosen)
    }
}
