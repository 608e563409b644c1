internal import Torch

/// A modality's tokens on their way through a fusion: a row each, and none for what is missing or padding.
struct TokenStream {
    /// `[N, d]`.
    var rows: Tensor
    /// Where the rows stand. Each sample has at least one.
    let layout: TokenLayout

    /// The mean of each sample's tokens, `[B, d]`.
    func mean(_ rows: Tensor) throws -> Tensor { try layout.mean(rows) }
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
        let (batch, length, device) = (tokens.shape[0], tokens.shape[1], tokens.device)
        let mask = try part.tokenMask.map { try $0.and(isPresent) } ?? isPresent.expanded([batch, length])
        let flags = try mask.converted(to: .uint8).flattened().array(of: UInt8.self)
        let real = flags.indices.filter { flags[$0] != 0 }
        let layout = try TokenLayout(batch: batch, length: length, places: real, device: device)
        // Picked out and not multiplied: whatever stands in missing rows, infinities included, leaves no trace.
        let projected = try projection(rows: layout.packed(tokens))
        // A sample whose every token is masked, as an empty text may be, has nothing to attend either.
        let inhabited = Set(real.map { $0 / length })
        let empty = (0..<batch).filter { !inhabited.contains($0) }
        let all = try TokenLayout(batch: batch, length: length, places: real + empty.map { $0 * length }, device: device)
        let rows = try Tensor.concatenate([projected, missing.unsqueezed(0).expanded([empty.count, -1])], 0)
        return (TokenStream(rows: try rows + kind, layout: all), try layout.mean(projected))
    }
}

extension TransformerBlock {
    /// A fusion's: norms in front, four times as wide within.
    init(_ scope: Scope, _ settings: FusionKind.Basics, heads: Int) throws {
        let size = settings.dimension
        let norm = try LayerNorm(scope / "norm", size)
        let attention = try MultiHeadAttention(scope / "attention", size, heads: heads)
        let feedNorm = try LayerNorm(scope / "mlp_norm", size)
        self.init(
            attention: attention, attentionNorm: norm,
            feedForward: try FeedForward(scope / "mlp", size, dropout: settings.dropout), feedNorm: feedNorm, order: .normFirst,
            dropout: settings.dropout)
    }

    /// `[N, d]` to `[N, d]`, tokens that stand as `layout` says.
    func callAsFunction(_ rows: Tensor, _ layout: TokenLayout, mode: Mode) throws(TorchError) -> Tensor {
        try self(rows, .packed(layout), mode: mode)
    }
}

extension FeedForward {
    /// `W2 GELU(W1 x)`, four times as wide within, under `0` and `1`.
    init(_ scope: Scope, _ size: Int, dropout: Double) throws {
        let first = try Linear(scope / 0, size, 4 * size)
        self.init(.plain(first), .gelu, output: try Linear(scope / 1, 4 * size, size), innerDropout: dropout)
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
