public import Torch

/// Training by pairs of samples that comes before the ordinary one, for few labels (SetFit: Tunstall et al. 2022, arXiv:2209.11055).
///
/// The encoders that `modalities.….train` names learn from pairs; then they are frozen, and fusion and heads are made on what they give.
public struct ContrastiveSettings: Sendable {
    /// Whose embeddings are compared.
    public enum Embedding: String, CaseIterable, Sendable {
        /// Those of each trained encoder, by itself.
        case modality
        /// The fused one, of the fusion and all trained encoders together.
        case fused
    }

    /// Passes over the pairs.
    public let epochs: Int
    /// Whose embeddings are compared.
    public let embedding: Embedding
    /// Which pairs there are in a pass.
    public let sampling: PairSampling
    /// Pairs a step.
    public let batchSize: Int
    /// The most steps of each embedding; nil for as many as the passes have.
    public let maxSteps: Int?
    /// What a pair's similarity is held to.
    public let loss: PairLoss
    /// How the learning rate goes over the steps.
    public let schedule: Schedule
    /// The share of the steps, rounded up, in which the learning rate rises from 0.
    public let warmup: Double
    /// The head whose labels say which samples belong together.
    public let head: String

    /// Keys of `training` that govern the pairs too, where what comes after them has no use for them.
    static let shared = [
        "training.optimizer", "training.learning_rate", "training.encoder_learning_rate", "training.layer_decay",
        "training.weight_decay", "training.momentum", "training.clip", "training.checkpoint.steps", "training.checkpoint.minutes",
        "training.activation_cache.limit", "training.activation_cache.precision",
    ]

    /// Reads the keys of `training.contrastive`; nil where nothing is trained by pairs.
    ///
    /// - Parameter trainsEncoders: Whether any encoder is trained.
    static func read(
        _ reader: inout ConfigurationReader, trainsEncoders: Bool, _ fusion: FusionKind, _ heads: [HeadSettings]
    ) -> ContrastiveSettings? {
        let path = "training.contrastive"
        let epochs = reader.int(
            "\(path).epochs", 0, 0...100_000,
            "Passes over pairs of samples, alike in label or not, by which encoders are trained before anything else (SetFit); they are frozen then. 0: none."
        )
        let settings = reader.acting(epochs > 0, else: "acts only with \(path).epochs above 0") { reader in
            ContrastiveSettings(&reader, path, epochs: epochs, heads)
        }
        guard epochs > 0 else { return nil }
        settings.check(&reader, path, trainsEncoders: trainsEncoders, fusion, heads)
        return settings
    }

    private init(_ reader: inout ConfigurationReader, _ path: String, epochs: Int, _ heads: [HeadSettings]) {
        self.epochs = epochs
        embedding = reader.choice(
            "\(path).embedding", .modality,
            "Whose embeddings are compared: modality, those of each trained encoder by itself; fused, those of the fusion, which is trained with the encoders."
        )
        sampling = PairSampling(&reader, path)
        batchSize = reader.int("\(path).batch_size", 16, 1...1_000_000, "Pairs a step.")
        let most = reader.int(
            "\(path).max_steps", 0, 0...1_000_000_000,
            "The most steps of each embedding; no more pairs are drawn than they take. 0: as many as the passes have.")
        maxSteps = most > 0 ? most : nil
        loss = PairLoss(&reader, path)
        schedule = reader.choice("\(path).schedule", .linear, "How the learning rate goes over the steps.")
        warmup = reader.double(
            "\(path).warmup", 0.1, 0...1, "Share of the steps, rounded up, in which the learning rate rises from 0.")
        let named = reader.optionalString(
            "\(path).head", "With several heads: the one whose labels say what belongs together. Default: the first.")
        head = named ?? heads.first?.name ?? ""
    }

    private func check(
        _ reader: inout ConfigurationReader, _ path: String, trainsEncoders: Bool, _ fusion: FusionKind, _ heads: [HeadSettings]
    ) {
        reader.refuse("\(path).head", unless: heads.count > 1, "acts only with several heads")
        reader.refuse(
            "\(path).epochs", unless: embedding == .fused || trainsEncoders,
            "no encoder is trained: set modalities.….train, or \(path).embedding: fused to train the fusion alone")
        reader.refuse(
            "\(path).embedding", unless: embedding == .modality || !(fusion.hasOwnHeads || fusion.isAutomatic),
            "fusion.type: \(fusion.name) makes no embedding that pairs could be compared by; take another fusion, or embedding: modality"
        )
        guard let own = heads.first(where: { $0.name == head }) else {
            return reader.fault("expected one of the heads: \(heads.map(\.name).joined(separator: ", "))", "\(path).head")
        }
        if own.kind.form == .number {
            reader.fault(
                "head.task: \(own.kind) has numbers for labels, and no two of them are alike; pairs need classes", "\(path).epochs")
        }
    }
}

extension Trainable {
    /// The peak learning rate by pairs, where none is given: SetFit's for whole blocks of a text encoder, of anything else the same as ever.
    func learningRate(_ modality: Modality, byPairs: Bool) -> Double {
        switch self {
        case .none, .first, .last, .all: byPairs && modality.plain == .text ? 2e-5 : learningRate(modality)
        case .biases, .norms, .lora, .ia3: learningRate(modality)
        }
    }
}
