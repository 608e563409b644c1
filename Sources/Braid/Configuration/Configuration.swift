public import Foundation
public import Torch

/// Everything a run is asked to do. Each field says in one place what its key is, what it may be, and what it means.
public struct Configuration: Sendable {
    /// How one modality is encoded.
    public struct Encoder: Sendable, Equatable {
        /// An architecture, or a weights folder whose architecture and front end are taken; nil: what the weights say.
        public var encoder: String?
        /// A file or folder, a Hugging Face id, `bundled:NAME`, or `random`.
        public var weights: String
        public var train: Trainable
        public var options = EncoderOptions()

        public init(encoder: String?, weights: String, train: Trainable, options: EncoderOptions = EncoderOptions()) {
            self.encoder = encoder
            self.weights = weights
            self.train = train
            self.options = options
        }
    }

    /// How embeddings are fused. What does not act on the type keeps its default, and is not in the resolved document.
    public struct Fusion: Sendable, Equatable, Codable {
        public var type: FusionKind
        /// d, of projections and of the fused embedding.
        public var dimension: Int
        public var layers = 1
        /// Of attention.
        public var heads = 4
        /// Of a low-rank tensor.
        public var rank = 4
        /// Shared tokens of MBT.
        public var bottlenecks = 4
        /// The most tokens of a modality and sample that attention sees.
        public var tokens = 16
        public var dropout: Double
        public var modalityDropout: Double
    }

    /// What is predicted, and how it is learnt.
    public struct Head: Sendable, Equatable, Codable {
        public var name = "label"
        /// The manifest's column: `label`, or a further one by the file's own name.
        public var column = "label"
        public var task: TaskKind
        public var hidden: [Int]
        public var dropout: Double
        /// Of its loss, among several heads.
        public var weight = 1.0
        public var loss = LossKind.crossEntropy
        public var focalGamma = 2.0
        public var labelSmoothing = 0.0
        public var classWeights = ClassWeights.none
        /// The positive class of a binary task; nil: the second in the alphabet, as scikit-learn has it.
        public var positive: String?
        public var calibration = CalibrationKind.temperature
    }

    /// How training keeps one modality from starving the others.
    public struct Balance: Sendable, Equatable {
        public var method = BalanceMethod.none
        /// OGM-GE's alpha.
        public var alpha = 0.3
        /// Epochs between two estimates of gradient blending's weights.
        public var every = 1
    }

    /// The contrastive loss between modalities.
    public struct Alignment: Sendable, Equatable {
        /// 0: none.
        public var weight = 0.0
        public var temperature = 0.07
    }

    public struct Training: Sendable, Equatable {
        public var epochs: Int
        public var batchSize: Int
        public var optimizer: OptimizerKind
        public var learningRate: Double
        public var encoderLearningRate: Double
        public var weightDecay: Double
        public var momentum: Double
        public var schedule: Schedule
        public var warmup: Double
        public var clip: Double
        public var balance: Balance
        public var alignment: Alignment
        /// Whether each epoch says how well each modality is learnt.
        public var monitor: Bool
        public var earlyStoppingMetric: MetricName
        /// The head whose metric it is.
        public var earlyStoppingHead: String
        public var patience: Int
        public var precision: TrainingPrecision
        public var seed: Int
    }

    public var manifest: String
    public var columns: Columns
    public var splits: SplitFractions
    public var onBadSample: BadSample.Policy
    public var device: DeviceChoice
    /// Whether embeddings of frozen encoders are taken from, and put into, the user's cache.
    public var cachesEmbeddings: Bool
    public var modalities: [Modality: Encoder]
    public var fusion: Fusion
    /// One, or several that share the fusion.
    public var heads: [Head]
    public var training: Training
    /// The folder that relative paths start from: the configuration's own.
    public var folder: URL
    /// Whether the document has a `splits` section, which acts only where the manifest has no split column.
    var givesSplits = false
    /// Whether the document says how many layers the fusion has; else each type has its own default.
    var givesLayers = false
    /// Every key that acts, defaults filled in, in the order of the documentation.
    var resolved: [ResolvedKey] = []

    /// A key and its value as YAML.
    struct ResolvedKey: Sendable {
        let path: String
        let value: String
    }

    /// The resolved document. It reads as the same configuration, wherever it lies.
    public var yaml: String { ConfigurationWriter.yaml(resolved) }

    /// Without the section on splits, for a manifest that brings its own.
    func withoutSplits() throws -> Configuration {
        guard !givesSplits else {
            throw BraidError(
                .badConfiguration, "splits acts only where the manifest has no split column, and \(manifest) has one; leave it out")
        }
        var copy = self
        copy.resolved.removeAll { $0.path.hasPrefix("splits.") }
        return copy
    }

