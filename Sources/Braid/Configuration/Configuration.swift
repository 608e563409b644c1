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

    public struct Fusion: Sendable, Equatable {
        public var type: FusionKind
        public var dimension: Int
        public var dropout: Double
        public var modalityDropout: Double
    }

    public struct Head: Sendable, Equatable {
        public var task: TaskKind
        public var hidden: [Int]
        public var dropout: Double
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
        public var labelSmoothing: Double
        public var classWeights: ClassWeights
        public var earlyStoppingMetric: MetricName
        public var patience: Int
        public var precision: Precision
        public var seed: Int
    }

    public var manifest: String
    public var columns: Columns
    public var splits: SplitFractions
    public var onBadSample: BadSample.Policy
    public var device: DeviceChoice
    public var modalities: [Modality: Encoder]
    public var fusion: Fusion
    public var head: Head
    public var training: Training
    /// The folder that relative paths start from: the configuration's own.
    public var folder: URL
    /// Whether the document has a `splits` section, which acts only where the manifest has no split column.
    var givesSplits = false
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

    /// The manifest's place.
    public var manifestURL: URL { Self.resolve(manifest, in: folder) }

    static func resolve(_ path: String, in folder: URL) -> URL {
        path.hasPrefix("/") ? URL(fileURLWithPath: path) : folder.appendingPathComponent(path).standardizedFileURL
    }
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

public enum FusionKind: String, CaseIterable, Sendable { case concat }
public enum TaskKind: String, CaseIterable, Sendable { case multiclass }
public enum OptimizerKind: String, CaseIterable, Sendable { case adamw, sgd }
public enum ClassWeights: String, CaseIterable, Sendable { case none, balanced }
public enum Precision: String, CaseIterable, Sendable { case fp32 }
public enum DeviceChoice: String, CaseIterable, Sendable { case auto, cpu, cuda }

/// What early stopping and the best checkpoint go by, on the validation split.
public enum MetricName: String, CaseIterable, Sendable {
    case accuracy
    case macroF1 = "macro_f1"
    case weightedF1 = "weighted_f1"
    case loss

    var isBetterWhenHigher: Bool { self != .loss }
}
