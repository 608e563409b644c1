// Ngiam et al. 2011, "Multimodal Deep Learning", ICML.
public import Torch

/// Concatenation: each modality's embedding is projected, a trained vector stands in where it is missing, and layers mix
/// them.
public struct ConcatFusion: Fusion {
    /// The size d of the fused embedding.
    public let dimension: Int
    private let entrance: ModalityEntrance
    private let mixers: [Mixer]

    /// Declares the fusion's weights in `scope`, `layers` mixing layers among them.
    ///
    /// - Throws: `SafetensorsError`, `CheckpointError` or `TorchError` where a weight cannot be read or made.
    public init(_ scope: Scope, _ modalities: [FusedModality], _ settings: FusionKind.Basics, layers: Int) throws {
        let size = settings.dimension
        entrance = try ModalityEntrance(scope, modalities, size, isActivated: true)
        mixers = try (0..<layers).map { index in
            let inputs = index == 0 ? modalities.count * (size + 1) : size
            return try Mixer(scope / "mixer" / index, inputs, size, dropout: settings.dropout)
        }
        dimension = size
    }

    /// Fuses a batch: the fused embedding `[B, d]`, and the projection of each modality.
    ///
    /// - Throws: `TorchError` where the shapes do not fit.
    public func callAsFunction(_ input: FusionInput, mode: Mode) throws -> Fused {
        let (projected, parts) = try entrance(input)
        var fused = try Tensor.concatenate(parts + [input.presenceValues()], 1)
        for mixer in mixers { fused = try mixer(fused, mode: mode) }
        return Fused(embedding: fused, projections: projected)
    }
}

extension FusionKind {
    /// Concatenation and mixing layers.
    public static let concat = FusionKind(name: "concat", paper: "Ngiam et al. 2011, ICML") { reader, basics in
        let layers = reader.int("fusion.layers", 1, 1...100, "Mixing layers.")
        return { try ConcatFusion($0, $1, basics, layers: layers) }
    }
}
