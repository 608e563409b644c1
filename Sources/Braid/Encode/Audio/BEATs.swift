internal import Foundation
internal import Torch

/// BEATs (Chen et al. 2022, arXiv:2212.09058): a Transformer over patches of filter banks, whose attention is biased as WavLM's.
///
/// The embedding is the mean over a recording's own patches. Parameters have the names that Transformers gives WavLM's layers: `patch_embedding`, `layer_norm`,
/// `post_extract_proj`, `encoder.pos_conv_embed.conv`, `encoder.layers.0.attention.q_proj`, ….
struct BEATs: BlockwiseEncoder {
    /// What tells one from another; as published where nothing is said.
    struct Shape {
        /// The side of a patch, in frames and in mel bins.
        let patch: Int
        /// The size of what a patch is embedded as, in front of the projection.
        let width: Int
        let hidden: Int
        let layers: Int
        let heads: Int
        let intermediate: Int
        let activation: Activation
        let hasPatchBias: Bool
        /// Whether what goes by a layer's halves is enlarged: DeepNorm (Wang et al. 2022, arXiv:2203.00555).
        let isDeep: Bool
        let buckets: (count: Int, farthest: Int)
        let positionKernel: Int
        let positionGroups: Int
        let inputDropout: Double
        let dropout: Double
        let attentionDropout: Double
        let activationDropout: Double

        /// By what the shortcuts are multiplied.
        var shortcut: Double { isDeep ? pow(Double(2 * layers), 0.25) : 1 }
    }

    /// D, the size of an embedding and of a token.
    var dimension: Int { shape.hidden }
    /// Path prefixes of the parameters: what makes tokens of patches, then each layer.
    let blocks: [[String]]
    private let shape: Shape
    private let patches: Conv2d
    private let patchNorm: LayerNorm
    private let projection: Linear?
    private let positions: ConvolutionalPositions
    private let norm: LayerNorm
    private let layers: [TransformerBlock]
    /// What makes queries in each layer: the gates see them.
    private let queries: [Linear]
    private let distances: GatedDistances
    private let inference: Precision?

    /// Asks `scope` for the weights of an encoder of this shape.
    ///
    /// - Throws: Where a weight cannot be read or made. One that is missing or of another size is noted in the store's `report`.
    init(_ scope: Scope, _ shape: Shape) throws {
        patches = try Conv2d(
            scope / "patch_embedding", 1, shape.width, kernel: shape.patch, stride: shape.patch, bias: shape.hasPatchBias)
        patchNorm = try LayerNorm(scope / "layer_norm", shape.width)
        projection = shape.width == shape.hidden ? nil : try Linear(scope / "post_extract_proj", shape.width, shape.hidden)
        let encoder = scope / "encoder"
        positions = try ConvolutionalPositions(
            encoder / "pos_conv_embed", shape.hidden, kernel: shape.positionKernel, groups: shape.positionGroups, .gelu)
        norm = try LayerNorm(encoder / "layer_norm", shape.hidden)
        let parts = try (0..<shape.layers).map { try TransformerBlock.beats(encoder / "layers" / $0, shape) }
        (layers, queries) = (parts.map(\.block), parts.map(\.query))
        distances = try GatedDistances(
            encoder / "layers", hidden: shape.hidden, heads: shape.heads, shape.buckets, depth: shape.layers)
        // Files hold the first layer's table once for each layer.
        for layer in 1..<max(1, shape.layers) { (encoder / "layers" / layer / "attention" / "rel_attn_embed").ignore("weight") }
        inference = scope.store.inference
        let front = ["patch_embedding.", "layer_norm.", "post_extract_proj.", "encoder.pos_conv_embed.", "encoder.layer_norm."]
        blocks = [front] + (0..<shape.layers).map { ["encoder.layers.\($0)."] }
        self.shape = shape
    }

