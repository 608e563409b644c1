internal import Torch

/// A modality's tokens on their way through a fusion.
struct TokenStream {
    /// `[B, T, d]`.
    var tokens: Tensor
    /// Bool `[B, T]`, true where a token may be attended. At least one of each row is.
    let mask: Tensor

    /// The mean of the tokens that count, `[B, d]`.
    func mean(_ tokens: Tensor) throws -> Tensor { try Self.mean(tokens, mask) }

    static func mean(_ tokens: Tensor, _ mask: Tensor) throws -> Tensor {
        let weights = try mask.converted(to: .float32).unsqueezed(-1)
        return try (tokens * weights).sum([1]) / weights.sum([1]).clamped(atLeast: 1)
    }

    /// Streams behind one another, for attention over all of them.
    static func joined(_ streams: [TokenStream]) throws -> TokenStream {
        TokenStream(
            tokens: try .concatenate(streams.map(\.tokens), 1), mask: try .concatenate(streams.map(\.mask), 1))
    }
}

/// A modality's tokens into the fusion: projected, marked with their kind, one trained token in place of what is missing.
struct TokenProjection {
    private let projection: ModalityProjection
    private let missing: Tensor
    private let kind: Tensor

    init(_ scope: Scope, _ modality: FusedModality, _ size: Int) throws {
        projection = try ModalityProjection(scope, modality.tokenDimension, size)
        missing = try scope.missing(size)
        kind = try scope.parameter("kind", [size], .normal(deviation: 0.02))
    }

    /// The stream, and the mean of the projected tokens, `[B, d]`.
    func callAsFunction(_ part: FusionInput.Part, isPresent: Tensor) throws -> (TokenStream, projected: Tensor) {
        guard let tokens = part.tokens else { throw BraidError(.internal, "the fusion takes tokens and got none") }
        let (batch, length) = (tokens.shape[0], tokens.shape[1])
        let mask = try part.tokenMask.map { try $0.and(isPresent) } ?? isPresent.expanded([batch, length])
        // A sample whose every token is masked, as an empty text may be, has nothing to attend either.
        let isPresent = try mask.any(1)
        let projected = try projection(tokens: tokens, isVisible: mask)
        // The missing token is the first of its row, and the only one that counts.
        let first = try Tensor([UInt8(1)] + Array(repeating: 0, count: length - 1), shape: [1, length]).converted(to: .bool)
            .moved(to: tokens.device)
        let stream = TokenStream(
            tokens: try projected.where(isPresent.unsqueezed(-1), else: missing) + kind,
            mask: try mask.where(isPresent, else: first))
        return (stream, try TokenStream.mean(projected, mask))
    }
}

/// A Transformer block, norms in front (Xiong et al. 2020, arXiv:2002.04745): attention among the tokens of a stream, and a perceptron.
struct TransformerBlock {
    private let norm: LayerNorm
    private let attention: MultiHeadAttention
    private let feedForward: FeedForward
    private let dropout: Double

    init(_ scope: Scope, _ settings: FusionKind.Basics, heads: Int) throws {
        norm = try LayerNorm(scope / "norm", settings.dimension)
        attention = try MultiHeadAttention(scope / "attention", settings.dimension, heads: heads)
        feedForward = try FeedForward(scope, settings.dimension, dropout: settings.dropout)
        dropout = settings.dropout
    }

    /// `[B, T, d]` to `[B, T, d]`.
    func callAsFunction(_ stream: TokenStream, mode: Mode) throws(TorchError) -> Tensor {
        let attended = try attention(norm(stream.tokens), keyMask: stream.mask, mode: mode)
        return try feedForward(stream.tokens + attended.dropout(dropout, mode: mode), mode: mode)
    }
}

/// The second half of a Transformer block, the norm in front: `x + W2 GELU(W1 LayerNorm(x))`.
struct FeedForward {
    private let norm: LayerNorm
    private let first: Linear
    private let second: Linear
    private let dropout: Double

    init(_ scope: Scope, _ size: Int, dropout: Double) throws {
        norm = try LayerNorm(scope / "mlp_norm", size)
        first = try Linear(scope / "mlp" / 0, size, 4 * size)
        second = try Linear(scope / "mlp" / 1, 4 * size, size)
        self.dropout = dropout
    }

    func callAsFunction(_ x: Tensor, mode: Mode) throws(TorchError) -> Tensor {
        try x + second(first(norm(x)).gelu().dropout(dropout, mode: mode)).dropout(dropout, mode: mode)
    }
}

extension MultiHeadAttention {
    /// Four projections of one size under `scope`.
    init(_ scope: Scope, _ size: Int, heads: Int) throws {
        self.init(
            query: try Linear(scope / "query", size, size), key: try Linear(scope / "key", size, size),
            value: try Linear(scope / "value", size, size), output: try Linear(scope / "output", size, size), heads: heads)
    }
}
