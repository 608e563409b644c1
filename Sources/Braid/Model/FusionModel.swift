public import Torch

/// Encoders → fusion → heads: the whole model.
public final class FusionModel {
    /// Which modalities the model takes, in the order of its inputs.
    public let modalities: [Modality]
    public let encoders: [Modality: ModalityEncoder]
    /// What it predicts, a head each.
    public let targets: [Target]
    public let settings: Settings
    /// The fusion's and the heads'; each encoder has its own.
    public let parameters: ParameterStore
    /// What makes probabilities of logits.
    public internal(set) var calibration = Calibration()
    /// Heads that only training uses, where it blends gradients. They are not part of what is written.
    var auxiliary: AuxiliaryHeads?
    /// D, the size of a fused embedding.
    let fusedDimension: Int
    private let body: Body

    private enum Body {
        case joint(any Fusion, TaskHeads)
        case late(LateFusion)
    }

    /// What a model is made of, beside its encoders.
    public struct Settings: Sendable, Equatable {
        public var fusion: Configuration.Fusion
        public var heads: [Configuration.Head]
        public var columns: Columns
        public var splits: SplitFractions
        /// Of the manifest the model was trained on.
        public var manifestSHA256: String
    }

    /// What the model makes of a batch.
    public struct Output {
        /// `[B, D]`; of late fusion, which has no joint embedding, the fused logits side by side.
        public let fused: Tensor
        /// `[B, C]` a head, not calibrated.
        public let logits: [Tensor]
        /// `[B, d]` a modality: its projection, before it has met any other.
        let projections: [Tensor]
        /// `[B, C]` by modality and head, where each modality has heads of its own; else empty.
        let alone: [[Tensor]]
    }

    /// - Parameter parameters: A new store, random or loading, for the fusion's and the heads' weights.
    public init(
        encoders: [ModalityEncoder], targets: [Target], settings: Settings, parameters: ParameterStore = ParameterStore()
    ) throws {
        let ordered = encoders.sorted { $0.modality < $1.modality }
        modalities = ordered.map(\.modality)
        self.encoders = Dictionary(uniqueKeysWithValues: ordered.map { ($0.modality, $0) })
        self.targets = targets
        self.settings = settings
        self.parameters = parameters
        let scope = Scope(parameters)
        let sizes = ordered.map {
            FusedModality($0.modality.rawValue, dimension: $0.encoder.dimension, tokenDimension: $0.encoder.tokenDimension)
        }
        let heads = zip(settings.heads, targets).map { (settings: $0, outputs: $1.outputs) }
        if let fusion = try settings.fusion.type.make(scope / "fusion", sizes, settings.fusion) {
            body = .joint(fusion, try TaskHeads(scope / "head", fusion.dimension, heads))
            fusedDimension = fusion.dimension
        } else {
            body = .late(try LateFusion(scope / "fusion", sizes, settings.fusion) { try TaskHeads($0, $1, heads) })
            fusedDimension = targets.reduce(0) { $0 + $1.outputs }
        }
    }

    public func callAsFunction(_ input: FusionInput, mode: Mode = .evaluate) throws -> Output {
        switch body {
        case .joint(let fusion, let heads):
            let fused = try fusion(input, mode: mode)
            return Output(
                fused: fused.embedding, logits: try heads(fused.embedding, mode: mode), projections: fused.projections, alone: [])
        case .late(let fusion):
            let voted = try fusion(input, mode: mode)
            return Output(
                fused: try .concatenate(voted.logits, 1), logits: voted.logits, projections: voted.projections, alone: voted.alone)
        }
    }

    /// The most tokens a sample and modality that the fusion takes; nil where it takes pooled embeddings alone.
    var tokenBudget: Int? { settings.fusion.type.takesTokens ? settings.fusion.tokens : nil }
}

extension FusionModel {
    /// Everything that training changes, by path: fusion, head, and of each encoder what is not frozen, running
    /// statistics included.
    var trainedEntries: [ParameterStore.Entry] {
        var entries = parameters.entries + (auxiliary?.parameters.entries ?? [])
        for modality in modalities {
            guard let encoder = encoders[modality], !encoder.isFrozen else { continue }
            entries += encoder.parameters.entries.filter { $0.kind == .buffer || $0.tensor.requiresGradient }
                .map { .init(path: "encoders.\(modality).\($0.path)", tensor: $0.tensor, kind: $0.kind) }
        }
        return entries
    }

    /// What the optimizer is given.
    func trainedParameters(encoderScale: Double) throws -> [TrainedParameter] {
        for entry in parameters.parameters + (auxiliary?.parameters.parameters ?? []) {
            try entry.tensor.setRequiresGradient(true)
        }
        return trainedEntries.filter { $0.kind == .parameter }.map {
            TrainedParameter(path: $0.path, tensor: $0.tensor, learningRateScale: $0.path.hasPrefix("encoders.") ? encoderScale : 1)
        }
    }

    /// The parameters that only `modality` passes: its encoder's, as far as they are trained, and its way into the fusion.
    func ownParameters(of modality: Modality) -> [Tensor] {
        let prefixes = ["fusion.\(modality).", "encoders.\(modality)."]
        return trainedEntries.filter { entry in entry.kind == .parameter && prefixes.contains(where: entry.path.hasPrefix) }
            .map(\.tensor)
    }

    /// The number of values that training changes, and of all.
    public var parameterCounts: (trained: Int, all: Int) {
        let trained = trainedEntries.filter { $0.kind == .parameter }.reduce(0) { $0 + $1.tensor.count }
        let encoderCounts = encoders.values.flatMap(\.parameters.parameters).reduce(0) { $0 + $1.tensor.count }
        return (trained, parameters.parameters.reduce(0) { $0 + $1.tensor.count } + encoderCounts)
    }
}
