// Wang et al. 2020, "What Makes Training Multi-modal Classification Networks Hard?", arXiv:1905.12681.
internal import Torch

/// Heads on each modality by itself, of which only training makes use.
struct AuxiliaryHeads {
    let parameters: ParameterStore
    private let heads: [TaskHeads]
    private let dropout: Double

    init(_ model: FusionModel, device: Device) throws {
        parameters = ParameterStore(device: device)
        let scope = Scope(parameters) / "auxiliary"
        let outputs = zip(model.settings.heads, model.targets).map { (settings: $0, target: $1) }
        heads = try model.modalities.map { try TaskHeads(scope / $0.rawValue, model.settings.fusion.dimension, outputs) }
        dropout = model.settings.fusion.dropout
    }

    /// Logits by modality and head.
    func callAsFunction(_ projections: [Tensor], mode: Mode) throws -> [[Tensor]] {
        try zip(heads, projections).map { try $0($1.gelu().dropout(dropout, mode: mode), mode: mode) }
    }
}

/// Weighs the losses of the fused output and of each modality alone by how well each generalises: G / O², where G is how
/// much its validation loss fell since the last estimate, and O how much its gap to the training loss grew.
struct GradientBlending: Codable, Equatable {
    /// Of the fused output, and then of each modality; they add up to 1.
    private(set) var weights: [Double]
    private var last: Losses?

    /// In the order of the weights.
    struct Losses: Codable, Equatable {
        let train: [Double]
        let val: [Double]
    }

    init(modalities: Int) { weights = Array(repeating: 1 / Double(modalities + 1), count: modalities + 1) }

    /// Takes new losses, and estimates the weights anew where there are earlier ones to compare with.
    mutating func update(_ now: Losses) {
        defer { last = now }
        guard let last else { return }
        let ratios = weights.indices.map { index -> Double in
            let generalised = last.val[index] - now.val[index]
            let overfitted = (now.val[index] - now.train[index]) - (last.val[index] - last.train[index])
            // What did not get better gets next to no weight; what did without overfitting is bounded, not infinite.
            return max(generalised, 1e-6) / max(overfitted * overfitted, 1e-6)
        }
        let sum = ratios.reduce(0, +)
        weights = ratios.map { $0 / sum }
    }
}
