public import Torch

/// The EfficientNet image encoder (Tan and Le 2019, arXiv:1905.11946), and EfficientNet-Lite, its form for small devices
/// (Liu 2020, github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite); and MobileNetV2 (Sandler et al. 2018, arXiv:1801.04381), which is
/// built the same way by another table.
///
/// Parameters have timm's names: `conv_stem`, `bn1`, `blocks.0.0.conv_dw`, …, `conv_head`, `bn2`.
public struct EfficientNet: BlockwiseEncoder {
    /// What tells one EfficientNet from another.
    public struct Shape: Sendable {
        /// The factor on the widths of B0; results are rounded to multiples of 8.
        public var width: Double
        /// The factor on the number of blocks in each stage of B0; results are rounded up.
        public var depth: Double
        /// What batch norms add to the variance: 1e-5 in PyTorch's weights, 1e-3 in TensorFlow's.
        public var epsilon = 1e-5
        /// Whether convolutions are padded as TensorFlow's `SAME` does it, which depends on the size of their input.
        public var isTensorFlow = false
        /// Blocks of stride 2 whose input had an odd size in training, counted over all stages; nil where `isTensorFlow` decides.
        ///
        /// This is Transformers' form of TensorFlow's padding, its `depthwise_padding`. It does not depend on the picture.
        public var oddBlocks: [Int]?
        /// Whether it is EfficientNet-Lite: ReLU6, and no squeeze-and-excitation.
        public var isLite = false
        /// Whether it is MobileNetV2: likewise, by its own table, and a head of 1280 channels at least.
        public var isMobile = false
        /// Whether stem and head keep B0's width, and the first and the last stage their single block, as in EfficientNet-Lite.
        public var keepsEnds = false

        var isPlain: Bool { isLite || isMobile }
        var activation: Activation { isPlain ? .relu6 : .silu }
        var stem: Int { keepsEnds ? 32 : roundedWidth(32 * width) }
        var head: Int { keepsEnds ? 1280 : max(isMobile ? 1280 : 0, roundedWidth(1280 * width)) }
    }

    /// D, the size of an embedding and of a token: 1280 in B0, times `Shape.width` where the ends are not kept.
    public let dimension: Int
    /// Path prefixes of the parameters: the stem, each block, the last convolution with its norm.
    public let blocks: [[String]]
    private let stem: ConvNorm
    private let residual: [InvertedResidual]
    private let head: ConvNorm
    private let activation: Activation

