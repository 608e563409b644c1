public import Torch

/// The ConvNeXt image encoder (Liu et al. 2022, arXiv:2201.03545), and ConvNeXt V2 (Woo et al. 2023, arXiv:2301.00808).
///
/// Parameters have timm's names: `stem.0`, `stem.1`, `stages.0.blocks.0.conv_dw`, …, `head.norm`.
public struct ConvNeXt: BlockwiseEncoder {
    /// What tells one ConvNeXt from another.
    public struct Shape: Sendable {
        /// How many blocks each of the four stages has.
        public var depths: [Int]
        /// How many channels the map of each stage has.
        public var widths: [Int]
        /// The activation inside each block.
        public var activation = Activation.gelu
        /// What the last layer norm adds to the variance; all others add 1e-6.
        public var epsilon = 1e-6
        /// Whether responses are normalised over the picture inside each block, and nothing is scaled behind it: ConvNeXt V2.
        public var normalizesResponses = false
    }

    /// D, the size of an embedding and of a token: the width of the last stage.
    public let dimension: Int
    /// Path prefixes of the parameters: the stem, each block (with the downsampling in front of it), the last norm.
    public let blocks: [[String]]
    private let stem: (conv: Conv2d, norm: LayerNorm)
    private let steps: [Step]
    private let norm: LayerNorm
    private static let epsilon = 1e-6
    private static let patch = 4

    /// A block, behind the downsampling of its stage where it is the first of one.
    private struct Step {
        let downsample: (norm: LayerNorm, conv: Conv2d)?
        let block: ConvNeXtBlock
    }

    /// Asks `scope` for the weights of a ConvNeXt of this shape.
    ///
    /// - Throws: Where a weight cannot be read or made. One that is missing or of another size is noted in the store's `report`.
    public init(_ scope: Scope, _ shape: Shape) throws {
        let conv = try Conv2d(scope / "stem" / 0, 3, shape.widths[0], kernel: Self.patch, stride: Self.patch, bias: true)
        stem = (conv, try LayerNorm(scope / "stem" / 1, shape.widths[0], epsilon: Self.epsilon))
        var paths = [["stem."]]
        var steps: [Step] = []
        var inputs = shape.widths[0]
        for (index, width) in shape.widths.enumerated() {
            let place = scope / "stages" / index
            let downsample = index == 0 ? nil : try Self.downsample(place / "downsample", inputs, width)
            for number in 0..<shape.depths[index] {
                let block = try ConvNeXtBlock(place / "blocks" / number, width, shape, epsilon: Self.epsilon)
                steps.append(Step(downsample: number == 0 ? downsample : nil, block: block))
                paths.append((number == 0 ? ["stages.\(index).downsample."] : []) + ["stages.\(index).blocks.\(number)."])
            }
            inputs = width
        }
        self.steps = steps
        norm = try LayerNorm(scope / "head" / "norm", inputs, epsilon: shape.epsilon)
        dimension = inputs
        blocks = paths + [["head.norm."]]
        (scope / "head" / "fc").ignore("weight")
        (scope / "head" / "fc").ignore("bias")
    }

    private static func downsample(_ scope: Scope, _ inputs: Int, _ outputs: Int) throws -> (norm: LayerNorm, conv: Conv2d) {
        let norm = try LayerNorm(scope / 0, inputs, epsilon: epsilon)
        return (norm, try Conv2d(scope / 1, inputs, outputs, kernel: 2, stride: 2, bias: true))
    }

    /// Block 0 is the stem, of pictures `[B, 3, H, W]`; then come the blocks of all stages. The norm behind the pooling is the last block, and runs in
    /// `encoding`.
    ///
    /// - Throws: `TorchError` where the input has another shape, or is smaller than 32 pixels.
    public func run(_ range: Range<Int>, _ input: Activations, mode: Mode) throws -> Activations {
        var x = input.values
        for block in range where block <= steps.count {
            guard block > 0 else {
                x = try stem.norm.overChannels(stem.conv(x, mode: mode))
                continue
            }
            let step = steps[block - 1]
            if let downsample = step.downsample { x = try downsample.conv(downsample.norm.overChannels(x), mode: mode) }
            x = try step.block(x, mode: mode)
        }
        return Activations(values: x)
    }

