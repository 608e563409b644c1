public import Torch

/// How a model is learnt.
public struct TrainingSettings: Sendable, Equatable {
    /// What changes parameters by their gradients.
    public enum OptimizerKind: String, CaseIterable, Sendable {
        /// Adam with decoupled weight decay.
        case adamw
        /// Stochastic gradient descent with momentum.
        case sgd
    }

    /// The number format of what is trained; frozen encoders have a precision of their own.
    public enum Precision: String, CaseIterable, Sendable {
        /// Single precision.
        case fp32
    }

    /// Passes over the training split, at most.
    public let epochs: Int
    /// Samples a step.
    public let batchSize: Int
    /// What changes parameters by their gradients.
    public let optimizer: OptimizerKind
    /// The peak learning rate of fusion and heads.
    public let learningRate: Double
    /// The peak learning rate of trained encoder blocks.
    public let encoderLearningRate: Double
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
    /// What keeps one modality from starving the others.
    public let balance: BalanceSettings
    /// The contrastive loss between modalities.
    public let alignment: AlignmentSettings
    /// Whether each epoch says how well each modality is learnt.
    public let monitor: Bool
    /// What early stopping and the best checkpoint go by.
    public let earlyStoppingMetric: Metric
    /// The head whose metric it is.
    public let earlyStoppingHead: String
    /// Epochs without improvement before training stops; 0: never.
    public let patience: Int
    /// The number format of what is trained.
    public let precision: Precision
    /// Of weights, order and dropout.
    public let seed: Int

    /// Reads the keys of `training`.
    init(
        _ reader: inout ConfigurationReader, trainsEncoders: Bool, modalities: Int, _ fusion: FusionKind, _ heads: [HeadSettings]
    ) {
        epochs = reader.int("training.epochs", 20, 1...1_000_000, "Passes over the training split, at most.")
        batchSize = reader.int("training.batch_size", 64, 1...1_000_000, "Samples a step.")
        optimizer = reader.choice("training.optimizer", .adamw, "The optimizer.")
        learningRate = reader.double("training.learning_rate", 1e-3, 1e-9...1000, "Peak learning rate of fusion and head.")
        encoderLearningRate = reader.double(
            "training.encoder_learning_rate", 1e-4, 0...1000, "Peak learning rate of trained encoder blocks.",
            records: trainsEncoders)
        weightDecay = reader.double("training.weight_decay", 0.01, 0...100, "Weight decay.")
        momentum = reader.double(
            "training.momentum", 0.9, 0...0.9999, "Momentum of optimizer: sgd.", records: optimizer == .sgd)
        schedule = reader.choice("training.schedule", .cosine, "How the learning rate goes over the steps.")
        warmup = reader.double("training.warmup", 0.05, 0...1, "Share of the steps in which the learning rate rises from 0.")
        clip = reader.double("training.clip", 1, 0...Double.infinity, "Largest joint norm of the gradients; 0: no limit.")
        balance = BalanceSettings(&reader, modalities: modalities, fusion)
        alignment = AlignmentSettings(&reader, modalities: modalities)
        monitor = reader.bool(
            "training.monitor", true,
            "Whether each epoch records the gradient norm and a linear probe of each modality, and warns of one that is under-trained."
        )
        (earlyStoppingMetric, earlyStoppingHead) = Self.stopping(&reader, heads)
        patience = reader.int(
            "training.early_stopping.patience", 5, 0...1_000_000, "Epochs without improvement before training stops; 0: never.")
        precision = reader.choice("training.precision", .fp32, "Number format of what is trained.")
        seed = reader.int("training.seed", 0, 0...Int(Int32.max), "Seed of weights, order and dropout.")
        reader.refuse(
            "training.encoder_learning_rate", unless: trainsEncoders,
            "acts only where an encoder is trained: modalities.….train: last:N or all")
        reader.refuse("training.momentum", unless: optimizer == .sgd, "acts only with training.optimizer: sgd")
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

    /// Keys that act only between modalities.
    static let keysBetweenModalities: Set<String> = [
        "fusion.modality_dropout", "training.balance.method", "training.balance.alpha", "training.balance.every",
        "training.alignment.weight", "training.alignment.temperature",
    ]
}

/// How training keeps one modality from starving the others.
public struct BalanceSettings: Sendable, Equatable {
    /// The ways there are.
    public enum Method: String, CaseIterable, Sendable {
        /// None: all modalities learn as they come.
        case none
        /// Peng et al. 2022, arXiv:2203.15332.
        case ogmGE = "ogm-ge"
        /// Wang et al. 2020, arXiv:1905.12681.
        case gradientBlending = "gradient-blending"
    }

    /// Which way.
    public let method: Method
    /// OGM-GE's alpha.
    public let alpha: Double
    /// Epochs between two estimates of gradient blending's weights.
    public let every: Int

    /// Reads the keys of `training.balance`.
    init(_ reader: inout ConfigurationReader, modalities: Int, _ fusion: FusionKind) {
        let path = "training.balance.method"
        method = reader.choice(path, .none, "What keeps one modality from starving the others.", records: modalities > 1)
        alpha = reader.double(
            "training.balance.alpha", 0.3, 0.001...100,
            "How hard ogm-ge slows a modality that is ahead: its gradients are scaled by 1 - tanh(alpha × its lead).",
            records: method == .ogmGE)
        every = reader.int(
            "training.balance.every", 1, 1...1_000_000,
            "Epochs from one estimate of gradient-blending's loss weights to the next.", records: method == .gradientBlending)
        reader.refuse(path, unless: modalities != 1 || method == .none, "acts only with two modalities or more")
        reader.refuse(
            path, unless: !fusion.hasOwnHeads || method == .none,
            "fusion.type: \(fusion.name) trains each modality by itself, so there is nothing to balance")
        reader.refuse("training.balance.alpha", unless: method == .ogmGE, "acts only with training.balance.method: ogm-ge")
        reader.refuse(
            "training.balance.every", unless: method == .gradientBlending,
            "acts only with training.balance.method: gradient-blending")
    }
}

/// The contrastive loss between modalities.
public struct AlignmentSettings: Sendable, Equatable {
    /// Its weight; 0: none.
    public let weight: Double
    /// Its temperature.
    public let temperature: Double

    /// Reads the keys of `training.alignment`.
    init(_ reader: inout ConfigurationReader, modalities: Int) {
        weight = reader.double(
            "training.alignment.weight", 0, 0...1000,
            "Weight of a contrastive loss that draws a sample's modalities together, as CLIP's; 0: none.",
            records: modalities > 1)
        temperature = reader.double(
            "training.alignment.temperature", 0.07, 0.001...100, "Temperature of the contrastive loss.", records: weight > 0)
        reader.refuse("training.alignment.weight", unless: modalities != 1 || weight == 0, "acts only with two modalities or more")
        reader.refuse("training.alignment.temperature", unless: weight > 0, "acts only with training.alignment.weight above 0")
    }
}
