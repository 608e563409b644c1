public import Torch

/// The Swin Transformer (Liu et al. 2021, arXiv:2103.14030): attention within windows, which every second block shifts by half a window, on maps that
/// get smaller and deeper from stage to stage.
///
/// Parameters have timm's names: `patch_embed.proj`, `layers.0.blocks.0.attn.qkv`, `layers.1.downsample.reduction`, …, `norm`.
public struct SwinTransformer: BlockwiseEncoder {
    /// What tells one Swin Transformer from another.
    public struct Shape: Sendable {
        /// The size of a token in the first stage; it doubles from stage to stage.
        public var width = 96
        /// How many blocks each stage has.
        public var depths = [2, 2, 6, 2]
        /// How many heads the attention of each stage has.
        public var heads = [3, 6, 12, 24]
        /// The channels of a picture; 1 of a spectrogram.
        public var channels = 3
        /// The side of a patch, in pixels.
        public var patch = 4
        /// Pixels between the starts of two patches; those at the edges reach into zeros where patches overlap.
        public var patchStride = 4
        /// The side of a window, in tokens.
        public var window = 7
        /// How many times as large a perceptron is inside.
        public var ratio = 4.0
        /// The activation of the perceptrons.
        public var activation = Activation.gelu
        /// What layer norms add to the variance.
        public var epsilon = 1e-5
        /// What layer norms of the embeddings and between stages add.
        public var mergingEpsilon = 1e-5
        /// Whether queries, keys and values have biases.
        public var hasProjectionBias = true
        /// Whether one layer makes queries, keys and values, as in timm.
        public var joinsProjections = true
        /// The share of the patches' values that is dropped in training.
        public var embeddingDropout = 0.0
        /// The share of what perceptrons add that is.
        public var dropout = 0.0
        /// The share of what attention adds that is.
        public var outputDropout = 0.0
        /// The share of attention weights that is.
        public var attentionDropout = 0.0
    }

    /// D, the size of an embedding and of a token: that of the last stage.
    public let dimension: Int
    /// Path prefixes of the parameters: the patches, each block (with the merging in front of it), the last norm.
    public let blocks: [[String]]
    private let patches: (conv: Conv2d, norm: LayerNorm)
    private let steps: [Step]
    private let norm: LayerNorm
    private let dropout: Double
    private let inference: Precision?

    /// A block, behind the merging of its stage where it is the first of one.
    private struct Step {
        let merging: (norm: LayerNorm, reduction: Linear)?
        let block: SwinBlock
    }

    /// Asks `scope` for the weights of a Swin Transformer of this shape.
    ///
    /// - Throws: Where a weight cannot be read or made. One that is missing or of another size is noted in the store's `report`.
    public init(_ scope: Scope, _ shape: Shape) throws {
        let place = scope / "patch_embed"
        patches = (
            try Conv2d(
                place / "proj", shape.channels, shape.width, kernel: shape.patch, stride: shape.patchStride,
                padding: .zeros((shape.patch - shape.patchStride) / 2), bias: true),
            try LayerNorm(place / "norm", shape.width, epsilon: shape.mergingEpsilon)
        )
        var paths = [["patch_embed."]]
        var steps: [Step] = []
        var width = shape.width
        for (stage, depth) in shape.depths.enumerated() {
            let place = scope / "layers" / stage
            var merging: (norm: LayerNorm, reduction: Linear)?
            if stage > 0 {
                let norm = try LayerNorm(place / "downsample" / "norm", 4 * width, epsilon: shape.mergingEpsilon)
                merging = (norm, try Linear(place / "downsample" / "reduction", 4 * width, 2 * width, bias: false))
                width *= 2
            }
            for number in 0..<depth {
                let block = try SwinBlock(
                    place / "blocks" / number, shape, width: width, heads: shape.heads[stage], isShifted: number % 2 == 1)
                steps.append(Step(merging: number == 0 ? merging : nil, block: block))
                let front = number == 0 && stage > 0 ? ["layers.\(stage).downsample."] : []
                paths.append(front + ["layers.\(stage).blocks.\(number)."])
            }
        }
        self.steps = steps
        norm = try LayerNorm(scope / "norm", width, epsilon: shape.epsilon)
        dimension = width
        dropout = shape.embeddingDropout
        inference = scope.store.inference
        blocks = paths + [["norm."]]
        for name in ["weight", "bias"] { (scope / "head" / "fc").ignore(name) }
    }

