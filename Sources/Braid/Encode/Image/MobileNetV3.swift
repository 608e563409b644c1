public import Torch

/// The MobileNetV3 image encoder (Howard et al. 2019, arXiv:1905.02244).
///
/// Parameters have timm's names: `conv_stem`, `bn1`, `blocks.0.0.conv_dw`, …, `conv_head`. The embedding is what the
/// classifier of the pretraining reads: the output of `conv_head`, behind the pooling.
public struct MobileNetV3: BlockwiseEncoder {
    /// What tells one MobileNetV3 from another.
    public struct Shape: Sendable {
        /// Whether it is the paper's Large network; else the Small one.
        public var isLarge: Bool
        /// The factor on the published widths, the embedding's excepted; results are rounded to multiples of 8.
        public var width = 1.0
        /// What batch norms add to the variance: 1e-3 in the weights of torchvision and TensorFlow.
        public var epsilon = 1e-5
        /// Whether convolutions are padded as TensorFlow's `SAME` does it, which depends on the size of their input.
        public var isTensorFlow = false
    }

    /// D, the size of an embedding: 1280 in the Large network, 1024 in the Small one.
    public let dimension: Int
    /// C, the size of a token: 960 in the Large network, 576 in the Small one, times `Shape.width`.
    public let tokenDimension: Int
    /// Path prefixes of the parameters: the stem, each block, the last convolution, the layer behind the pooling.
    public let blocks: [[String]]
    private let stem: ConvNorm
    private let residual: [InvertedResidual]
    private let last: ConvNorm
    private let head: Conv2d

    /// A block of the published tables.
    private struct Row {
        let kernel: Int, stride: Int, expansion: Double, width: Int
        let squeezes: Bool
        let activation: Activation

        init(_ kernel: Int, _ stride: Int, _ expansion: Double, _ width: Int, _ squeezes: Bool, _ activation: Activation) {
            (self.kernel, self.stride, self.expansion, self.width) = (kernel, stride, expansion, width)
            (self.squeezes, self.activation) = (squeezes, activation)
        }
    }

    private static let large: [[Row]] = [
        [Row(3, 1, 1, 16, false, .relu)],
        [Row(3, 2, 4, 24, false, .relu), Row(3, 1, 3, 24, false, .relu)],
        [Row(5, 2, 3, 40, true, .relu), Row(5, 1, 3, 40, true, .relu), Row(5, 1, 3, 40, true, .relu)],
        [
            Row(3, 2, 6, 80, false, .hardSwish), Row(3, 1, 2.5, 80, false, .hardSwish), Row(3, 1, 2.3, 80, false, .hardSwish),
            Row(3, 1, 2.3, 80, false, .hardSwish),
        ],
        [Row(3, 1, 6, 112, true, .hardSwish), Row(3, 1, 6, 112, true, .hardSwish)],
        [Row(5, 2, 6, 160, true, .hardSwish), Row(5, 1, 6, 160, true, .hardSwish), Row(5, 1, 6, 160, true, .hardSwish)],
    ]
    private static let small: [[Row]] = [
        [Row(3, 2, 1, 16, true, .relu)],
        [Row(3, 2, 4.5, 24, false, .relu), Row(3, 1, 3.67, 24, false, .relu)],
        [Row(5, 2, 4, 40, true, .hardSwish), Row(5, 1, 6, 40, true, .hardSwish), Row(5, 1, 6, 40, true, .hardSwish)],
        [Row(5, 1, 3, 48, true, .hardSwish), Row(5, 1, 3, 48, true, .hardSwish)],
        [Row(5, 2, 6, 96, true, .hardSwish), Row(5, 1, 6, 96, true, .hardSwish), Row(5, 1, 6, 96, true, .hardSwish)],
    ]

    /// Asks `scope` for the weights of a MobileNetV3 of this shape.
    ///
    /// - Throws: Where a weight cannot be read or made. One that is missing or of another size is noted in the store's `report`.
    public init(_ scope: Scope, _ shape: Shape) throws {
        let style = MobileStyle(
            epsilon: shape.epsilon, isTensorFlow: shape.isTensorFlow, squeezeActivation: .relu, hasHardGate: true)
        let rows = Self.rows(shape)
        var inputs = roundedWidth(16 * shape.width)
        let conv = try Conv2d(scope / "conv_stem", 3, inputs, kernel: 3, stride: 2, padding: style.padding(3))
        stem = ConvNorm(conv, try BatchNorm(scope / "bn1", inputs, epsilon: style.epsilon))
        var paths = [["conv_stem.", "bn1."]]
        var residual: [InvertedResidual] = []
        for (stage, row) in rows.enumerated() {
            for (index, block) in row.enumerated() {
                residual.append(try InvertedResidual(scope / "blocks" / stage / index, block, style))
                paths.append(["blocks.\(stage).\(index)."])
                inputs = block.outputs
            }
        }
        self.residual = residual
        tokenDimension = roundedWidth((shape.isLarge ? 960 : 576) * shape.width)
        let lastScope = scope / "blocks" / rows.count / 0
        last = ConvNorm(
            try Conv2d(lastScope / "conv", inputs, tokenDimension, kernel: 1),
            try BatchNorm(lastScope / "bn1", tokenDimension, epsilon: style.epsilon))
        dimension = shape.isLarge ? 1280 : 1024
        head = try Conv2d(scope / "conv_head", tokenDimension, dimension, kernel: 1, bias: true)
        blocks = paths + [["blocks.\(rows.count)."], ["conv_head."]]
        scope.ignore("classifier.weight")
        scope.ignore("classifier.bias")
    }

