internal import Foundation
public import Torch

/// The encoder of Whisper (Radford et al. 2022, arXiv:2212.04356): two convolutions over time, fixed positions, and blocks with their norms in front.
///
/// It sees windows of 30 seconds, filled up with silence, which it attends as the sound. The embedding is the mean over the frames that are sound.
/// Parameters have the names that Transformers gives the encoder's: `conv1`, `layers.0.self_attn.q_proj`, …; the decoder is left out. What is dropped
/// whole layers at a time in Whisper's own training (LayerDrop) is not here.
public struct Whisper: BlockwiseEncoder {
    /// The sizes that Transformers' `config.json` states.
    public struct Shape: Sendable {
        /// How many mel bins a frame has.
        public let melBins: Int
        /// The size of a token in each layer.
        public let hidden: Int
        /// How many Transformer layers there are.
        public let layers: Int
        /// How many attention heads each layer has; they divide `hidden` among them.
        public let heads: Int
        /// The size inside the feed-forward part of a layer.
        public let intermediate: Int
        /// Tokens of a window: half its frames.
        public let positions: Int
        /// The activation of the feed-forward part.
        public let activation: Activation
        /// The share of values that is dropped behind the convolutions, attention and feed-forward, in training.
        public let dropout: Double
        /// The share of attention weights that is dropped, in training.
        public let attentionDropout: Double
        /// The share of values that is dropped inside the feed-forward part, in training.
        public let activationDropout: Double

        init(_ config: JSONObject) throws {
            melBins = try config.int("num_mel_bins", 80)
            hidden = try config.int("d_model")
            layers = try config.int("encoder_layers")
            heads = try config.int("encoder_attention_heads")
            intermediate = try config.int("encoder_ffn_dim")
            positions = try config.int("max_source_positions", 1500)
            activation = try config.activation("activation_function", .gelu)
            dropout = try config.double("dropout", 0)
            attentionDropout = try config.double("attention_dropout", 0)
            activationDropout = try config.double("activation_dropout", 0)
            let sizes = [hidden, layers, heads, intermediate, positions]
            guard sizes.allSatisfy({ (1...1_000_000).contains($0) }), layers <= 1000, hidden.isMultiple(of: heads),
                (1...1024).contains(melBins)
            else {
                throw config.fault(
                    "the sizes do not fit together: all must be 1 or more, and encoder_attention_heads must divide d_model")
            }
            guard positions * hidden <= Limit.positions.value else {
                throw Limit.positions.exceeded(
                    "max_source_positions × d_model is \(positions * hidden)", file: config.path)
            }
        }
    }

    /// D, the size of an embedding and of a token.
    public var dimension: Int { shape.hidden }
    /// Path prefixes of the parameters: the convolutions, each layer, the last norm.
    public let blocks: [[String]]
    private let shape: Shape
    private let convs: [Conv1d]
    /// `[positions, D]`, never trained.
    private let positions: Tensor
    private let layers: [TransformerBlock]
    private let norm: LayerNorm
    private let inference: Precision?

    /// Asks `scope` for the weights of an encoder of this shape.
    ///
    /// - Throws: Where a weight cannot be read or made. One that is missing or of another size is noted in the store's `report`.
    public init(_ scope: Scope, _ shape: Shape) throws {
        convs = [
            try Conv1d(scope / "conv1", shape.melBins, shape.hidden, kernel: 3, padding: 1),
            try Conv1d(scope / "conv2", shape.hidden, shape.hidden, kernel: 3, stride: 2, padding: 1),
        ]
        let place = scope / "embed_positions"
        let stored = try place.buffer("weight", [shape.positions, shape.hidden], .constant(0))
        positions = try place.holds("weight") ? stored : place.replace("weight", with: Self.sinusoids(shape))
        layers = try (0..<shape.layers).map { try TransformerBlock(whisper: scope / "layers" / $0, shape) }
        norm = try LayerNorm(scope / "layer_norm", shape.hidden)
        inference = scope.store.inference
        blocks = [["conv1.", "conv2.", "embed_positions."]] + (0..<shape.layers).map { ["layers.\($0)."] } + [["layer_norm."]]
        self.shape = shape
    }

    /// Encodes log-mel windows `[B, 2 T, mels]`, T being `Shape.positions`: `tokens` are `[B, T, D]`, of which `tokenMask` keeps the sound; `pooled` is their
    /// mean, `[B, D]`.
    ///
    /// - Throws: `TorchError` where the input has another shape.
    public func callAsFunction(_ input: EncoderInput, mode: Mode) throws -> Encoding {
        var (x, sound) = try embedded(Activations(input), mode)
        for layer in layers { x = try layer(x, .padded(nil), mode: mode) }
        return try encoding(of: norm(x), sound)
    }

    /// Block 0 makes tokens of log-mel windows; then come the layers, and the last norm. Behind the tokens stands a row that says how many of them are sound:
    /// `[B, T + 1, D]`.
    ///
    /// - Throws: `TorchError` where the input has another shape.
    public func run(_ range: Range<Int>, _ input: Activations, mode: Mode) throws -> Activations {
        guard !range.isEmpty else { return input }
        var (x, sound) = try range.contains(0) ? embedded(input, mode) : unmarked(input.values)
        x = try x.converted(to: inference?.dtype ?? .float32)
        for block in range where block > 0 {
            x = try block <= layers.count ? layers[block - 1](x, .padded(nil), mode: mode) : norm(x)
        }
        return Activations(values: try marked(x, sound))
    }