    /// Block 0 makes tokens of filter banks, `[B, frames, 128]` to `[B, T, D]`: frame by frame, and in each the pitches; then come the layers.
    ///
    /// - Throws: `TorchError` where the input has another shape, or fewer frames than a patch.
    func run(_ range: Range<Int>, _ input: Activations, mode: Mode) throws -> Activations {
        guard !range.isEmpty else { return input }
        var (x, mask, lengths) = (input.values, input.mask, input.lengths)
        if range.contains(0) {
            let (rows, pitches) = (shape.patch, BEATsFrontEnd.melBins / shape.patch)
            let counted =
                try lengths
                ?? mask.map {
                    try $0.converted(to: .int64).sum([1]).moved(to: .cpu).array(of: Int64.self).map(Int.init)
                }
            lengths = counted.map { $0.map { $0 / rows * pitches } }
            x = try patches(x.unsqueezed(1), mode: mode).flattened(from: 2).transposed(1, 2)
            mask = try lengths.map { try lengthMask($0, x.shape[1]).moved(to: x.device) }
            x = try embedded(x, mask, mode)
        }
        let bias = range.upperBound > 1 ? try distances.bias(x.shape[1]) : nil
        for layer in range where layer > 0 {
            x = try x.converted(to: inference?.dtype ?? .float32)
            let relations = try bias.map { try distances.relations(layer - 1, queries[layer - 1](x, mode: mode), $0) }
            x = try layers[layer - 1](x, .padded(mask), relations ?? TokenRelations(), mode: mode)
        }
        return Activations(values: try x.converted(to: .float32), mask: mask, lengths: lengths)
    }

    /// Patches `[B, T, C]` to tokens `[B, T, D]`, with zeros behind a recording, as behind one that is alone.
    private func embedded(_ patches: Tensor, _ mask: Tensor?, _ mode: Mode) throws -> Tensor {
        let normed = try patchNorm(patches.converted(to: .float32))
        var x = try projection?(normed, mode: mode).converted(to: .float32) ?? normed
        x = try x.dropout(shape.inputDropout, mode: mode)
        if let mask { x = try x * mask.unsqueezed(-1).converted(to: .float32) }
        return try norm(x + positions(x)).dropout(shape.dropout, mode: mode)
    }

    /// `pooled` is `[B, D]`, the mean over a recording's own tokens; `tokens` are `[B, T, D]`.
    ///
    /// - Throws: `TorchError` where libtorch fails.
    func encoding(_ last: Activations, mode: Mode) throws -> Encoding {
        Encoding(pooled: try last.values.mean(where: last.mask), tokens: last.values, tokenMask: last.mask)
    }
}

extension TransformerBlock {
    /// A layer, and what makes its queries.
    fileprivate static func beats(_ scope: Scope, _ shape: BEATs.Shape) throws -> (block: TransformerBlock, query: Linear) {
        let place = scope / "attention"
        let projection = { (name: String) in try Linear(place / name, shape.hidden, shape.hidden) }
        let query = try projection("q_proj")
        let attention = MultiHeadAttention(
            query: query, key: try projection("k_proj"), value: try projection("v_proj"), output: try projection("out_proj"),
            heads: shape.heads)
        let feed = scope / "feed_forward"
        let inner = try Linear(feed / "intermediate_dense", shape.hidden, shape.intermediate)
        let output = try Linear(feed / "output_dense", shape.intermediate, shape.hidden)
        let block = TransformerBlock(
            attention: attention, attentionNorm: try LayerNorm(scope / "layer_norm", shape.hidden),
            feedForward: FeedForward(.plain(inner), shape.activation, output: output, innerDropout: shape.activationDropout),
            feedNorm: try LayerNorm(scope / "final_layer_norm", shape.hidden), order: .normLast, dropout: shape.dropout,
            attentionDropout: shape.attentionDropout, shortcut: shape.shortcut)
        return (block, query)
    }
}

