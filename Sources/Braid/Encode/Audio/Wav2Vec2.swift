public import Torch

/// The network of wav2vec 2.0 (Baevski et al. 2020, arXiv:2006.11477), HuBERT and WavLM: convolutions make frames of the samples themselves, and a Transformer tokens of these.
///
/// The embedding is the mean over a recording's tokens: of the last hidden state, or of the one that `modalities.audio.layer` names. A recording that is padded in
/// a batch gives what it gives alone. Parameters have the names that Transformers gives a bare model's: `feature_extractor.conv_layers.0.conv`,
/// `encoder.layers.0.attention.q_proj`, …. What their own training masks, and drops whole layers at a time (LayerDrop), is not here.
public struct Wav2Vec2: BlockwiseEncoder, LayeredEncoder {
    /// D, the size of an embedding and of a token.
    public var dimension: Int { shape.hidden }
    /// Path prefixes of the parameters: the convolutions, what makes tokens of frames, each layer, the last norm where there is one.
    public let blocks: [[String]]
    private let shape: Shape
    private let features: WaveformFeatures
    private let projectionNorm: LayerNorm?
    private let projection: Linear
    private let positions: ConvolutionalPositions
    /// In front of the layers, or behind them in the stable form; nil there where an earlier layer is asked for.
    private let norm: LayerNorm?
    private let layers: [TransformerBlock]
    /// The norms in front of attention, of what the gates of the stable WavLM see; empty in the others.
    private let attentionNorms: [LayerNorm]
    private let distances: GatedDistances?
    private let inference: Precision?

    /// Asks `scope` for the weights of an encoder of this shape.
    ///
    /// `layer` is the hidden state to take: 0 is what enters the first layer, 1 what leaves it, and so on, without the norm behind the last one; nil for the last hidden state.
    ///
    /// - Throws: Where a weight cannot be read or made. One that is missing or of another size is noted in the store's `report`.
    public init(_ scope: Scope, _ shape: Shape, layer: Int? = nil) throws {
        features = try WaveformFeatures(scope / "feature_extractor", shape)
        let (place, encoder) = (scope / "feature_projection", scope / "encoder")
        let width = shape.convolutions.last?.width ?? 0
        projectionNorm = shape.hasProjectionNorm ? try LayerNorm(place / "layer_norm", width, epsilon: shape.epsilon) : nil
        projection = try Linear(place / "projection", width, shape.hidden)
        positions = try ConvolutionalPositions(
            encoder / "pos_conv_embed", shape.hidden, kernel: shape.positionKernel, groups: shape.positionGroups,
            shape.convolutionActivation)
        let isNormed = !shape.isStable || layer == nil
        norm = isNormed ? try LayerNorm(encoder / "layer_norm", shape.hidden, epsilon: shape.epsilon) : nil
        let depth = min(layer ?? shape.layers, shape.layers)
        let parts = try (0..<depth).map { try TransformerBlock.wav2vec2(encoder / "layers" / $0, shape) }
        layers = parts.map(\.block)
        attentionNorms = parts.map(\.norm)
        distances =
            depth == 0
            ? nil
            : try shape.buckets.map {
                try GatedDistances(encoder / "layers", hidden: shape.hidden, heads: shape.heads, $0, depth: depth)
            }
        inference = scope.store.inference
        let front = ["feature_projection.", "encoder.pos_conv_embed."] + (shape.isStable ? [] : ["encoder.layer_norm."])
        blocks =
            [["feature_extractor."], front] + (0..<depth).map { ["encoder.layers.\($0)."] }
            + (shape.isStable && isNormed ? [["encoder.layer_norm."]] : [])
        self.shape = shape
        // What stands for masked frames in training.
        scope.ignore("masked_spec_embed")
        for layer in depth..<shape.layers { (encoder / "layers" / layer).ignoreWav2Vec2Layer() }
        if !isNormed { for name in ["weight", "bias"] { (encoder / "layer_norm").ignore(name) } }
    }

