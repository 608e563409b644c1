public import Torch

/// Concatenation: each modality's embedding is normalised and projected, a trained token stands in where it is missing,
/// and one layer mixes them. Ngiam et al. 2011, "Multimodal Deep Learning", is the form's origin.
public struct ConcatFusion: Fusion {
    public let dimension: Int
    private let norms: [LayerNorm]
    private let projections: [Linear]
    private let missing: [Tensor]
    private let mixer: Linear
    private let mixerNorm: LayerNorm
    private let dropout: Double

    /// - Parameter modalities: Name and embedding size of each modality, in the order its input comes.
    public init(_ scope: Scope, modalities: [(name: String, dimension: Int)], dimension: Int, dropout: Double) throws {
        norms = try modalities.map { try LayerNorm(scope / $0.name / "norm", $0.dimension) }
        projections = try modalities.map { try Linear(scope / $0.name / "projection", $0.dimension, dimension) }
        missing = try modalities.map { try (scope / $0.name).parameter("missing", [dimension], .normal(deviation: 0.02)) }
        // The presence mask goes along: that something is missing is itself information.
        mixer = try Linear(scope / "mixer", modalities.count * (dimension + 1), dimension)
        mixerNorm = try LayerNorm(scope / "mixer_norm", dimension)
        self.dimension = dimension
        self.dropout = dropout
    }

    public func callAsFunction(_ input: FusionInput, mode: Mode) throws -> Tensor {
        var parts: [Tensor] = []
        for (index, pooled) in input.pooled.enumerated() {
            let isPresent = try input.presence.slice(1, index..<index + 1)
            // Selected and not multiplied: whatever stands in a missing row, infinities included, leaves no trace.
            let clean = try pooled.where(isPresent, else: Tensor.zeros([]).moved(to: pooled.device))
            let projected = try projections[index](norms[index](clean)).gelu()
            parts.append(try projected.where(isPresent, else: missing[index]))
        }
        parts.append(try input.presence.converted(to: .float32))
        return try mixerNorm(mixer(Tensor.concatenate(parts, 1))).gelu().dropout(dropout, mode: mode)
    }
}