    private static func rows(_ shape: Shape) -> [[InvertedResidualShape]] {
        var inputs = roundedWidth(16 * shape.width)
        return (shape.isLarge ? large : small).enumerated().map { stage, rows in
            rows.map { row in
                let outputs = roundedWidth(Double(row.width) * shape.width)
                let expanded = stage == 0 ? inputs : roundedWidth(Double(inputs) * row.expansion)
                defer { inputs = outputs }
                return InvertedResidualShape(
                    kernel: row.kernel, stride: row.stride, expanded: stage == 0 ? nil : expanded, inputs: inputs,
                    outputs: outputs, squeezed: row.squeezes ? roundedWidth(Double(expanded) / 4) : nil,
                    activation: row.activation)
            }
        }
    }

    /// Block 0 is the stem, of pictures `[B, 3, H, W]`; then come the inverted residuals, and the last convolution of the map. The layer behind the
    /// pooling is the last block, and runs in `encoding`.
    ///
    /// - Throws: `TorchError` where the input has another shape.
    public func run(_ range: Range<Int>, _ input: Activations, mode: Mode) throws -> Activations {
        var x = input.values
        for block in range {
            switch block {
            case 0: x = try stem(x, activation: .hardSwish, mode: mode)
            case 1...residual.count: x = try residual[block - 1](x, mode: mode)
            case residual.count + 1: x = try last(x, activation: .hardSwish, mode: mode)
            default: break
            }
        }
        return Activations(values: x)
    }

    /// `pooled` is `[B, D]`, `tokens` are `[B, T, C]`, the positions of the last map, row by row, 32 pixels apart.
    ///
    /// - Throws: `TorchError` where libtorch fails.
    public func encoding(_ last: Activations, mode: Mode) throws -> Encoding {
        let x = last.values
        let pooled = try head(x.mean([2, 3], keep: true), activation: .hardSwish, mode: mode).flattened(from: 1)
        return Encoding(pooled: pooled, tokens: try x.flattened(from: 2).transposed(1, 2))
    }

    /// The names torchvision gives the parameters: stem, blocks and last convolution are one list.
    static func torchvision(_ shape: Shape) -> KeyMap {
        var renamed = [("features.0.0.", "conv_stem."), ("features.0.1.", "bn1."), ("classifier.0.", "conv_head.")]
        var number = 1
        for (stage, row) in rows(shape).enumerated() {
            for (index, block) in row.enumerated() {
                let to = "blocks.\(stage).\(index)."
                renamed += InvertedResidual.torchvision(block, from: "features.\(number).block.", to: to)
                number += 1
            }
        }
        let last = "blocks.\(rows(shape).count).0."
        renamed += [("features.\(number).0.", "\(last)conv."), ("features.\(number).1.", "\(last)bn1.")]
        return KeyMap(
            "torchvision", markers: ["features."], renamed: renamed.map { (from: $0.0, to: $0.1) }, dropped: ["classifier.3."])
    }
}

extension MobileNetV3 {
    static let builders = [
        ("mobilenetv3_small_100", false, false), ("mobilenetv3_large_100", true, false), ("tf_mobilenetv3_small_100", false, true),
        ("tf_mobilenetv3_large_100", true, true),
    ].map { name, isLarge, isTensorFlow in
        EncoderBuilder(
            modality: .image, name: name, paper: "arXiv:1905.02244", layouts: { _ in [torchvision(Shape(isLarge: isLarge))] },
            build: { source in
                try source.config.expectPlainTimm()
                var shape = Shape(isLarge: isLarge)
                shape.isTensorFlow = isTensorFlow
                shape.epsilon = isTensorFlow || source.layout == "torchvision" ? 1e-3 : 1e-5
                return (try MobileNetV3(source.scope, shape), try ImageFrontEnd(source))
            })
    }
}