    /// B0: blocks, kernel, stride, expansion, outputs.
    private static let table = [
        (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
        (1, 3, 1, 6, 320),
    ]

    /// MobileNetV2.
    private static let mobileTable = [
        (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (3, 3, 2, 6, 32), (4, 3, 2, 6, 64), (3, 3, 1, 6, 96), (3, 3, 2, 6, 160),
        (1, 3, 1, 6, 320),
    ]

    /// Asks `scope` for the weights of an EfficientNet of this shape.
    ///
    /// - Throws: Where a weight cannot be read or made. One that is missing or of another size is noted in the store's `report`.
    public init(_ scope: Scope, _ shape: Shape) throws {
        let style = MobileStyle(epsilon: shape.epsilon, isTensorFlow: shape.isTensorFlow)
        activation = shape.activation
        var inputs = shape.stem
        let conv = try Conv2d(
            scope / "conv_stem", 3, inputs, kernel: 3, stride: 2, padding: shape.oddBlocks == nil ? style.padding(3) : .sides(0, 1))
        stem = ConvNorm(conv, try BatchNorm(scope / "bn1", inputs, epsilon: style.epsilon))
        var residual: [InvertedResidual] = []
        var paths = [["conv_stem.", "bn1."]]
        for (stage, row) in Self.rows(shape).enumerated() {
            for (index, block) in row.enumerated() {
                residual.append(try InvertedResidual(scope / "blocks" / stage / index, block, style))
                paths.append(["blocks.\(stage).\(index)."])
                inputs = block.outputs
            }
        }
        self.residual = residual
        dimension = shape.head
        head = ConvNorm(
            try Conv2d(scope / "conv_head", inputs, dimension, kernel: 1),
            try BatchNorm(scope / "bn2", dimension, epsilon: style.epsilon))
        blocks = paths + [["conv_head.", "bn2."]]
        scope.ignore("classifier.weight")
        scope.ignore("classifier.bias")
    }

    /// The blocks of each stage.
    static func rows(_ shape: Shape) -> [[InvertedResidualShape]] {
        var inputs = shape.stem
        var number = 0
        let table = shape.isMobile ? mobileTable : table
        return table.enumerated().map { stage, row in
            let (blocks, kernel, stride, expansion, width) = row
            let outputs = roundedWidth(Double(width) * shape.width)
            let isFixed = shape.keepsEnds && [0, table.count - 1].contains(stage)
            return (0..<(isFixed ? blocks : Int((Double(blocks) * shape.depth).rounded(.up)))).map { index in
                defer { (inputs, number) = (outputs, number + 1) }
                let stride = index == 0 ? stride : 1
                let padding = shape.oddBlocks.map { odd in
                    stride == 1 || odd.contains(number) ? Conv2d.Padding.half(kernel) : .sides(kernel / 2 - 1, kernel / 2)
                }
                return InvertedResidualShape(
                    kernel: kernel, stride: stride, expanded: expansion == 1 ? nil : expansion * inputs,
                    inputs: inputs, outputs: outputs, squeezed: shape.isPlain ? nil : max(1, inputs / 4),
                    activation: shape.activation, padding: padding)
            }
        }
    }

    /// Block 0 is the stem, of pictures `[B, 3, H, W]`; then come the inverted residuals, and the last convolution.
    ///
    /// - Throws: `TorchError` where the input has another shape.
    public func run(_ range: Range<Int>, _ input: Activations, mode: Mode) throws -> Activations {
        var x = input.values
        for block in range {
            switch block {
            case 0: x = try stem(x, activation: activation, mode: mode)
            case 1...residual.count: x = try residual[block - 1](x, mode: mode)
            default: x = try head(x, activation: activation, mode: mode)
            }
        }
        return Activations(values: x)
    }

    /// `tokens` are `[B, T, D]`, the positions of the last map, row by row, 32 pixels apart; `pooled` is their mean, `[B, D]`.
    ///
    /// - Throws: `TorchError` where libtorch fails.
    public func encoding(_ last: Activations, mode: Mode) throws -> Encoding {
        Encoding(pooled: try last.values.mean([2, 3]), tokens: try last.values.flattened(from: 2).transposed(1, 2))
    }
}

extension EfficientNet {
    /// Name, width, depth, and the sizes of torchvision's transform.
    private static let sizes = [
        ("b0", 1.0, 1.0, 256, 224), ("b1", 1.0, 1.1, 256, 240), ("b2", 1.1, 1.2, 288, 288), ("b3", 1.2, 1.4, 320, 300),
    ]

    /// timm's names, `tf_` where the weights were trained with TensorFlow's padding, and `efficientnet`, whose size
    /// Transformers' `config.json` gives.
    static let builders =
        [false, true].flatMap { isTensorFlow in
            sizes.map { size, width, depth, resized, side in
                var shape = Shape(width: width, depth: depth)
                shape.isTensorFlow = isTensorFlow
                shape.epsilon = isTensorFlow ? 1e-3 : 1e-5
                return EncoderBuilder(
                    modality: .image, name: (isTensorFlow ? "tf_" : "") + "efficientnet_\(size)", paper: "arXiv:1905.11946",
                    layouts: { [shape] _ in isTensorFlow ? [] : [torchvision(shape)] },
                    build: { [shape] in
                        try $0.config.expectPlainTimm()
                        let bare = ImageFrontEnd.torchvision(resize: resized, crop: side, .bicubic)
                        return (try EfficientNet($0.scope, shape), try ImageFrontEnd($0, bare: bare))
                    })
            }
        } + [
            EncoderBuilder(
                modality: .image, name: "efficientnet", paper: "arXiv:1905.11946", layouts: { [huggingFace(try stated($0))] },
                build: { (try EfficientNet($0.scope, stated($0.config)), try ImageFrontEnd($0)) }
            )
            .usually(
                "google/efficientnet-b0", licence: "Apache-2.0",
                config: #"{"width_coefficient": 1.0, "depth_coefficient": 1.0, "image_size": 224, "hidden_dim": 1280}"#)
        ]

    /// The shape that Transformers' `config.json` states; such weights come from TensorFlow.
    private static func stated(_ config: JSONObject) throws -> Shape {
        var shape = Shape(
            width: try config.double("width_coefficient", 2.0), depth: try config.double("depth_coefficient", 3.1))
        shape.epsilon = try config.positive("batch_norm_eps", 1e-3)
        shape.oddBlocks = try config.ints("depthwise_padding", [])
        try config.expect("pooling_type", "mean")
        try config.expect("hidden_act", "swish")
        try config.expect("kernel_sizes", table.map(\.1))
        try config.expect("strides", table.map(\.2))
        try config.expect("expand_ratios", table.map(\.3))
        try config.expect("out_channels", table.map(\.4))
        try config.expect("num_block_repeats", table.map(\.0))
        guard (0.1...4).contains(shape.width), (0.1...4).contains(shape.depth) else {
            throw config.fault("width_coefficient and depth_coefficient must lie in 0.1 ... 4")
        }
        return shape
    }
}