extension BEATs.Shape {
    /// The `cfg` of a checkpoint, where it was written into a `config.json`; what it does not say is as in the published checkpoints.
    init(_ config: JSONObject) throws {
        patch = try config.int("input_patch_size", 16)
        width = try config.int("embed_dim", 512)
        hidden = try config.int("encoder_embed_dim", 768)
        layers = try config.int("encoder_layers", 12)
        heads = try config.int("encoder_attention_heads", 12)
        intermediate = try config.int("encoder_ffn_embed_dim", 3072)
        activation = try config.activation("activation_fn", .gelu)
        hasPatchBias = try config.bool("conv_bias", false)
        isDeep = try config.bool("deep_norm", true)
        buckets = (try config.int("num_buckets", 320), try config.int("max_distance", 800))
        positionKernel = try config.int("conv_pos", 128)
        positionGroups = try config.int("conv_pos_groups", 16)
        inputDropout = try config.double("dropout_input", 0)
        dropout = try config.double("dropout", 0)
        attentionDropout = try config.double("attention_dropout", 0)
        activationDropout = try config.double("activation_dropout", 0)
        try config.expect("layer_norm_first", false)
        try config.expect("relative_position_embedding", true)
        try config.expect("gru_rel_pos", true)
        let sizes = [patch, width, hidden, layers, heads, intermediate, positionKernel, positionGroups]
        guard sizes.allSatisfy({ (1...100_000).contains($0) }), layers <= 1000, BEATsFrontEnd.melBins.isMultiple(of: patch),
            hidden.isMultiple(of: heads), hidden.isMultiple(of: positionGroups), (4...100_000).contains(buckets.count),
            buckets.count.isMultiple(of: 4), (buckets.count / 4 + 1...1_000_000).contains(buckets.farthest)
        else {
            throw config.fault(
                "the sizes do not fit together: input_patch_size must divide 128, encoder_attention_heads and conv_pos_groups encoder_embed_dim; num_buckets must be a multiple of 4, and max_distance more than a quarter of it"
            )
        }
    }
}

extension BEATs {
    /// What the authors call the parts, the weight norm as older and newer versions of torch store it.
    private static func layouts(_ config: JSONObject) throws -> [KeyMap] {
        let conv = "encoder.pos_conv.0."
        var renamed = [
            (conv, "encoder.pos_conv_embed.conv."),
            ("\(conv)parametrizations.weight.original0", "encoder.pos_conv_embed.conv.weight_g"),
            ("\(conv)parametrizations.weight.original1", "encoder.pos_conv_embed.conv.weight_v"),
        ]
        for layer in 0..<(try Shape(config).layers) {
            renamed += [
                ("self_attn.", "attention."), ("self_attn.grep_linear.", "attention.gru_rel_pos_linear."),
                ("self_attn.grep_a", "attention.gru_rel_pos_const"),
                ("self_attn.relative_attention_bias.", "attention.rel_attn_embed."), ("self_attn_layer_norm.", "layer_norm."),
                ("fc1.", "feed_forward.intermediate_dense."), ("fc2.", "feed_forward.output_dense."),
            ].map { ("encoder.layers.\(layer).\($0.0)", "encoder.layers.\(layer).\($0.1)") }
        }
        return [
            KeyMap(
                "BEATs", markers: [conv], renamed: renamed.map { (from: $0.0, to: $0.1) }, dropped: ["predictor."])
        ]
    }

    static let builders = [
        EncoderBuilder(
            modality: .audio, name: "beats", paper: "arXiv:2212.09058", layouts: layouts,
            adapters: AdapterTargets(
                lowRank: ["q_proj", "v_proj"], scaled: ["q_proj", "v_proj", "output_dense"], scaledInputs: ["output_dense"]),
            build: { source in
                let shape = try Shape(source.config)
                return (try BEATs(source.scope, shape), try BEATsFrontEnd(source, patch: shape.patch))
            }
        )
        .usually("github.com/microsoft/unilm/tree/master/beats", licence: "MIT")
    ]
}
