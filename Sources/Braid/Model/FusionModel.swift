public import Torch

/// Encoders → fusion → heads: the whole model.
public final class FusionModel {
    /// Which modalities the model takes, in the order of its inputs.
    public let modalities: [Modality]
    /// The encoder of each modality.
    public let encoders: [Modality: ModalityEncoder]
    /// What it predicts, a head each.
    public let targets: [Target]
    /// What the model is made of, beside its encoders and what it has learnt.
    public let settings: ModelSettings
    /// The fusion's and the heads'; each encoder has its own.
    public let parameters: ParameterStore
    /// What makes probabilities of logits.
    public internal(set) var calibration = Calibration()
    /// The rows of its training; nil where they are not known.
    public internal(set) var seen: SeenRows?
    /// Which training of a chain made it; nil where that began with no earlier model.
    public internal(set) var lineage: Lineage?
    /// How it did on the test split; nil where there was none, or it was read from its folder.
    var tested: TestFigures?
    /// What its training leaves for one that goes on from it.
    var handedOn = HandedOn()
    /// What later data are held against; nil where nothing was kept.
    var driftReference: DriftReference?
    let fusion: any Fusion
    /// nil where the fusion has heads of its own.
    private let heads: TaskHeads?

    /// What the model makes of a batch.
    public struct Output {
        /// The embeddings that were fused.
        public let input: FusionInput
        /// `[B, D]`; of a fusion with heads of its own, the fused logits side by side.
        public let fused: Tensor
        /// `[B, C]` a head, not calibrated.
        public let logits: [Tensor]
        /// `[B, d]` a modality: its projection, before it has met any other.
        public let projections: [Tensor]
        /// `[B, C]` by modality and head, where each modality has heads of its own; else empty.
        public let unimodal: [[Tensor]]

        /// As losses take it, whatever the model computed in.
        func inFloat32() throws -> Output {
            let convert = { (tensor: Tensor) in try tensor.converted(to: .float32) }
            return Output(
                input: input, fused: try convert(fused), logits: try logits.map(convert), projections: try projections.map(convert),
                unimodal: try unimodal.map { try $0.map(convert) })
        }
    }

    /// - Parameters:
    ///   - encoders: One a modality, in any order.
    ///   - targets: What each head predicts, in the order of the settings' heads.
    ///   - settings: The fusion, the heads, and what else the model is made of.
    ///   - parameters: A new store, random or loading, for the fusion's and the heads' weights.
    public init(
        encoders: [ModalityEncoder], targets: [Target], settings: ModelSettings, parameters: ParameterStore = ParameterStore()
    ) throws {
        let ordered = encoders.sorted { $0.modality < $1.modality }
        modalities = ordered.map(\.modality)
        self.encoders = Dictionary(uniqueKeysWithValues: ordered.map { ($0.modality, $0) })
        self.targets = targets
        self.settings = settings
        self.parameters = parameters
        let sizes = ordered.map {
            FusedModality($0.modality.rawValue, dimension: $0.encoder.dimension, tokenDimension: $0.encoder.tokenDimension)
        }
        let heads = zip(settings.heads, targets).map { (settings: $0, target: $1) }
        func make(_ scope: Scope) throws -> (any Fusion, TaskHeads?) {
            let fusion = try settings.fusion.make(scope / "fusion", sizes, targets) { try TaskHeads($0, $1, heads) }
            return (fusion, settings.fusion.kind.hasOwnHeads ? nil : try TaskHeads(scope / "head", fusion.dimension, heads))
        }
        // What asks for more than it may is refused before any of it is made.
        if parameters.isDrawn { _ = try make(Scope(.outline())) }
        (fusion, self.heads) = try make(Scope(parameters))
    }

    /// Encodes a batch, fuses its embeddings, and asks the heads.
    public func callAsFunction(_ batch: Batch, mode: Mode = .evaluate) throws -> Output {
        try self(encode(batch, mode: mode), mode: mode)
    }

    /// Fuses embeddings, and asks the heads.
    public func callAsFunction(_ input: FusionInput, mode: Mode = .evaluate) throws -> Output {
        let fused = try fusion(input, mode: mode)
        let logits = try fused.logits ?? heads?(fused.embedding, mode: mode) ?? []
        return Output(
            input: input, fused: fused.embedding, logits: logits, projections: fused.projections, unimodal: fused.unimodal)
    }

    /// D, the size of a fused embedding.
    var fusedDimension: Int { fusion.dimension }

    /// The most tokens a sample and modality that the fusion takes; nil where it takes pooled embeddings alone.
    var tokenBudget: Int? { settings.fusion.tokens }
}

extension FusionModel {
    /// Everything that training changes, by path: fusion, head, and of each encoder what is not frozen, running
    /// statistics included.
    var trainedEntries: [ParameterStore.Entry] { entries(training: encoders.mapValues(\.trainable)) }

    /// Fusion, head, and of each encoder what `trains` says, whether or not it is trained just now.
    func entries(training trains: [Modality: Trainable]) -> [ParameterStore.Entry] {
        parameters.entries
            + modalities.flatMap { modality in
                (encoders[modality]?.entries(of: trains[modality] ?? .none) ?? []).map {
                    ParameterStore.Entry(
                        path: "encoders.\(modality).\($0.path)", tensor: $0.tensor, kind: $0.kind, decays: $0.decays, role: $0.role)
                }
            }
    }

    /// The parameters that only `modality` passes: its encoder's, as far as they are trained, and its way into the fusion.
    func ownParameters(of modality: Modality) -> [Tensor] {
        let prefixes = ["fusion.\(modality).", "encoders.\(modality)."]
        return trainedEntries.filter { entry in entry.kind == .parameter && prefixes.contains(where: entry.path.hasPrefix) }
            .map(\.tensor)
    }

    /// Of these, what makes the modality's projection: its encoder's, as far as they are trained, the norm and the projection.
    func projectionParameters(of modality: Modality) -> [Tensor] {
        let prefixes = ["fusion.\(modality).norm.", "fusion.\(modality).projection.", "encoders.\(modality)."]
        return trainedEntries.filter { entry in entry.kind == .parameter && prefixes.contains(where: entry.path.hasPrefix) }
            .map(\.tensor)
    }

    /// How many blocks of its encoder lie between an encoder's parameter and the encoder's output; of what lies before all blocks, how many there
    /// are.
    func depth(of path: String) -> Int {
        let parts = path.split(separator: ".", maxSplits: 2).map(String.init)
        guard parts.count == 3, let blocks = encoders.keys.named(parts[1]).flatMap({ encoders[$0] })?.encoder.blocks else {
            return 0
        }
        let block = blocks.lastIndex { $0.contains(where: parts[2].hasPrefix) }
        return block.map { blocks.count - 1 - $0 } ?? blocks.count
    }

    /// The number of values that training changes, and of all.
    public var parameterCounts: (trained: Int, all: Int) {
        let trained = trainedEntries.filter { $0.kind == .parameter }.reduce(0) { $0 + $1.tensor.count }
        let encoderCounts = encoders.values.flatMap(\.parameters.parameters).reduce(0) { $0 + $1.tensor.count }
        return (trained, parameters.parameters.reduce(0) { $0 + $1.tensor.count } + encoderCounts)
    }
}
