// Liu et al. 2018, "Efficient Low-rank Multimodal Fusion with Modality-Specific Factors", arXiv:1806.00064.
public import Torch

/// The tensor product of all modalities, through weights of low rank: every product of values across modalities counts,
/// and none is ever computed by itself.
public struct LowRankFusion: Fusion {
    /// The size d of the fused embedding.
    public let dimension: Int
    private let entrance: ModalityEntrance
    /// `[R, d + 1, d]` a modality.
    private let factors: [Tensor]
    private let rankWeights: Tensor
    private let bias: Tensor
    private let norm: LayerNorm
    private let dropout: Double

    /// Declares the fusion's weights in `scope`; `rank` is the rank R of the tensor's weights.
    ///
    /// - Throws: `SafetensorsError`, `CheckpointError` or `TorchError` where a weight cannot be read or made.
    public init(_ scope: Scope, _ modalities: [FusedModality], _ settings: FusionKind.Basics, rank: Int) throws {
        let size = settings.dimension
        entrance = try ModalityEntrance(scope, modalities, size, isActivated: true)
        // Glorot and Bengio 2010, over the two dimensions that are multiplied; the authors' code takes all three.
        let deviation = (2 / Double(2 * size + 1)).squareRoot()
        factors = try modalities.map { modality in
            let place = scope / modality.name
            let factor = try place.parameter("factor", [rank, size + 1, size], .normal(deviation: deviation))
            // The row that the appended 1 meets starts at 1: a factor near 1 lets the other modalities through from the first step on, where
            // a product of small random numbers lets nothing through.
            if scope.store.isDrawn {
                try withoutGradient { try factor.slice(1, size..<size + 1).copyInPlace(from: .ones([])) }
            }
            return factor
        }
        rankWeights = try scope.parameter("rank_weights", [rank], .normal(deviation: 1 / Double(rank).squareRoot()))
        bias = try scope.parameter("bias", [size], .constant(0))
        norm = try LayerNorm(scope / "norm", size)
        dimension = size
        dropout = settings.dropout
    }

    /// Fuses a batch: the fused embedding `[B, d]`, and the projection of each modality.
    ///
    /// - Throws: `TorchError` where the shapes do not fit; `BraidError` where there is no modality.
    public func callAsFunction(_ input: FusionInput, mode: Mode) throws -> Fused {
        let (projected, parts) = try entrance(input)
        var product: Tensor?
        for (index, value) in parts.enumerated() {
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

extension FusionKind {
    /// The tensor product at a low rank.
    public static let lowRank = FusionKind(name: "low-rank", paper: "Liu et al. 2018, arXiv:1806.00064") { reader, basics in
        let rank = reader.int("fusion.rank", 4, 1...4096, "Rank of the low-rank tensor.")
        return { try LowRankFusion($0, $1, basics, rank: rank) }
    }
}
