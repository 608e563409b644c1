public import Torch

/// Samples as a model takes them: embeddings of what is frozen, media of what is trained, and what is there.
public struct Batch {
    /// One modality of the samples.
    public enum Part {
        /// What its frozen encoder gave. Rows of samples that lack it may hold anything.
        case embeddings(FusionInput.Part)
        /// Prepared media for an encoder that is trained: those of the visible samples, in their order.
        case media([Tensor], isVisible: [Bool])
    }

    /// In the order of the model's modalities.
    public let parts: [Part]
    /// Bool `[B, M]`: what the model may see.
    public let presence: Tensor
    /// Int64 `[B]`: the samples' numbers in their source.
    public let rows: Tensor

    /// Makes one from its parts.
    public init(_ parts: [Part], presence: Tensor, rows: Tensor) {
        (self.parts, self.presence, self.rows) = (parts, presence, rows)
    }

    /// B, the number of samples.
    public var count: Int { rows.count }
}