    /// `pooled` is `[B, D]`, the mean over the tokens that are sound; `tokens` are `[B, T, D]`.
    ///
    /// - Throws: `TorchError` where libtorch fails.
    public func encoding(_ last: Activations, mode: Mode) throws -> Encoding {
        let (tokens, sound) = try unmarked(last.values)
        return try encoding(of: tokens, sound)
    }

    private func encoding(of tokens: Tensor, _ sound: Tensor?) throws -> Encoding {
        let tokens = try tokens.converted(to: .float32)
        return Encoding(pooled: try tokens.mean(where: sound), tokens: tokens, tokenMask: sound)
    }

    /// Tokens `[B, T, D]`, and which of them are sound.
    private func embedded(_ input: Activations, _ mode: Mode) throws -> (Tensor, Tensor?) {
        guard input.values.shape[1] == 2 * shape.positions else {
            throw TorchError(
                operation: "whisper", message: "takes windows of \(2 * shape.positions) frames, not of \(input.values.shape[1])")
        }
        var x = try input.values.transposed(1, 2)
        for conv in convs { x = try conv(x).gelu() }
        x = try (x.transposed(1, 2) + positions).dropout(shape.dropout, mode: mode)
        let sound = try FrameLengths(input.mask).halved(.up).mask(shape.positions)
        return (try x.converted(to: inference?.dtype ?? .float32), sound)
    }

    /// What is kept of a sample between blocks is one tensor, and its silence is no padding that may be left out.
    private func marked(_ x: Tensor, _ sound: Tensor?) throws -> Tensor {
        let x = try x.converted(to: .float32)
        let (batch, hidden) = (x.shape[0], x.shape[2])
        let all = try Tensor.full([batch], Double(shape.positions)).moved(to: x.device)
        let count = try sound?.converted(to: .float32).sum([1]) ?? all
        return try .concatenate([x, count.reshaped([batch, 1, 1]).expanded([batch, 1, hidden])], 1)
    }

    private func unmarked(_ values: Tensor) throws -> (Tensor, Tensor?) {
        let count = try values.select(1, shape.positions).slice(1, 0..<1)
        let places = try Tensor.range(shape.positions).moved(to: values.device).unsqueezed(0).converted(to: .float32)
        return (try values.slice(1, 0..<shape.positions), try (places - count).less(than: 0))
    }

    /// The positions that Whisper began with: sines, then cosines, of wave lengths from 2π to 10,000 · 2π.
    private static func sinusoids(_ shape: Shape) throws -> Tensor {
        let half = max(1, shape.hidden / 2)
        let step = log(10_000) / Double(max(1, half - 1))
        let values = (0..<shape.positions).flatMap { position in
            (0..<shape.hidden).map { channel in
                let angle = Double(position) * exp(-step * Double(channel % half))
                return Float(channel < half ? sin(angle) : cos(angle))
            }
        }
        return try Tensor(values, shape: [shape.positions, shape.hidden])
    }
}

extension TransformerBlock {
    /// A layer of Whisper's encoder; keys alone have no bias.
    fileprivate init(whisper scope: Scope, _ shape: Whisper.Shape) throws {
        let initializer = Initializer.normal(deviation: 0.02)
        let place = scope / "self_attn"
        let projection = { (name: String, bias: Bool) in
            try Linear(place / name, shape.hidden, shape.hidden, bias: bias, initializer: initializer)
        }
        let attention = MultiHeadAttention(
            query: try projection("q_proj", true), key: try projection("k_proj", false), value: try projection("v_proj", true),
            output: try projection("out_proj", true), heads: shape.heads)
        let inner = try Linear(scope / "fc1", shape.hidden, shape.intermediate, initializer: initializer)
        let output = try Linear(scope / "fc2", shape.intermediate, shape.hidden, initializer: initializer)
        self.init(
            attention: attention, attentionNorm: try LayerNorm(scope / "self_attn_layer_norm", shape.hidden),
            feedForward: FeedForward(.plain(inner), shape.activation, output: output, innerDropout: shape.activationDropout),
            feedNorm: try LayerNorm(scope / "final_layer_norm", shape.hidden), order: .normFirst, dropout: shape.dropout,
            attentionDropout: shape.attentionDropout)
    }
}

extension Whisper {
    /// What the heads of its models are called, and the half that writes.
    private static let dropped = ["model.decoder.", "decoder.", "proj_out.", "projector.", "classifier.", "layer_weights"]

    static let builders = [
        EncoderBuilder(
            modality: .audio, name: "whisper", paper: "arXiv:2212.04356",
            layouts: { _ in
                [
                    KeyMap(
                        "Transformers, with a head", markers: ["model.encoder."], renamed: [(from: "model.encoder.", to: "")],
                        dropped: dropped),
                    KeyMap("Transformers", markers: ["encoder."], renamed: [(from: "encoder.", to: "")], dropped: dropped),
                ]
            },
            adapters: AdapterTargets(
                lowRank: ["q_proj", "v_proj"], scaled: ["q_proj", "v_proj", "fc2"], scaledInputs: ["fc2"]),
            build: { source in
                let shape = try Shape(source.config)
                let frontEnd = try WhisperFrontEnd(source, melBins: shape.melBins, frames: 2 * shape.positions)
                return (try Whisper(source.scope, shape), frontEnd)
            }
        )
        .usually(
            "openai/whisper-base", licence: "Apache-2.0",
            config: #"{"d_model": 512, "encoder_layers": 6, "encoder_attention_heads": 8, "encoder_ffn_dim": 2048}"#)
    ]
}
