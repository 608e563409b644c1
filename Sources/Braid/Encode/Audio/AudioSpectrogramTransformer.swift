public import Torch

/// The Audio Spectrogram Transformer (Gong et al. 2021, arXiv:2104.01778): a vision Transformer over overlapping patches of filter banks.
///
/// The embedding is the mean of its class and its distillation token, behind the last norm. It sees windows of 10.24 seconds, filled up with zeros.
/// Parameters have the names that Transformers' published files have: `embeddings.patch_embeddings.projection`,
/// `encoder.layer.0.attention.attention.query`, ….
public struct AudioSpectrogramTransformer: BlockwiseEncoder {
    /// The sizes that Transformers' `config.json` states.
    public struct Shape: Sendable {
        /// How many mel bins a frame has.
        public let melBins: Int
        /// Frames of a window.
        public let frames: Int
        /// Frames and bins of a patch.
        public let patch: Int
        /// Frames, and bins, between the starts of two patches.
        public let stride: Int
        /// The size of a token in each layer.
        public let hidden: Int
        /// How many Transformer layers there are.
        public let layers: Int
        /// How many attention heads each layer has; they divide `hidden` among them.
        public let heads: Int
        /// The size inside the feed-forward part of a layer.
        public let intermediate: Int
        /// What layer norms add to the variance.
        public let epsilon: Double
        /// The activation of the feed-forward part.
        public let activation: Activation
        /// The share of values that is dropped behind the embeddings, attention and feed-forward, in training.
        public let dropout: Double
        /// The share of attention weights that is dropped, in training.
        public let attentionDropout: Double
        /// Whether queries, keys and values have biases.
        public let hasBiases: Bool

        /// Patches of a window, and the two tokens in front of them.
        var tokens: Int { ((melBins - patch) / stride + 1) * ((frames - patch) / stride + 1) + 2 }

        init(_ config: JSONObject) throws {
            melBins = try config.int("num_mel_bins", 128)
            frames = try config.int("max_length", 1024)
            patch = try config.int("patch_size", 16)
            stride = try config.int("time_stride", 10)
            let pitchStride = try config.int("frequency_stride", 10)
            guard stride == pitchStride else {
                throw config.fault("time_stride \(stride) and frequency_stride \(pitchStride) differ; this version has them alike")
            }
            hidden = try config.int("hidden_size")
            layers = try config.int("num_hidden_layers")
            heads = try config.int("num_attention_heads")
            intermediate = try config.int("intermediate_size")
            epsilon = try config.positive("layer_norm_eps", 1e-12)
            activation = try config.activation("hidden_act", .gelu)
            dropout = try config.double("hidden_dropout_prob", 0)
            attentionDropout = try config.double("attention_probs_dropout_prob", 0)
            hasBiases = try config.bool("qkv_bias", true)
            let sizes = [melBins, frames, patch, stride, hidden, layers, heads, intermediate]
            guard sizes.allSatisfy({ (1...100_000).contains($0) }), layers <= 1000, hidden.isMultiple(of: heads),
                patch <= min(melBins, frames), (4...1024).contains(melBins)
            else {
                throw config.fault(
                    "the sizes do not fit together: all must be 1 or more, a patch within a window, and num_attention_heads must divide hidden_size"
                )
            }
        }
    }

    /// D, the size of an embedding and of a token.
    public var dimension: Int { shape.hidden }
    /// Path prefixes of the parameters: the embeddings, each layer, the last norm.
    public let blocks: [[String]]
    private let shape: Shape
    private let patches: Conv2d
    /// The class and the distillation token, `[1, 1, D]` each.
    private let firstTokens: [Tensor]
    /// `[1, T, D]`.
    private let positions: Tensor
    private let layers: [TransformerBlock]
    private let norm: LayerNorm
    private let inference: Precision?

    /// Asks `scope` for the weights of an encoder of this shape.
    ///
    /// - Throws: Where a weight cannot be read or made. One that is missing or of another size is noted in the store's `report`.
    public init(_ scope: Scope, _ shape: Shape) throws {
        let place = scope / "embeddings"
        let small = Initializer.normal(deviation: 0.02)
        firstTokens = try ["cls_token", "distillation_token"].map {
            try place.parameter($0, [1, 1, shape.hidden], small, decays: false)
        }
        positions = try place.parameter("position_embeddings", [1, shape.tokens, shape.hidden], small, decays: false)
        patches = try Conv2d(
            place / "patch_embeddings" / "projection", 1, shape.hidden, kernel: shape.patch, stride: shape.stride, bias: true)
        layers = try (0..<shape.layers).map { try TransformerBlock(ast: scope / "encoder" / "layer" / $0, shape) }
        norm = try LayerNorm(scope / "layernorm", shape.hidden, epsilon: shape.epsilon)
        inference = scope.store.inference
        blocks = [["embeddings."]] + (0..<shape.layers).map { ["encoder.layer.\($0)."] } + [["layernorm."]]
        self.shape = shape
    }