    /// Block 0 makes a map of pictures `[B, channels, H, W]`; then come the blocks of all stages, `[B, h, w, C]` to `[B, h, w, C]`. The norm behind them is the
    /// last block, and runs in `encoding`.
    ///
    /// - Throws: `TorchError` where the input has another shape, or windows do not divide a map.
    public func run(_ range: Range<Int>, _ input: Activations, mode: Mode) throws -> Activations {
        var x = input.values
        for block in range where block <= steps.count {
            guard block > 0 else {
                x = try patches.norm(patches.conv(x, mode: mode).permuted([0, 2, 3, 1]))
                x = try x.dropout(dropout, mode: mode).converted(to: inference?.dtype ?? .float32)
                continue
            }
            let step = steps[block - 1]
            if let merging = step.merging { x = try merging.reduction(merging.norm(Self.merged(x)), mode: mode) }
            x = try step.block(x, mode: mode)
        }
        return Activations(values: x)
    }

    /// Four neighbours behind one another: `[B, h, w, C]` to `[B, h / 2, w / 2, 4 C]`.
    private static func merged(_ x: Tensor) throws(TorchError) -> Tensor {
        let (batch, height, width, size) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
        let even = try x.padded([0, 0, 0, width % 2, 0, height % 2])
        let (rows, columns) = ((height + 1) / 2, (width + 1) / 2)
        return try even.reshaped([batch, rows, 2, columns, 2, size]).permuted([0, 1, 3, 4, 2, 5]).reshaped([
            batch, rows, columns, 4 * size,
        ])
    }

    /// `pooled` is `[B, D]`, the mean of the tokens; `tokens` are `[B, T, D]`, the last map row by row.
    ///
    /// - Throws: `TorchError` where libtorch fails.
    public func encoding(_ last: Activations, mode: Mode) throws -> Encoding {
        let tokens = try map(last).flattened(from: 1, through: 2)
        return Encoding(pooled: try tokens.mean([1]), tokens: tokens)
    }
}

extension SwinTransformer {
    /// The map that the last block gave, normalised: `[B, h, w, D]`.
    func map(_ last: Activations) throws -> Tensor { try norm(last.values.converted(to: .float32)) }
}

/// A Transformer's block whose tokens attend within windows.
private struct SwinBlock {
    private let block: TransformerBlock
    /// The bias of each distance and head, `[(2 W - 1)², heads]`.
    private let biases: Tensor
    private let window: Int
    private let isShifted: Bool

    init(_ scope: Scope, _ shape: SwinTransformer.Shape, width: Int, heads: Int, isShifted: Bool) throws {
        let initializer = Initializer.normal(deviation: 0.02)
        let layer = { (scope: Scope, inputs: Int, outputs: Int, bias: Bool) in
            try Linear(scope, inputs, outputs, bias: bias, initializer: initializer)
        }
        let (place, bias) = (scope / "attn", shape.hasProjectionBias)
        let projections: MultiHeadAttention.Projections =
            try shape.joinsProjections
            ? .joined(layer(place / "qkv", width, 3 * width, bias))
            : .separate(
                query: layer(place / "q", width, width, bias), key: layer(place / "k", width, width, bias),
                value: layer(place / "v", width, width, bias))
        let attention = MultiHeadAttention(projections, output: try layer(place / "proj", width, width, true), heads: heads)
        let inner = Int(bounded: Double(width) * shape.ratio)
        let feedForward = FeedForward(
            .plain(try layer(scope / "mlp" / "fc1", width, inner, true)), shape.activation,
            output: try layer(scope / "mlp" / "fc2", inner, width, true))
        block = TransformerBlock(
            attention: attention, attentionNorm: try LayerNorm(scope / "norm1", width, epsilon: shape.epsilon),
            feedForward: feedForward, feedNorm: try LayerNorm(scope / "norm2", width, epsilon: shape.epsilon), order: .normFirst,
            dropout: shape.outputDropout, feedDropout: shape.dropout, attentionDropout: shape.attentionDropout)
        window = shape.window
        self.isShifted = isShifted
        let distances = (2 * window - 1) * (2 * window - 1)
        biases = try place.parameter("relative_position_bias_table", [distances, heads], initializer, decays: false)
        place.ignore("relative_position_index")
        scope.ignore("attn_mask")
    }

