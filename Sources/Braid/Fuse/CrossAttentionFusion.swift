// Tsai et al. 2019, "Multimodal Transformer for Unaligned Multimodal Language Sequences" (MulT), arXiv:1906.00295.
public import Torch

/// Each modality's tokens attend those of all others, block by block, norms in front (Xiong et al. 2020,
/// arXiv:2002.04745).
public struct CrossAttentionFusion: Fusion {
    /// The size d of the fused embedding.
    public let dimension: Int
    private let projections: [TokenProjection]
    /// A list of blocks a modality.
    private let blocks: [[Block]]
    private let norms: [LayerNorm]
    private let mixer: Mixer

    private struct Block {
        /// nil where there is no other modality to attend.
        let attention: (query: LayerNorm, context: LayerNorm, attend: MultiHeadAttention)?
        let feed: (norm: LayerNorm, layers: FeedForward)
        let dropout: Double

        init(_ scope: Scope, _ settings: FusionKind.Basics, heads: Int, hasContext: Bool) throws {
            let size = settings.dimension
            attention =
                try hasContext
                ? (
                    LayerNorm(scope / "query_norm", size), LayerNorm(scope / "context_norm", size),
                    MultiHeadAttention(scope / "attention", size, heads: heads)
                ) : nil
            feed = (try LayerNorm(scope / "mlp_norm", size), try FeedForward(scope / "mlp", size, dropout: settings.dropout))
            dropout = settings.dropout
        }

        func callAsFunction(_ stream: TokenStream, context: TokenStream?, mode: Mode) throws(TorchError) -> Tensor {
            var rows = stream.rows
            if let attention, let context {
                let attended = try attention.attend(
                    attention.query(rows), stream.layout, context: (attention.context(context.rows), context.layout))
                rows = try rows + attended.dropout(dropout, mode: mode)
            }
            return try feed.layers(feed.norm(rows), addingTo: rows, dropout: dropout, mode: mode)
        }
    }

    /// Declares the fusion's weights in `scope`.
    ///
    /// - Parameters:
    ///   - scope: The fusion's place in the model.
    ///   - modalities: What is fused, in the model's order.
    ///   - settings: The size of projections, and how much is dropped in training.
    ///   - layers: Blocks of each modality.
    ///   - heads: Attention heads, which must divide the size of projections.
    /// - Throws: `SafetensorsError`, `CheckpointError` or `TorchError` where a weight cannot be read or made.
    public init(_ scope: Scope, _ modalities: [FusedModality], _ settings: FusionKind.Basics, layers: Int, heads: Int) throws {
        let size = settings.dimension
        projections = try modalities.map { try TokenProjection(scope / $0.name, $0, size) }
        blocks = try modalities.map { modality in
            try (0..<layers).map {
                try Block(scope / modality.name / "blocks" / $0, settings, heads: heads, hasContext: modalities.count > 1)
            }
        }
        norms = try modalities.map { try LayerNorm(scope / $0.name / "norm_out", size) }
        mixer = try Mixer(scope / "mixer" / 0, modalities.count * (size + 1), size, dropout: settings.dropout)
        dimension = size
    }

    /// Fuses a batch: the fused embedding `[B, d]`, and the projection of each modality.
    ///
    /// - Throws: `TorchError` where the shapes do not fit; `BraidError` where a modality comes without tokens.
    public func callAsFunction(_ input: FusionInput, mode: Mode) throws -> Fused {
        let entered = try input.parts.enumerated().map { try projections[$0]($1, isPresent: input.isPresent($0)) }
        var streams = entered.map { $0.0 }
        let others = streams.indices.map { index in streams.indices.filter { $0 != index } }
        let around = try others.map { others in
            try others.isEmpty ? nil : TokenLayout.joined(others.map { streams[$0].layout }, device: input.presence.device)
        }
        for layer in 0..<(blocks.first?.count ?? 0) {
            // All step together: a layer sees what the one before gave.
            let before = streams
            for index in streams.indices {
                let context = try around[index].map {
                    TokenStream(rows: try .concatenate(others[index].map { before[$0].rows }, 0), layout: $0)
                }
                streams[index].rows = try blocks[index][layer](before[index], context: context, mode: mode)
            }
        }
        let means = try zip(streams, norms).map { try $0.mean($1($0.rows)) }
        let fused = try mixer(.concatenate(means + [input.presenceValues()], 1), mode: mode)
        return Fused(embedding: fused, projections: entered.map(\.projected))
    }
}

extension FusionKind {
    /// Attention between modalities.
    public static let crossAttention = FusionKind(
        name: "cross-attention", paper: "Tsai et al. 2019, arXiv:1906.00295", takesTokens: true, standardDimension: 128
    ) { reader, basics in
        let layers = reader.int("fusion.layers", 2, 1...100, "Blocks of each modality.")
        let heads = reader.attentionHeads(dimension: basics.dimension)
        return { try CrossAttentionFusion($0, $1, basics, layers: layers, heads: heads) }
    }
}