    /// Block 0 makes tokens of windows `[B, frames, mels]`: the class and the distillation token, then the patches, pitch by pitch, `[B, T, D]`; then come the
    /// layers, and the last norm.
    ///
    /// - Throws: `TorchError` where the input has another shape.
    public func run(_ range: Range<Int>, _ input: Activations, mode: Mode) throws -> Activations {
        guard !range.isEmpty else { return input }
        var x = try range.contains(0) ? embedded(input.values, mode) : input.values
        x = try x.converted(to: inference?.dtype ?? .float32)
        for block in range where block > 0 {
            x = try block <= layers.count ? layers[block - 1](x, .padded(nil), mode: mode) : norm(x)
        }
        return Activations(values: x)
    }

    /// `pooled` is `[B, D]`; `tokens` are `[B, T, D]`, the two in front of the patches included.
    ///
    /// - Throws: `TorchError` where libtorch fails.
    public func encoding(_ last: Activations, mode: Mode) throws -> Encoding {
        let tokens = try last.values.converted(to: .float32)
        return Encoding(pooled: try tokens.slice(1, 0..<2).mean([1]), tokens: tokens)
    }

    private func embedded(_ banks: Tensor, _ mode: Mode) throws -> Tensor {
        let batch = banks.shape[0]
        let map = try patches(banks.transposed(1, 2).unsqueezed(1), mode: mode)
        let first = try firstTokens.map { try $0.expanded([batch, 1, shape.hidden]) }
        let tokens = try Tensor.concatenate(first + [map.converted(to: .float32).flattened(from: 2).transposed(1, 2)], 1)
        return try (tokens + positions).dropout(shape.dropout, mode: mode)
    }
}

extension TransformerBlock {
    fileprivate init(ast scope: Scope, _ shape: AudioSpectrogramTransformer.Shape) throws {
        let initializer = Initializer.normal(deviation: 0.02)
        let place = scope / "attention"
        let projection = { (name: String) in
            try Linear(
                place / "attention" / name, shape.hidden, shape.hidden, bias: shape.hasBiases, initializer: initializer)
        }
        let output = try Linear(place / "output" / "dense", shape.hidden, shape.hidden, initializer: initializer)
        let attention = MultiHeadAttention(
            query: try projection("query"), key: try projection("key"), value: try projection("value"), output: output,
            heads: shape.heads)
        let inner = try Linear(scope / "intermediate" / "dense", shape.hidden, shape.intermediate, initializer: initializer)
        let outer = try Linear(scope / "output" / "dense", shape.intermediate, shape.hidden, initializer: initializer)
        self.init(
            attention: attention,
            attentionNorm: try LayerNorm(scope / "layernorm_before", shape.hidden, epsilon: shape.epsilon),
            feedForward: FeedForward(.plain(inner), shape.activation, output: outer),
            feedNorm: try LayerNorm(scope / "layernorm_after", shape.hidden, epsilon: shape.epsilon), order: .normFirst,
            dropout: shape.dropout, attentionDropout: shape.attentionDropout)
    }
}

extension AudioSpectrogramTransformer {
    /// What Transformers calls a whole model.
    private static let prefix = "audio_spectrogram_transformer."
    /// What Transformers has called a layer's parts from version 5 on, and what it called them before.
    private static let renamed = [
        ("attention.q_proj.", "attention.attention.query."), ("attention.k_proj.", "attention.attention.key."),
        ("attention.v_proj.", "attention.attention.value."), ("attention.o_proj.", "attention.output.dense."),
        ("mlp.fc1.", "intermediate.dense."), ("mlp.fc2.", "output.dense."), ("", ""),
    ]

    /// The names of a model with its head and of a bare one, old and new.
    private static func layouts(_ config: JSONObject) throws -> [KeyMap] {
        let layers = try min(1000, max(0, config.int("num_hidden_layers", 12)))
        let rules = (0..<layers).flatMap { layer in
            renamed.map { (from: "layers.\(layer).\($0.0)", to: "encoder.layer.\(layer).\($0.1)") }
        }
        let prefixed = rules.map { (from: prefix + $0.from, to: $0.to) } + [(from: prefix, to: "")]
        return [
            KeyMap("Transformers, with a head", markers: [prefix], renamed: prefixed, dropped: ["classifier."]),
            KeyMap("Transformers 5", markers: ["layers."], renamed: rules),
        ]
    }

    static let builders = [
        EncoderBuilder(
            modality: .audio, name: "audio-spectrogram-transformer", paper: "arXiv:2104.01778", layouts: layouts,
            adapters: AdapterTargets(
                lowRank: ["query", "value"], scaled: ["key", "value", "output.dense"], scaledInputs: ["output.dense"]),
            build: { source in
                let shape = try Shape(source.config)
                let frontEnd = try KaldiFrontEnd(source, melBins: shape.melBins, frames: shape.frames)
                return (try AudioSpectrogramTransformer(source.scope, shape), frontEnd)
            }
        )
        .usually(
            "MIT/ast-finetuned-audioset-10-10-0.4593", licence: "BSD-3-Clause",
            config:
                #"{"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072}"#)
    ]
}