    /// `[B, h, w, C]` to the same shape. All but attention is done token by token, so that windows are made once for the whole block.
    func callAsFunction(_ x: Tensor, mode: Mode) throws -> Tensor {
        let (batch, height, width, size) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
        guard height.isMultiple(of: window), width.isMultiple(of: window) else {
            throw TorchError(
                operation: "Swin's attention",
                message:
                    "a map of \(height)×\(width) does not fall into windows of \(window)×\(window): take pictures whose sides are multiples of \(32 * window)"
            )
        }
        // A map that is one window is not shifted.
        let shift = isShifted && min(height, width) > window ? window / 2 : 0
        var map = x
        if shift > 0 { map = try Self.rolled(map, -shift) }
        let (down, across) = (height / window, width / window)
        let windows = try map.reshaped([batch, down, window, across, window, size]).permuted([0, 1, 3, 2, 4, 5])
            .reshaped([batch * down * across, window * window, size])
        var bias = try relative().moved(to: x.device)
        if shift > 0 {
            let hidden = try Self.mask(down, across, window, shift).moved(to: x.device)
            bias = try (bias + hidden).unsqueezed(0).expanded([batch, -1, -1, -1, -1]).flattened(from: 0, through: 1)
        }
        let attended = try block(windows, .padded(nil), TokenRelations(bias: bias), mode: mode)
        map = try attended.reshaped([batch, down, across, window, window, size]).permuted([0, 1, 3, 2, 4, 5])
            .reshaped([batch, height, width, size])
        return try shift > 0 ? Self.rolled(map, shift) : map
    }

    private static func rolled(_ map: Tensor, _ places: Int) throws(TorchError) -> Tensor {
        try map.rolled([places, places], [1, 2])
    }

    /// What is added to the attention of each pair in a window, by how far they are apart: `[1, heads, T, T]`.
    private func relative() throws(TorchError) -> Tensor {
        let places = (0..<window * window).map { ($0 / window, $0 % window) }
        let numbers = places.flatMap { query in
            places.map { key in
                Int64((query.0 - key.0 + window - 1) * (2 * window - 1) + query.1 - key.1 + window - 1)
            }
        }
        let ids = try Tensor(numbers, shape: [places.count, places.count]).moved(to: biases.device)
        return try biases.embedding(ids).permuted([2, 0, 1]).unsqueezed(0)
    }

    /// What keeps tokens apart that the shift brought into one window: -100 between them, as the authors have it; `[windows, 1, T, T]`.
    private static func mask(_ down: Int, _ across: Int, _ window: Int, _ shift: Int) throws(TorchError) -> Tensor {
        let region = { (place: Int, windows: Int) in
            place < (windows - 1) * window ? 0 : place < windows * window - shift ? 1 : 2
        }
        var values: [Float] = []
        for row in 0..<down {
            for column in 0..<across {
                let regions = (0..<window * window).map { place in
                    3 * region(row * window + place / window, down) + region(column * window + place % window, across)
                }
                values += regions.flatMap { query in regions.map { $0 == query ? 0 : -100 } }
            }
        }
        return try Tensor(values, shape: [down * across, 1, window * window, window * window])
    }
}
