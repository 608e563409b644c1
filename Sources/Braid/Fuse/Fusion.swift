public import Torch

/// What a fusion takes: one embedding a modality and sample, and which of them are there.
public struct FusionInput {
    /// `[B, D_m]` for each modality, in the order of the model's modalities. Rows of what is missing may hold anything.
    public let pooled: [Tensor]
    /// Bool `[B, M]`.
    public let presence: Tensor

    public init(pooled: [Tensor], presence: Tensor) {
        self.pooled = pooled
        self.presence = presence
    }
}

/// Makes one embedding of several.
public protocol Fusion {
    /// The size of the fused embedding.
    var dimension: Int { get }
    /// `[B, dimension]`.
    func callAsFunction(_ input: FusionInput, mode: Mode) throws -> Tensor
}
