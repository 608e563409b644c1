public import Torch

/// Encoders → fusion → head: the whole model.
public final class FusionModel {
    /// Which modalities the model takes, in the order of its inputs.
    public let modalities: [Modality]
    public let encoders: [Modality: ModalityEncoder]
    /// Class names, in the order of the logits.
    public let labels: [String]
    public let settings: Settings
    /// The fusion's and the head's; each encoder has its own.
    public let parameters: ParameterStore
    private let fusion: any Fusion
    private let head: MLPHead

    /// What a model is made of, beside its encoders.
    public struct Settings: Sendable, Equatable {
        public var fusion: Configuration.Fusion
        public var head: Configuration.Head
        public var columns: Columns
        public var splits: SplitFractions
        /// Of the manifest the model was trained on.
        public var manifestSHA256: String
    }

    /// What the model makes of a batch.
    public struct Output {
        /// `[B, D]`.
        public let fused: Tensor
        /// `[B, C]`.
        public let logits: Tensor
    }

    /// - Parameter parameters: A new store, random or loading, for the fusion's and the head's weights.
    public init(
        encoders: [ModalityEncoder], labels: [String], settings: Settings, parameters: ParameterStore = ParameterStore()
    ) throws {
        let ordered = encoders.sorted { $0.modality < $1.modality }
        modalities = ordered.map(\.modality)
        self.encoders = Dictionary(uniqueKeysWithValues: ordered.map { ($0.modality, $0) })
        self.labels = labels
        self.settings = settings
        self.parameters = parameters
        let scope = Scope(parameters)
        fusion = try ConcatFusion(
            scope / "fusion", modalities: ordered.map { ($0.modality.rawValue, $0.encoder.dimension) },
            dimension: settings.fusion.dimension, dropout: settings.fusion.dropout)
        head = try MLPHead(
            scope / "head", fusion.dimension, hidden: settings.head.hidden, outputs: labels.count, dropout: settings.head.dropout)
    }

    public func callAsFunction(_ input: FusionInput, mode: Mode = .evaluate) throws -> Output {
        let fused = try fusion(input, mode: mode)
        return Output(fused: fused, logits: try head(fused, mode: mode))
    }
}

extension FusionModel {
    /// Everything that training changes, by path: fusion, head, and of each encoder what is not frozen, running
    /// statistics included.
    var trainedEntries: [ParameterStore.Entry] {
        var entries = parameters.entries
        for modality in modalities {
            guard let encoder = encoders[modality], !encoder.isFrozen else { continue }
            entries += encoder.parameters.entries.filter { $0.kind == .buffer || $0.tensor.requiresGradient }
                .map { .init(path: "encoders.\(modality).\($0.path)", tensor: $0.tensor, kind: $0.kind) }
        }
        return entries
    }

    /// What the optimizer is given.
    func trainedParameters(encoderScale: Double) throws -> [TrainedParameter] {
        for entry in parameters.parameters { try entry.tensor.setRequiresGradient(true) }
        return trainedEntries.filter { $0.kind == .parameter }.map {
            TrainedParameter(path: $0.path, tensor: $0.tensor, learningRateScale: $0.path.hasPrefix("encoders.") ? encoderScale : 1)
        }
    }

    /// The number of values that training changes, and of all.
    public var parameterCounts: (trained: Int, all: Int) {
        let trained = trainedEntries.filter { $0.kind == .parameter }.reduce(0) { $0 + $1.tensor.count }
        let encoderCounts = encoders.values.flatMap(\.parameters.parameters).reduce(0) { $0 + $1.tensor.count }
        return (trained, parameters.parameters.reduce(0) { $0 + $1.tensor.count } + encoderCounts)
    }
}
