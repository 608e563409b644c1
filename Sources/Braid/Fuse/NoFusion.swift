public import Torch

/// No fusion: heads see the embedding of the one modality as its encoder gives it.
public struct NoFusion: Fusion {
    /// The size of the encoder's embedding.
    public let dimension: Int

    /// - Parameter modalities: The one modality.
    /// - Throws: `BraidError` where there are several.
    public init(_ modalities: [FusedModality]) throws {
        guard modalities.count == 1 else {
            throw BraidError(.internal, "\(modalities.count) modalities, and nothing that fuses them")
        }
        dimension = modalities[0].dimension
    }

    /// The pooled embeddings; zeros where a sample has none.
    ///
    /// - Throws: `TorchError` where the shapes do not fit.
    public func callAsFunction(_ input: FusionInput, mode: Mode) throws -> Fused {
        let pooled = input.parts[0].pooled
        let embedding = try pooled.where(input.isPresent(0), else: Tensor.zeros([]).moved(to: pooled.device))
        return Fused(embedding: embedding, projections: [embedding])
    }
}

extension FusionKind {
    /// One modality's embedding as it is.
    public static let alone = FusionKind(unfused: "none", paper: "Alain and Bengio 2016, arXiv:1610.01644") { try NoFusion($0) }
}
