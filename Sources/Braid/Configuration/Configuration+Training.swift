internal import Torch

extension Configuration {
    /// The keys of `training`.
    static func training(
        _ reader: inout ConfigurationReader, _ modalities: [Modality: Encoder], _ fusion: FusionKind, _ heads: [Head]
    ) -> Training {
        let trainsEncoders = modalities.values.contains { $0.train != .none }
        let optimizer: OptimizerKind = reader.choice("training.optimizer", .adamw, "The optimizer.")
        let training = Training(
            epochs: reader.int("training.epochs", 20, 1...1_000_000, "Passes over the training split, at most."),
            batchSize: reader.int("training.batch_size", 64, 1...1_000_000, "Samples a step."),
            optimizer: optimizer,
            learningRate: reader.double("training.learning_rate", 1e-3, 1e-9...1000, "Peak learning rate of fusion and head."),
            encoderLearningRate: reader.double(
                "training.encoder_learning_rate", 1e-4, 0...1000, "Peak learning rate of trained encoder blocks.",
                records: trainsEncoders),
            weightDecay: reader.double("training.weight_decay", 0.01, 0...100, "Weight decay."),
            momentum: reader.double(
                "training.momentum", 0.9, 0...0.9999, "Momentum of optimizer: sgd.", records: optimizer == .sgd),
            schedule: reader.choice("training.schedule", .cosine, "How the learning rate goes over the steps."),
            warmup: reader.double("training.warmup", 0.05, 0...1, "Share of the steps in which the learning rate rises from 0."),
            clip: reader.double("training.clip", 1, 0...Double.infinity, "Largest joint norm of the gradients; 0: no limit."),
            balance: balance(&reader, modalities.count, fusion), alignment: alignment(&reader, modalities.count),
            monitor: reader.bool(
                "training.monitor", true,
                "Whether each epoch records the gradient norm and a linear probe of each modality, and warns of one that is under-trained."
            ),
            earlyStoppingMetric: metric(&reader, heads), earlyStoppingHead: head(&reader, heads),
            patience: reader.int(
                "training.early_stopping.patience", 5, 0...1_000_000, "Epochs without improvement before training stops; 0: never."),
            precision: reader.choice("training.precision", .fp32, "Number format of what is trained."),
            seed: reader.int("training.seed", 0, 0...Int(Int32.max), "Seed of weights, order and dropout."))
        reader.refuse(
            "training.encoder_learning_rate", unless: trainsEncoders,
            "acts only where an encoder is trained: modalities.….train: last:N or all")
        reader.refuse("training.momentum", unless: optimizer == .sgd, "acts only with training.optimizer: sgd")
        checkMetric(&reader, training, heads)
        return training
    }

    private static func balance(_ reader: inout ConfigurationReader, _ modalities: Int, _ fusion: FusionKind) -> Balance {
        let method = reader.choice(
            "training.balance.method", BalanceMethod.none, "What keeps one modality from starving the others.",
            records: modalities > 1)
        let balance = Balance(
            method: method,
            alpha: reader.double(
                "training.balance.alpha", 0.3, 0.001...100,
                "How hard ogm-ge slows a modality that is ahead: its gradients are scaled by 1 - tanh(alpha × its lead).",
                records: method == .ogmGE),
            every: reader.int(
                "training.balance.every", 1, 1...1_000_000,
                "Epochs from one estimate of gradient-blending's loss weights to the next.", records: method == .gradientBlending))
        reader.refuse(
            "training.balance.method", unless: modalities != 1 || method == .none, "acts only with two modalities or more")
        reader.refuse(
            "training.balance.method", unless: fusion != .late || method == .none,
            "fusion.type: late trains each modality by itself, so there is nothing to balance")
        reader.refuse("training.balance.alpha", unless: method == .ogmGE, "acts only with training.balance.method: ogm-ge")
        reader.refuse(
            "training.balance.every", unless: method == .gradientBlending,
            "acts only with training.balance.method: gradient-blending")
        return balance
    }

    private static func alignment(_ reader: inout ConfigurationReader, _ modalities: Int) -> Alignment {
        let weight = reader.double(
            "training.alignment.weight", 0, 0...1000,
            "Weight of a contrastive loss that draws a sample's modalities together, as CLIP's; 0: none.", records: modalities > 1)
        let alignment = Alignment(
            weight: weight,
            temperature: reader.double(
                "training.alignment.temperature", 0.07, 0.001...100, "Temperature of the contrastive loss.", records: weight > 0))
        reader.refuse("training.alignment.weight", unless: modalities != 1 || weight == 0, "acts only with two modalities or more")
        reader.refuse("training.alignment.temperature", unless: weight > 0, "acts only with training.alignment.weight above 0")
        return alignment
    }

    private static func metric(_ reader: inout ConfigurationReader, _ heads: [Head]) -> MetricName {
        reader.choice(
            "training.early_stopping.metric", MetricName.standard(for: heads.first?.task ?? .multiclass),
            "The validation metric that early stopping and the best checkpoint go by. Default: macro_f1, and rmse for regression.")
    }

    private static func head(_ reader: inout ConfigurationReader, _ heads: [Head]) -> String {
        let named = reader.optionalString(
            "training.early_stopping.head", "With several heads: the one whose metric counts. Default: the first.")
        return named ?? heads.first?.name ?? ""
    }

    private static func checkMetric(_ reader: inout ConfigurationReader, _ training: Training, _ heads: [Head]) {
        let path = "training.early_stopping.head"
        reader.refuse(path, unless: heads.count > 1, "acts only with several heads")
        guard let head = heads.first(where: { $0.name == training.earlyStoppingHead }) else {
            return reader.fault("expected one of the heads: \(heads.map(\.name).joined(separator: ", "))", path)
        }
        guard !training.earlyStoppingMetric.applies(to: head.task) else { return }
        let fitting = MetricName.allCases.filter { $0.applies(to: head.task) }.map(\.rawValue).joined(separator: ", ")
        reader.fault("says nothing of a \(head.task) task; expected one of \(fitting)", "training.early_stopping.metric")
    }
}