    /// Block 0 makes frames of samples, `[B, N]` to `[B, T, C]`, block 1 tokens of frames, `[B, T, D]`; then come the layers, and the last norm.
    ///
    /// - Throws: `TorchError` where the input has another shape.
    public func run(_ range: Range<Int>, _ input: Activations, mode: Mode) throws -> Activations {
        guard !range.isEmpty else { return input }
        var (x, lengths) = try real(input)
        if range.contains(0) { (x, lengths) = try features(x, lengths) }
        let mask = try lengths.map { try lengthMask($0, x.shape[1]).moved(to: x.device) }
        let bias = range.upperBound > 2 ? try distances?.bias(x.shape[1]) : nil
        for block in range where block > 0 {
            switch block - 2 {
            case ..<0: x = try embedded(x, mask, mode)
            case let layer where layer < layers.count:
                x = try x.converted(to: inference?.dtype ?? .float32)
                x = try layers[layer](x, .padded(mask), relations(layer, x, bias), mode: mode)
            default: x = try norm?(x) ?? x
            }
        }
        return Activations(values: try x.converted(to: .float32), mask: mask, lengths: lengths)
    }

    /// `pooled` is `[B, D]`, the mean over a recording's own tokens; `tokens` are `[B, T, D]`.
    ///
    /// - Throws: `TorchError` where libtorch fails.
    public func encoding(_ last: Activations, mode: Mode) throws -> Encoding {
        Encoding(pooled: try last.values.mean(where: last.mask), tokens: last.values, tokenMask: last.mask)
    }

    /// The batch without what is padding in every row, and how much of each row is real; nil where all is.
    private func real(_ input: Activations) throws -> (Tensor, [Int]?) {
        let counted = try input.mask.map {
            try $0.converted(to: .int64).sum([1]).moved(to: .cpu).array(of: Int64.self).map(Int.init)
        }
        guard let lengths = input.lengths ?? counted, let longest = lengths.max() else { return (input.values, nil) }
        let x = longest < input.values.shape[1] ? try input.values.slice(1, 0..<longest) : input.values
        return (x, lengths.allSatisfy { $0 == longest } ? nil : lengths)
    }

    /// Frames `[B, T, C]` to tokens `[B, T, D]`, with zeros behind a recording, as behind one that is alone.
    private func embedded(_ frames: Tensor, _ mask: Tensor?, _ mode: Mode) throws -> Tensor {
        let normed = try projectionNorm?(frames) ?? frames
        var x = try projection(normed, mode: mode).converted(to: .float32).dropout(shape.projectionDropout, mode: mode)
        if let mask { x = try x * mask.unsqueezed(-1).converted(to: .float32) }
        x = try x + positions(x)
        if !shape.isStable { x = try norm?(x) ?? x }
        return try x.dropout(shape.dropout, mode: mode)
    }

    private func relations(_ layer: Int, _ x: Tensor, _ bias: Tensor?) throws -> TokenRelations {
        guard let distances, let bias else { return TokenRelations() }
        return try distances.relations(layer, shape.isStable ? attentionNorms[layer](x) : x, bias)
    }
}

/// An encoder of whose hidden states the user may choose one: `modalities.….layer`.
protocol LayeredEncoder: Encoder {}

extension EncoderOptions {
    /// Refuses `layer` for an encoder that leaves no choice.
    func checkLayer(of encoder: any Encoder, _ architecture: String, _ modality: Modality) throws {
        guard layer != nil, !(encoder is any LayeredEncoder) else { return }
        let known = Wav2Vec2.Kind.allCases.map(\.rawValue).joined(separator: ", ")
        throw BraidError(
            .badConfiguration, "modalities.\(modality).layer is for \(known); \(architecture) has one embedding. Leave it out")
    }
}