    /// `pooled` is `[B, D]`, `tokens` are `[B, T, D]`.
    ///
    /// Tokens are the positions of the last map, row by row, 32 pixels apart; the last norm is applied to `pooled` only.
    ///
    /// - Throws: `TorchError` where libtorch fails.
    public func encoding(_ last: Activations, mode: Mode) throws -> Encoding {
        let x = last.values
        return Encoding(pooled: try norm(x.mean([2, 3])), tokens: try x.flattened(from: 2).transposed(1, 2))
    }
}

/// A 7×7 filter of each channel, then a feed-forward layer at each position, scaled or with its responses normalised, and a shortcut.
private struct ConvNeXtBlock {
    private let filter: Conv2d
    private let norm: LayerNorm
    private let first: Linear
    private let second: Linear
    private let response: GlobalResponseNorm?
    private let scale: Tensor?
    private let activation: Activation

    init(_ scope: Scope, _ width: Int, _ shape: ConvNeXt.Shape, epsilon: Double) throws {
        filter = try Conv2d(scope / "conv_dw", width, width, kernel: 7, padding: .half(7), groups: width, bias: true)
        norm = try LayerNorm(scope / "norm", width, epsilon: epsilon)
        first = try Linear(scope / "mlp" / "fc1", width, 4 * width)
        second = try Linear(scope / "mlp" / "fc2", 4 * width, width)
        response = try shape.normalizesResponses ? GlobalResponseNorm(scope / "mlp" / "grn", 4 * width) : nil
        scale = try shape.normalizesResponses ? nil : scope.parameter("gamma", [width], .constant(1e-6))
        activation = shape.activation
    }

    func callAsFunction(_ input: Tensor, mode: Mode) throws(TorchError) -> Tensor {
        let x = try norm(filter(input).permuted([0, 2, 3, 1]))
        let inner = try first(x, activation: activation, mode: mode)
        let fed = try second(response?(inner) ?? inner, mode: mode)
        guard let scale else { return try fed.permuted([0, 3, 1, 2]) + input }
        return try (fed * scale.converted(to: fed.dtype)).permuted([0, 3, 1, 2]) + input
    }
}

extension ConvNeXt {
    /// The names torchvision gives the parameters: stages, and the downsampling between them, are one list.
    static func torchvision(_ shape: Shape) -> KeyMap {
        var renamed = [("features.0.0.", "stem.0."), ("features.0.1.", "stem.1."), ("classifier.0.", "head.norm.")]
        for (stage, depth) in shape.depths.enumerated() {
            if stage > 0 { renamed.append(("features.\(2 * stage).", "stages.\(stage).downsample.")) }
            for block in 0..<depth {
                let (from, to) = ("features.\(2 * stage + 1).\(block).", "stages.\(stage).blocks.\(block).")
                renamed += [
                    ("\(from)block.0.", "\(to)conv_dw."), ("\(from)block.2.", "\(to)norm."), ("\(from)block.3.", "\(to)mlp.fc1."),
                    ("\(from)block.5.", "\(to)mlp.fc2."), ("\(from)layer_scale", "\(to)gamma"),
                ]
            }
        }
        return KeyMap(
            "torchvision", markers: ["features."], renamed: renamed.map { (from: $0.0, to: $0.1) }, dropped: ["classifier.2."])
    }

    /// The names the parameters have in the authors' own files.
    static func authors(_ shape: Shape) -> KeyMap {
        var renamed = [(from: "downsample_layers.0.", to: "stem."), (from: "norm.", to: "head.norm.")]
        for (stage, depth) in shape.depths.enumerated() {
            if stage > 0 { renamed.append(("downsample_layers.\(stage).", "stages.\(stage).downsample.")) }
            for block in 0..<depth {
                let (from, to) = ("stages.\(stage).\(block).", "stages.\(stage).blocks.\(block).")
                renamed += [
                    ("\(from)dwconv.", "\(to)conv_dw."), ("\(from)norm.", "\(to)norm."), ("\(from)pwconv1.", "\(to)mlp.fc1."),
                    ("\(from)pwconv2.", "\(to)mlp.fc2."), ("\(from)gamma", "\(to)gamma"),
                    ("\(from)grn.gamma", "\(to)mlp.grn.weight"),
                    ("\(from)grn.beta", "\(to)mlp.grn.bias"),
                ]
            }
        }
        return KeyMap("ConvNeXt authors", markers: ["downsample_layers."], renamed: renamed, dropped: ["head."])
    }