    /// Only with `kept` of the modalities, for a manifest that has no others.
    func keeping(_ kept: Set<Modality>) -> Configuration {
        var copy = self
        copy.modalities = modalities.filter { kept.contains($0.key) }
        let gone = modalities.keys.filter { !kept.contains($0) }.map { "modalities.\($0)." }
        copy.resolved.removeAll { key in gone.contains { key.path.hasPrefix($0) } }
        if kept.count == 1 {
            copy.fusion.modalityDropout = 0
            copy.training.balance = Balance()
            copy.training.alignment.weight = 0
            copy.resolved.removeAll { Self.needsTwoModalities.contains($0.path) }
        }
        return copy
    }

    /// The same with another fusion. Settings that the type does not know give way; those it shares stay.
    ///
    /// - Throws: `BraidError` where they do not fit the type.
    func with(_ type: FusionKind) throws -> Configuration {
        var copy = self
        copy.fusion.type = type
        if !givesLayers { copy.fusion.layers = type.standardLayers }
        if type.takesTokens && !fusion.dimension.isMultiple(of: fusion.heads) {
            throw BraidError(
                .badConfiguration,
                "fusion.heads: \(fusion.heads) heads do not divide fusion.dim, \(fusion.dimension), for \(type.rawValue)")
        }
        if type == .late { copy.training.balance = Balance() }
        return copy
    }

    /// Keys that act only between modalities.
    static let needsTwoModalities: Set<String> = [
        "fusion.modality_dropout", "training.balance.method", "training.balance.alpha", "training.balance.every",
        "training.alignment.weight", "training.alignment.temperature",
    ]

    /// The manifest's place.
    public var manifestURL: URL { Self.resolve(manifest, in: folder) }

    static func resolve(_ path: String, in folder: URL) -> URL {
        path.hasPrefix("/") ? URL(fileURLWithPath: path) : folder.appendingPathComponent(path).standardizedFileURL
    }
}

extension [Configuration.Head] {
    /// The label column whose classes splits divide alike; nil where the first head's labels are not classes that exclude
    /// each other.
    var stratum: String? { first.flatMap { $0.task == .multiclass || $0.task == .binary ? $0.column : nil } }
}

/// How much of an encoder is trained.
public enum Trainable: Sendable, Equatable {
    case none
    /// The last so many blocks, counted from the output.
    case last(Int)
    case all

    init?(_ text: String) {
        switch text {
        case "none": self = .none
        case "all": self = .all
        default:
            guard text.hasPrefix("last:"), let count = Int(text.dropFirst(5)), count >= 1 else { return nil }
            self = .last(count)
        }
    }

    var text: String {
        switch self {
        case .none: "none"
        case .last(let count): "last:\(count)"
        case .all: "all"
        }
    }
}

/// The fusions: a file each in `Fuse/`, their formulas in `docs/fusions.md`.
public enum FusionKind: String, CaseIterable, Sendable, Codable {
    case concat, gated
    case lowRank = "low-rank"
    case crossAttention = "cross-attention"
    case bottleneck, film, late

    var standardLayers: Int { self == .crossAttention || self == .bottleneck || self == .film ? 2 : 1 }
}

public enum TaskKind: String, CaseIterable, Sendable, Codable {
    case binary, multiclass, multilabel, regression

    public var isClassification: Bool { self != .regression }
}

public enum LossKind: String, CaseIterable, Sendable, Codable {
    case crossEntropy = "cross-entropy"
    case focal, mse, mae, huber

    /// The losses that a task can be learnt by, its default first.
    static func of(_ task: TaskKind) -> [LossKind] { task.isClassification ? [.crossEntropy, .focal] : [.mse, .mae, .huber] }
}

public enum BalanceMethod: String, CaseIterable, Sendable {
    case none
    /// Peng et al. 2022, arXiv:2203.15332.
    case ogmGE = "ogm-ge"
    /// Wang et al. 2020, arXiv:1905.12681.
    case gradientBlending = "gradient-blending"
}

public enum CalibrationKind: String, CaseIterable, Sendable, Codable { case temperature, none }
public enum OptimizerKind: String, CaseIterable, Sendable { case adamw, sgd }
public enum ClassWeights: String, CaseIterable, Sendable, Codable { case none, balanced }
/// Of what is trained. Frozen encoders have a precision of their own.
public enum TrainingPrecision: String, CaseIterable, Sendable { case fp32 }
public enum DeviceChoice: String, CaseIterable, Sendable { case auto, cpu, cuda }
