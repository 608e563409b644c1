public import Torch

/// What a fusion takes: embeddings of each modality, and which of them are there.
public struct FusionInput {
    /// One modality's. Rows of samples that lack it, and masked tokens, may hold anything.
    public struct Part {
        /// `[B, D]`.
        public let pooled: Tensor
        /// `[B, T, C]`; nil where the fusion takes only pooled embeddings.
        public let tokens: Tensor?
        /// Bool `[B, T]`, true where a token is real; nil where all are.
        public let tokenMask: Tensor?

        /// Makes one from its parts.
        public init(pooled: Tensor, tokens: Tensor? = nil, tokenMask: Tensor? = nil) {
            self.pooled = pooled
            self.tokens = tokens
            self.tokenMask = tokenMask
        }
    }

    /// In the order of the model's modalities.
    public let parts: [Part]
    /// Bool `[B, M]`.
    public let presence: Tensor

    /// Makes one from its parts.
    public init(_ parts: [Part], presence: Tensor) {
        self.parts = parts
        self.presence = presence
    }
}

/// What a fusion makes of a batch.
public struct Fused {
    /// `[B, dimension]`; of a fusion with heads of its own, the fused logits side by side.
    public let embedding: Tensor
    /// `[B, d]` of each modality: its projection, before it has met any other. Rows of what is missing mean nothing.
    public let projections: [Tensor]
    /// `[B, C]` a head, of a fusion that has heads of its own; nil where the model's heads follow.
    public let logits: [Tensor]?
    /// `[B, C]` by modality and head, where each modality has heads of its own that learn as if it were alone; else empty.
    public let unimodal: [[Tensor]]

    /// Makes one from its parts. Fusions of embeddings give the first two.
    public init(embedding: Tensor, projections: [Tensor], logits: [Tensor]? = nil, unimodal: [[Tensor]] = []) {
        (self.embedding, self.projections, self.logits, self.unimodal) = (embedding, projections, logits, unimodal)
    }
}

/// Makes one embedding of several. `docs/fusions.md` has the formulas.
///
/// One more is a file with a type that conforms and its `FusionKind`, and a line in `FusionKind.registry`.
public protocol Fusion {
    /// The size of the fused embedding.
    var dimension: Int { get }

    /// Fuses a batch.
    func callAsFunction(_ input: FusionInput, mode: Mode) throws -> Fused
}

/// A modality as a fusion sees it.
public struct FusedModality: Sendable {
    /// What the modality is called, in parameters' paths too.
    public let name: String
    /// D of its pooled embeddings.
    public let dimension: Int
    /// C of its tokens.
    public let tokenDimension: Int

    /// Makes one from its parts; tokens are as large as embeddings where nothing else is said.
    public init(_ name: String, dimension: Int, tokenDimension: Int? = nil) {
        self.name = name
        self.dimension = dimension
        self.tokenDimension = tokenDimension ?? dimension
    }
}
