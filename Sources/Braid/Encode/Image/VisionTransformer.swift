public import Torch

/// The Vision Transformer (Dosovitskiy et al. 2021, arXiv:2010.11929), and what is built like it: DeiT, DINOv2, DINOv3, the picture towers of CLIP and SigLIP.
///
/// Parameters have timm's names: `patch_embed.proj`, `cls_token`, `pos_embed`, `blocks.0.attn.qkv`, …, `norm`. Where queries, keys and values
/// have layers of their own, these are `blocks.0.attn.q`, `k` and `v`.
public struct VisionTransformer: BlockwiseEncoder {
    /// D, the size of an embedding.
    public let dimension: Int
    /// C, the size of a token.
    public let tokenDimension: Int
    /// Path prefixes of the parameters: the embeddings, each block, and what stands behind the last one.
    public let blocks: [[String]]
    private let shape: VisionShape
    private let embeddings: PatchEmbedding
    private let layers: [TransformerBlock]
    private let norm: LayerNorm
    private let pool: AttentionPooling?
    private let projection: Projection?
    /// What it computes in where it is frozen.
    private let inference: Precision?

    /// Asks `scope` for the weights of a Vision Transformer of this shape.
    ///
    /// - Throws: Where a weight cannot be read or made. One that is missing or of another size is noted in the store's `report`.
    public init(_ scope: Scope, _ shape: VisionShape) throws {
        self.shape = shape
        (dimension, tokenDimension) = (shape.dimension, shape.hidden)
        embeddings = try PatchEmbedding(scope, shape)
        layers = try (0..<shape.layers).map { try TransformerBlock(vision: scope / "blocks" / $0, shape) }
        let last = shape.normsPooled ? "fc_norm" : "norm"
        norm = try LayerNorm(scope / last, shape.hidden, epsilon: shape.epsilon)
        pool = try shape.pooling == .attention ? AttentionPooling(scope / "attn_pool", shape) : nil
        projection = try shape.projection.map {
            try shape.isProjectionTransposed
                ? .transposed(TransposedLinear(scope / "projection", shape.hidden, $0, bias: false))
                : .upright(Linear(scope / "projection", shape.hidden, $0, bias: false))
        }
        inference = scope.store.inference
        blocks =
            [embeddings.paths] + (0..<shape.layers).map { ["blocks.\($0)."] }
            + [["\(last).", "attn_pool.", "projection."]]
        for head in ["head", "head_dist"] {
            for name in ["weight", "bias"] { (scope / head).ignore(name) }
        }
    }

    /// Block 0 makes tokens of pictures `[B, 3, H, W]`; then come the layers, `[B, T, C]` to `[B, T, C]`. What stands behind the last layer is the
    /// last block, and runs in `encoding`.
    ///
    /// Where places are told by turning queries and keys, what goes from block to block is a map, `PatchMap`, of which layers learn how patches lie.
    ///
    /// - Throws: `TorchError` where the input has another shape, or is smaller than a patch.
    public func run(_ range: Range<Int>, _ input: Activations, mode: Mode) throws -> Activations {
        guard !range.isEmpty else { return input }
        var x = input.values
        var turned: (map: PatchMap, relations: TokenRelations)?
        if let base = shape.rotaryBase {
            let map = range.contains(0) ? PatchMap(pictures: x.shape, shape) : PatchMap(folded: x.shape, shape)
            let rotary = try RotaryEmbedding(
                rows: map.grid.rows, columns: map.grid.columns, behind: shape.prefix.count, size: shape.hidden / shape.heads,
                base: base)
            turned = (map, TokenRelations(rotary: rotary))
            if !range.contains(0) { x = try map.tokens(x) }
        }
        for block in range where block <= layers.count {
            guard block > 0 else {
                x = try embeddings(x, mode: mode).converted(to: inference?.dtype ?? .float32)
                continue
            }
            x = try layers[block - 1](x, .padded(nil), turned?.relations ?? TokenRelations(), mode: mode)
        }
        return Activations(values: try turned?.map.folded(x) ?? x)
    }