extension TransformerBlock {
    /// A layer, and the norm of its attention.
    fileprivate static func wav2vec2(
        _ scope: Scope, _ shape: Wav2Vec2.Shape
    ) throws -> (block: TransformerBlock, norm: LayerNorm) {
        let place = scope / "attention"
        let projection = { (name: String) in try Linear(place / name, shape.hidden, shape.hidden) }
        let attention = MultiHeadAttention(
            query: try projection("q_proj"), key: try projection("k_proj"), value: try projection("v_proj"),
            output: try projection("out_proj"), heads: shape.heads)
        let feed = scope / "feed_forward"
        let inner = try Linear(feed / "intermediate_dense", shape.hidden, shape.intermediate)
        let output = try Linear(feed / "output_dense", shape.intermediate, shape.hidden)
        let norm = try LayerNorm(scope / "layer_norm", shape.hidden, epsilon: shape.epsilon)
        let block = TransformerBlock(
            attention: attention, attentionNorm: norm,
            feedForward: FeedForward(.plain(inner), shape.activation, output: output, innerDropout: shape.activationDropout),
            feedNorm: try LayerNorm(scope / "final_layer_norm", shape.hidden, epsilon: shape.epsilon),
            order: shape.isStable ? .normFirst : .normLast, dropout: shape.dropout, attentionDropout: shape.attentionDropout)
        return (block, norm)
    }
}

extension Scope {
    /// A layer behind the one that is asked for.
    fileprivate func ignoreWav2Vec2Layer() {
        let attention = ["q_proj", "k_proj", "v_proj", "out_proj", "gru_rel_pos_linear", "rel_attn_embed"].map { "attention.\($0)" }
        let others = ["feed_forward.intermediate_dense", "feed_forward.output_dense", "layer_norm", "final_layer_norm"]
        for path in attention + others { for name in ["weight", "bias"] { ignore("\(path).\(name)") } }
        ignore("attention.gru_rel_pos_const")
    }
}

extension Wav2Vec2 {
    static let builders = Kind.allCases.map { kind in
        EncoderBuilder(
            modality: .audio, name: kind.rawValue, paper: kind.paper, layouts: { _ in layouts(kind) },
            adapters: AdapterTargets(
                lowRank: ["q_proj", "v_proj"], scaled: ["q_proj", "v_proj", "output_dense"], scaledInputs: ["output_dense"])
        ) { source in
            let shape = try Shape(source.config, kind)
            if let layer = source.options.layer, layer > shape.layers {
                throw source.config.fault(
                    "modalities.audio.layer is \(layer), but there are \(shape.layers) layers; 0 is what enters the first")
            }
            let frontEnd = try WaveformFrontEnd(source, least: shape.leastSamples)
            return (try Wav2Vec2(source.scope, shape, layer: source.options.layer), frontEnd)
        }
        .usually(
            kind.usual.name, licence: kind.usual.licence,
            config: #"{"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072}"#)
    }

    /// The names of a bare model and of one saved with its head, with the weight norm as Transformers stored it up to version 4 and as it has it from then on.
    private static func layouts(_ kind: Kind) -> [KeyMap] {
        let prefix = "\(kind.rawValue)."
        let conv = "encoder.pos_conv_embed.conv."
        let norms = [("parametrizations.weight.original0", "weight_g"), ("parametrizations.weight.original1", "weight_v")]
        let renamed = norms.map { (from: conv + $0.0, to: conv + $0.1) }
        let heads = [
            "lm_head.", "project_hid.", "project_q.", "quantizer.", "projector.", "classifier.", "layer_weights", "tdnn.",
            "objective.",
        ]
        return [
            KeyMap(
                "Transformers, with a head", markers: [prefix],
                renamed: renamed.map { (from: prefix + $0.from, to: $0.to) } + [(from: prefix, to: "")], dropped: heads),
            KeyMap("Transformers 5", markers: [conv + "parametrizations."], renamed: renamed),
        ]
    }
}
