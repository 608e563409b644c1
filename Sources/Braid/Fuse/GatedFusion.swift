// Arevalo et al. 2017, "Gated Multimodal Units for Information Fusion", arXiv:1702.01992.
public import Torch

/// A gate a modality and value, computed from all modalities, says how much of it comes through.
public struct GatedFusion: Fusion {
    /// The size d of the fused embedding.
    public let dimension: Int
    private let entrance: ModalityEntrance
    private let gates: [Linear]
    private let dropout: Double

    /// Declares the fusion's weights in `scope`.
    ///
    /// - Throws: `SafetensorsError`, `CheckpointError` or `TorchError` where a weight cannot be read or made.
    public init(_ scope: Scope, _ modalities: [FusedModality], _ settings: FusionKind.Basics) throws {
        let size = settings.dimension
        entrance = try ModalityEntrance(scope, modalities, size)
        gates = try modalities.map { try Linear(scope / $0.name / "gate", modalities.count * (size + 1), size) }
        dimension = size
        dropout = settings.dropout
    }

    /// Fuses a batch: the fused embedding `[B, d]`, and the projection of each modality.
    ///
    /// - Throws: `TorchError` where the shapes do not fit; `BraidError` where there is no modality.
    public func callAsFunction(_ input: FusionInput, mode: Mode) throws -> Fused {
        let (projected, parts) = try entrance(input)
        let all = try Tensor.concatenate(parts + [input.presenceValues()], 1)
        var fused: Tensor?
        for (part, gate) in zip(parts, gates) {
            let passed = try gate(all).sigmoid() * part.tanh()
            fused = try fused.map { try $0 + passed } ?? passed
        }
        guard let fused else { throw BraidError(.internal, "a fusion of no modality") }
        return Fused(embedding: try fused.dropout(dropout, mode: mode), projections: projected)
    }
}

extension FusionKind {
    /// Gated multimodal units.
    public static let gated = FusionKind(name: "gated", paper: "Arevalo et al. 2017, arXiv:1702.01992") { _, basics in
        { try GatedFusion($0, $1, basics) }
    }
}