    /// The names Transformers gives the parameters.
    static func huggingFace(_ shape: Shape, model: String = "convnext") -> KeyMap {
        var renamed = [
            ("embeddings.patch_embeddings.", "stem.0."), ("embeddings.layernorm.", "stem.1."), ("layernorm.", "head.norm."),
        ]
        for (stage, depth) in shape.depths.enumerated() {
            renamed.append(("encoder.stages.\(stage).downsampling_layer.", "stages.\(stage).downsample."))
            for block in 0..<depth {
                let (from, to) = ("encoder.stages.\(stage).layers.\(block).", "stages.\(stage).blocks.\(block).")
                renamed += [
                    ("\(from)dwconv.", "\(to)conv_dw."), ("\(from)layernorm.", "\(to)norm."), ("\(from)pwconv1.", "\(to)mlp.fc1."),
                    ("\(from)pwconv2.", "\(to)mlp.fc2."), ("\(from)layer_scale_parameter", "\(to)gamma"),
                    ("\(from)grn.", "\(to)mlp.grn."),
                ]
            }
        }
        return KeyMap.huggingFace(prefix: "\(model).", marker: "embeddings.", renamed, dropped: ["classifier."])
    }
}

extension ConvNeXt {
    /// timm's names, and `convnext`, whose sizes Transformers' `config.json` gives.
    static let builders =
        [
            ("convnext_atto", [2, 2, 6, 2], [40, 80, 160, 320]), ("convnext_femto", [2, 2, 6, 2], [48, 96, 192, 384]),
            ("convnext_pico", [2, 2, 6, 2], [64, 128, 256, 512]), ("convnext_nano", [2, 2, 8, 2], [80, 160, 320, 640]),
            ("convnext_tiny", [3, 3, 9, 3], [96, 192, 384, 768]),
        ].map { name, depths, widths in
            let shape = Shape(depths: depths, widths: widths)
            return EncoderBuilder(
                modality: .image, name: name, paper: "arXiv:2201.03545",
                layouts: { _ in [torchvision(shape), huggingFace(shape), authors(shape)] },
                build: { source in
                    try source.config.expectPlainTimm()
                    let bare = ImageFrontEnd.torchvision(resize: 236, crop: 224, .bilinear)
                    return (try ConvNeXt(source.scope, shape), try ImageFrontEnd(source, bare: bare))
                })
        } + [
            EncoderBuilder(
                modality: .image, name: "convnext", paper: "arXiv:2201.03545", layouts: { [huggingFace(try stated($0))] },
                build: { (try ConvNeXt($0.scope, stated($0.config)), try ImageFrontEnd($0)) }
            )
            .usually("facebook/convnext-tiny-224", licence: "Apache-2.0")
        ]

    /// The shape that Transformers' `config.json` states.
    static func stated(_ config: JSONObject) throws -> Shape {
        var shape = Shape(
            depths: try config.ints("depths", [3, 3, 9, 3]), widths: try config.ints("hidden_sizes", [96, 192, 384, 768]),
            activation: try config.activation("hidden_act", .gelu))
        shape.epsilon = try config.positive("layer_norm_eps", 1e-12)
        guard try config.double("layer_scale_init_value", 1e-6) > 0 else {
            throw config.fault("layer_scale_init_value must be above 0: this version has scaled layers only")
        }
        guard try config.int("patch_size", 4) == patch, shape.depths.count == 4, shape.widths.count == 4,
            (shape.depths + shape.widths).allSatisfy({ (1...8192).contains($0) })
        else { throw config.fault("patch_size must be 4, and depths and hidden_sizes hold four numbers each, from 1 on") }
        return shape
    }
}
