// Ngiam et al. 2011, "Multimodal Deep Learning", ICML.
public import Torch

/// Concatenation: each modality's embedding is projected, a trained vector stands in where it is missing, and layers mix
/// them.
public struct ConcatFusion: Fusion {
    public let dimension: Int
    private let projections: [ModalityProjection]
    private let missing: [Tensor]
    private let mixers: [Mixer]

    public init(_ scope: Scope, _ modalities: [FusedModality], _ settings: Configuration.Fusion) throws {
        let size = settings.dimension
        projections = try modalities.map { try ModalityProjection(scope / $0.name, $0.dimension, size) }
        missing = try modalities.map { try (scope / $0.name).missing(size) }
        mixers = try (0..<settings.layers).map { index in
            let inputs = index == 0 ? modalities.count * (size + 1) : size
            return try Mixer(scope / "mixer" / index, inputs, size, dropout: settings.dropout)
        }
        dimension = size
    }

    public func callAsFunction(_ input: FusionInput, mode: Mode) throws -> Fused {
        var projected: [Tensor] = []
        var parts: [Tensor] = []
        for (index, part) in input.parts.enumerated() {
            let isPresent = try input.isPresent(index)
            projected.append(try projections[index](part.pooled, isPresent: isPresent))
            parts.append(try projected[index].gelu().where(isPresent, else: missing[index]))
        }
        parts.append(try input.presenceValues())
        var fused = try Tensor.concatenate(parts, 1)
        for mixer in mixers { fused = try mixer(fused, mode: mode) }
        return Fused(embedding: fused, projections: projected)
    }
}
