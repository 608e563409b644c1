public import Torch

/// Samples as a model takes them: embeddings of what is frozen, media of what is trained, and what is there.
public struct Batch {
    /// One modality of the samples.
    public enum Part {
        /// What its frozen encoder gave. Rows of samples that lack it may hold anything.
        case embeddings(FusionInput.Part)
        /// Prepared media for an encoder that is trained: those of the visible samples, in their order.
        case media([Tensor], isVisible: [Bool])
        /// What the frozen blocks of an encoder gave whose others are trained, with how many blocks they are: of the visible samples, in their order.
        case activations([Tensor], behind: Int, isVisible: [Bool])
    }

    /// Samples that are partly others of the batch.
    public struct Mixing {
        /// How much of each sample is its own; the rest is its partner's.
        public let share: Double
        /// Int64 `[B]`: the place in the batch of each sample's partner, which has the same modalities.
        public let partners: Tensor
        /// Whether each modality is still to be mixed, in its embedding.
        let isInEmbedding: [Bool]

        /// Values of the samples, one a row, mixed.
        func callAsFunction(_ rows: Tensor) throws -> Tensor {
            try rows.scaled(by: share) + rows.rows(partners).scaled(by: 1 - share)
        }
    }

    /// In the order of the model's modalities.
    public let parts: [Part]
    /// Bool `[B, M]`: what the model may see.
    public let presence: Tensor
    /// Int64 `[B]`: the samples' numbers in their source.
    public let rows: Tensor
    /// What samples are mixed with; nil where they are as they are.
    public let mixing: Mixing?

    /// Makes one from its parts.
    public init(_ parts: [Part], presence: Tensor, rows: Tensor, mixing: Mixing? = nil) {
        (self.parts, self.presence, self.rows, self.mixing) = (parts, presence, rows, mixing)
    }

    /// B, the number of samples.
    public var count: Int { rows.count }
}
