// Liu et al. 2018, "Efficient Low-rank Multimodal Fusion with Modality-Specific Factors", arXiv:1806.00064.
public import Torch

/// The tensor product of all modalities, through weights of low rank: every product of values across modalities counts,
/// and none is ever computed by itself.
public struct LowRankFusion: Fusion {
    public let dimension: Int
    private let projections: [ModalityProjection]
    private let missing: [Tensor]
    /// `[R, d + 1, d]` a modality.
    private let factors: [Tensor]
    private let rankWeights: Tensor
    private let bias: Tensor
    private let norm: LayerNorm
    private let dropout: Double

    public init(_ scope: Scope, _ modalities: [FusedModality], _ settings: Configuration.Fusion) throws {
        let (size, rank) = (settings.dimension, settings.rank)
        projections = try modalities.map { try ModalityProjection(scope / $0.name, $0.dimension, size) }
        missing = try modalities.map { try (scope / $0.name).missing(size) }
        // Glorot and Bengio 2010, as the authors' code: over the two dimensions that are multiplied.
        let deviation = (2 / Double(2 * size + 1)).squareRoot()
        factors = try modalities.map {
            try (scope / $0.name).parameter("factor", [rank, size + 1, size], .normal(deviation: deviation))
        }
        rankWeights = try scope.parameter("rank_weights", [rank], .normal(deviation: 1 / Double(rank).squareRoot()))
        bias = try scope.parameter("bias", [size], .constant(0))
        norm = try LayerNorm(scope / "norm", size)
        dimension = size
        dropout = settings.dropout
    }

    public func callAsFunction(_ input: FusionInput, mode: Mode) throws -> Fused {
        var projected: [Tensor] = []
        var product: Tensor?
        for (index, part) in input.parts.enumerated() {
            let isPresent = try input.isPresent(index)
            projected.append(try projections[index](part.pooled, isPresent: isPresent))
            let value = try projected[index].gelu().where(isPresent, else: missing[index])
            let one = try Tensor.ones([value.shape[0], 1]).moved(to: value.device)
            // [B, d + 1] by [R, d + 1, d] is [R, B, d].
            let factor = try Tensor.concatenate([value, one], 1).matmul(factors[index])
            product = try product.map { try $0 * factor } ?? factor
        }
        guard let product else { throw BraidError(.internal, "a fusion of no modality") }
        let summed = try (product * rankWeights.reshaped([-1, 1, 1])).sum([0]) + bias
        return Fused(embedding: try norm(summed).dropout(dropout, mode: mode), projections: projected)
    }
}
