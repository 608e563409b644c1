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

    public init(_ parts: [Part], presence: Tensor) {
        self.parts = parts
        self.presence = presence
    }
}

/// What a fusion makes of a batch.
public struct Fused {
    /// `[B, dimension]`.
    public let embedding: Tensor
    /// `[B, d]` of each modality: its projection, before it has met any other. Rows of what is missing mean nothing.
    public let projections: [Tensor]
}

/// Makes one embedding of several. `docs/fusions.md` has the formulas.
public protocol Fusion {
    /// The size of the fused embedding.
    var dimension: Int { get }
    func callAsFunction(_ input: FusionInput, mode: Mode) throws -> Fused
}

/// A modality as a fusion sees it.
public struct FusedModality: Sendable {
    public let name: String
    /// D of its pooled embeddings.
    public let dimension: Int
    /// C of its tokens.
    public let tokenDimension: Int

    public init(_ name: String, dimension: Int, tokenDimension: Int? = nil) {
        self.name = name
        self.dimension = dimension
        self.tokenDimension = tokenDimension ?? dimension
    }
}

extension FusionKind {
    /// Whether it takes tokens, and not only one embedding a sample.
    public var takesTokens: Bool { self == .crossAttention || self == .bottleneck }

    /// The fusion of this kind; nil for late fusion, which fuses what heads say and not embeddings: `LateFusion`.
    func make(_ scope: Scope, _ modalities: [FusedModality], _ settings: Configuration.Fusion) throws -> (any Fusion)? {
        switch self {
        case .concat: try ConcatFusion(scope, modalities, settings)
        case .gated: try GatedFusion(scope, modalities, settings)
        case .lowRank: try LowRankFusion(scope, modalities, settings)
        case .film: try FiLMFusion(scope, modalities, settings)
        case .crossAttention: try CrossAttentionFusion(scope, modalities, settings)
        case .bottleneck: try BottleneckFusion(scope, modalities, settings)
        case .late: nil
        }
    }
}
