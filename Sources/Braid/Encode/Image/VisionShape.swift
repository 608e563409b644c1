public import Torch

/// What tells one Vision Transformer from another.
public struct VisionShape: Sendable {
    /// What stands in the sequence before the patches.
    public struct Prefix: Sendable, Equatable {
        /// Whether there is a class token.
        public var hasClass = true
        /// Whether there is a distillation token (Touvron et al. 2021, arXiv:2012.12877).
        public var hasDistillation = false
        /// How many registers there are (Darcet et al. 2024, arXiv:2309.16588).
        public var registers = 0
        /// How many of these tokens, from the first, have a position of their own: rows of the table in front of the patches'.
        public var positions = 1

        /// How many tokens there are.
        public var count: Int { (hasClass ? 1 : 0) + (hasDistillation ? 1 : 0) + registers }
    }

    /// What makes an embedding of the tokens.
    public enum Pooling: Sendable, Equatable {
        /// The class token.
        case classToken
        /// The mean of class and distillation token.
        case classAndDistillation
        /// The mean of the patches.
        case mean
        /// The class token, and behind it the mean of the patches.
        case classAndMean
        /// A learnt query attends to the patches (Zhai et al. 2022, arXiv:2106.04560).
        case attention
    }

    /// How positions are brought to another grid of patches.
    public enum Resampling: Sendable {
        /// Cubic, each new position of the sixteen nearest old ones.
        case bicubic
        /// Cubic, with a filter that grows wider where the grid gets smaller.
        case antialiased
    }

    /// The perceptron of a block.
    public enum Perceptron: Sendable {
        /// Two layers with an activation between them.
        case plain(Activation)
        /// SwiGLU (Shazeer 2020, arXiv:2002.05202), gate and value in one layer.
        case gated
        /// The same with a layer each, and an activation of the gate.
        case gatedApart(Activation)

        /// The activation between the layers.
        public var activation: Activation {
            switch self {
            case .plain(let activation), .gatedApart(let activation): activation
            case .gated: .silu
            }
        }
    }

    /// The size of a token.
    public var hidden = 768
    /// How many blocks there are.
    public var layers = 12
    /// How many heads each block's attention has; they divide `hidden` among them.
    public var heads = 12
    /// The size inside the perceptrons.
    public var intermediate = 3072
    /// The side of a patch, in pixels.
    public var patch = 16
    /// The patches, down and across, of the pictures that positions were learnt from.
    public var grid = Grid(rows: 14, columns: 14)
    /// What stands in front of the patches.
    public var prefix = Prefix()
    /// What the slowest angle's wave is as long as, where queries and keys of patches are turned by where these lie, and there is no table of positions:
    /// rotary position embedding as DINOv3 has it. nil for a table.
    public var rotaryBase: Double?
    /// How positions are brought to another grid.
    public var resampling = Resampling.bicubic
    /// Whether the layer that embeds patches has a bias.
    public var hasPatchBias = true
    /// Whether a norm stands in front of the first block, as in CLIP.
    public var hasFirstNorm = false
    /// What layer norms add to the variance.
    public var epsilon = 1e-6
    /// The perceptrons.
    public var perceptron = Perceptron.plain(.gelu)
    /// Whether queries, keys and values have biases.
    public var hasProjectionBias = true
    /// Whether keys have, where queries and values do.
    public var hasKeyBias = true
    /// Whether one layer makes queries, keys and values, as in timm, or one each, as in Transformers.
    public var joinsProjections = false
    /// Whether what a block adds is scaled, each feature by itself: LayerScale (Touvron et al. 2021, arXiv:2103.17239).
    public var scalesLayers = false
    /// What makes an embedding of the tokens.
    public var pooling = Pooling.classToken
    /// Whether the last norm is applied to the pooled embedding alone; else to all tokens in front of the pooling.
    public var normsPooled = false
    /// What a last layer makes of the embedding's size; nil where there is none.
    public var projection: Int?
    /// Whether that layer's weight is stored `[in, out]`, as in OpenCLIP.
    public var isProjectionTransposed = false
    /// The share of the embeddings' values that is dropped in training.
    public var embeddingDropout = 0.0
    /// The share of what blocks add that is.
    public var dropout = 0.0
    /// The share of attention weights that is.
    public var attentionDropout = 0.0

    /// A grid of patches.
    public struct Grid: Sendable, Equatable {
        /// How many patches lie below one another.
        public var rows: Int
        /// How many lie beside one another.
        public var columns: Int

        /// How many patches there are.
        public var count: Int { rows * columns }
    }

    /// ViT-B/16 at 224 × 224.
    public init() {}

    /// D, the size of an embedding.
    public var dimension: Int { projection ?? (pooling == .classAndMean ? 2 * hidden : hidden) }
}

extension VisionShape {
    /// The sizes that Transformers' configurations of Vision Transformers share; what a file leaves out is the class's default.
    ///
    /// - Parameters:
    ///   - config: A `config.json`, or the `vision_config` in one.
    ///   - patch: The default side of a patch.
    ///   - epsilon: The default of `layer_norm_eps`.
    ///   - activation: The default of `hidden_act`.
    init(transformers config: JSONObject, patch: Int, epsilon: Double, activation: Activation) throws {
        hidden = try config.int("hidden_size", 768)
        layers = try config.int("num_hidden_layers", 12)
        heads = try config.int("num_attention_heads", 12)
        intermediate = try config.int("intermediate_size", 3072)
        perceptron = .plain(try config.activation("hidden_act", activation))
        self.epsilon = try config.positive("layer_norm_eps", epsilon)
        guard try config.int("num_channels", 3) == 3 else {
            throw config.fault("num_channels must be 3: pictures are red, green and blue")
        }
        let sides = try config.sides("patch_size", patch)
        guard sides.height == sides.width else { throw config.fault("patch_size must be the same both ways") }
        self.patch = sides.height
        let size = try config.sides("image_size", 224)
        grid = Grid(rows: size.height / max(1, self.patch), columns: size.width / max(1, self.patch))
        try check(config)
    }

    /// Refuses sizes that do not fit together.
    func check(_ config: JSONObject) throws {
        let sizes = [hidden, layers, heads, intermediate, patch, grid.rows, grid.columns, projection ?? 1]
        guard sizes.allSatisfy({ (1...100_000).contains($0) }), layers <= 1000, hidden.isMultiple(of: heads),
            (0...1000).contains(prefix.registers)
        else {
            throw config.fault(
                "the sizes do not fit together: all must be 1 or more, heads must divide the hidden size, and a patch must fit into the picture"
            )
        }
    }
}

extension JSONObject {
    /// A height and a width: one number for both, or a list of two.
    func sides(_ name: String, _ fallback: Int) throws -> (height: Int, width: Int) {
        guard has(name), fields[name] is [Any] else {
            let side = try int(name, fallback)
            return (side, side)
        }
        let both = try ints(name)
        guard both.count == 2 else { throw fault("\(name) must be a number, or a list of height and width") }
        return (both[0], both[1])
    }
}