    /// Of patches of 32 pixels a picture has a quarter of the tokens of one in 16. Twice as many at once are a few percent faster; four times as many
    /// are no faster than that, and leave a core idle where pictures are few.
    public var batchFactor: Int { shape.patch >= 32 ? 2 : 1 }

    /// `pooled` is `[B, D]`, `tokens` are `[B, T, C]`.
    ///
    /// Tokens are the patches, row by row; class token, distillation token and registers are not among them. Where the last norm belongs to the
    /// pooled embedding, tokens go without it.
    ///
    /// - Throws: `TorchError` where libtorch fails.
    public func encoding(_ last: Activations, mode: Mode) throws -> Encoding {
        var x = try inference == nil ? last.values : last.values.converted(to: .float32)
        if shape.rotaryBase != nil { x = try PatchMap(folded: x.shape, shape).tokens(x) }
        if !shape.normsPooled { x = try norm(x) }
        let tokens = try x.slice(1, shape.prefix.count..<x.shape[1])
        var pooled = try pooled(x, tokens, mode)
        if shape.normsPooled { pooled = try norm(pooled) }
        if let projection { pooled = try projection(pooled, mode: mode) }
        return Encoding(pooled: pooled, tokens: tokens)
    }

    private func pooled(_ x: Tensor, _ tokens: Tensor, _ mode: Mode) throws -> Tensor {
        switch shape.pooling {
        case .classToken: return try x.select(1, 0)
        case .classAndDistillation: return try x.slice(1, 0..<2).mean([1])
        case .mean: return try tokens.mean([1])
        case .classAndMean: return try .concatenate([x.select(1, 0), tokens.mean([1])], 1)
        case .attention: return try pool?(tokens, mode: mode) ?? tokens.mean([1])
        }
    }
}

extension TransformerBlock {
    /// A block of a Vision Transformer, under timm's names.
    init(vision scope: Scope, _ shape: VisionShape) throws {
        let initializer = Initializer.normal(deviation: 0.02)
        let (hidden, place) = (shape.hidden, scope / "attn")
        let layer = { (scope: Scope, inputs: Int, outputs: Int, bias: Bool) in
            try Linear(scope, inputs, outputs, bias: bias, initializer: initializer)
        }
        let bias = shape.hasProjectionBias
        let projections: MultiHeadAttention.Projections =
            try shape.joinsProjections
            ? .joined(layer(place / "qkv", hidden, 3 * hidden, bias))
            : .separate(
                query: layer(place / "q", hidden, hidden, bias), key: layer(place / "k", hidden, hidden, bias && shape.hasKeyBias),
                value: layer(place / "v", hidden, hidden, bias))
        let attention = MultiHeadAttention(
            projections, output: try layer(place / "proj", hidden, hidden, true), heads: shape.heads)
        let first = scope / "mlp" / "fc1"
        let inner: FeedForward.Inner =
            switch shape.perceptron {
            case .plain: .plain(try layer(first, hidden, shape.intermediate, true))
            case .gated: .joined(try layer(first, hidden, 2 * shape.intermediate, true))
            case .gatedApart:
                .gated(
                    gate: try layer(scope / "mlp" / "fc1_g", hidden, shape.intermediate, true),
                    up: try layer(scope / "mlp" / "fc1_x", hidden, shape.intermediate, true))
            }
        let feedForward = FeedForward(
            inner, shape.perceptron.activation, output: try layer(scope / "mlp" / "fc2", shape.intermediate, hidden, true))
        let scale = { (name: String) in try (scope / name).parameter("gamma", [hidden], .constant(1e-5)) }
        self.init(
            attention: attention, attentionNorm: try LayerNorm(scope / "norm1", hidden, epsilon: shape.epsilon),
            feedForward: feedForward, feedNorm: try LayerNorm(scope / "norm2", hidden, epsilon: shape.epsilon), order: .normFirst,
            scales: try shape.scalesLayers ? (attention: scale("ls1"), feed: scale("ls2")) : nil, dropout: shape.dropout,
            attentionDropout: shape.attentionDropout)
    }
}
