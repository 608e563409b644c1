public import Torch

/// The ResNet encoder of pictures or spectrograms (He et al. 2016, arXiv:1512.03385).
///
/// Parameters have the names of timm and torchvision: `conv1`, `bn1`, `layer1.0.conv1`, …. As in both, bottlenecks have their
/// stride in the 3×3 convolution.
public struct ResNet: BlockwiseEncoder {
    /// What tells one ResNet from another.
    public struct Shape: Sendable {
        /// How many blocks each of the four stages has: `[2, 2, 2, 2]` in ResNet-18.
        public var layers: [Int]
        /// The width of each stage; a bottleneck gives four times as many channels.
        public var channels = [64, 128, 256, 512]
        /// Whether blocks are bottlenecks of 1×1, 3×3 and 1×1 convolutions, as from ResNet-50 on; else two convolutions of 3×3.
        public var hasBottlenecks = false
        /// How many channels the input has: 3 for pictures, 1 for spectrograms.
        public var inputs = 3
        /// How many channels the first convolution gives.
        public var stemWidth = 64
    }

    /// D, the size of an embedding and of a token: the channels of the last stage.
    public let dimension: Int
    /// Path prefixes of the parameters: the stem, then each residual block.
    public let blocks: [[String]]
    private let stem: ConvNorm
    private let residual: [ResidualBlock]
    private let takesSpectrograms: Bool

    /// Asks `scope` for the weights of a ResNet of this shape.
    ///
    /// - Throws: Where a weight cannot be read or made. One that is missing or of another size is noted in the store's `report`.
    public init(_ scope: Scope, _ shape: Shape) throws {
        stem = ConvNorm(
            try Conv2d(scope / "conv1", shape.inputs, shape.stemWidth, kernel: 7, stride: 2, padding: .zeros(3)),
            try BatchNorm(scope / "bn1", shape.stemWidth))
        var inputs = shape.stemWidth
        var residual: [ResidualBlock] = []
        var paths = [["conv1.", "bn1."]]
        for (stage, width) in shape.channels.enumerated() {
            for index in 0..<shape.layers[stage] {
                let stride = index == 0 && stage > 0 ? 2 : 1
                let place = scope / "layer\(stage + 1)" / index
                residual.append(try ResidualBlock(place, inputs, width, stride: stride, isBottleneck: shape.hasBottlenecks))
                paths.append(["layer\(stage + 1).\(index)."])
                inputs = shape.hasBottlenecks ? 4 * width : width
            }
        }
        // The classifier of the pretraining.
        scope.ignore("fc.weight")
        scope.ignore("fc.bias")
        self.residual = residual
        blocks = paths
        dimension = inputs
        takesSpectrograms = shape.inputs == 1
    }

    /// Block 0 is the stem with its pool, of pictures `[B, 3, H, W]`, or of log-mel spectrograms `[B, T, mels]` where `Shape.inputs` is 1; the others are
    /// the residual blocks.
    ///
    /// - Throws: `TorchError` where the input has another shape.
    public func run(_ range: Range<Int>, _ input: Activations, mode: Mode) throws -> Activations {
        var (x, lengths) = (input.values, try FrameLengths(input.mask))
        for block in range {
            if block > 0 {
                (x, lengths) = try residual[block - 1](x, lengths, mode: mode)
                continue
            }
            if takesSpectrograms { x = try x.unsqueezed(1) }
            x = try stem(lengths.cleared(x), activation: .relu, mode: mode)
            lengths = try lengths.halved(.up)
            x = try lengths.cleared(x).maxPool2d(kernel: 3, stride: 2, padding: 1)
            lengths = try lengths.halved(.up)
        }
        return Activations(values: x, mask: try lengths.mask(x.shape[2]))
    }

    /// `pooled` is `[B, D]`, the mean of the tokens. `tokens` of a picture are `[B, N, D]`, the positions of the last map, row by
    /// row, 32 pixels apart. Those of a spectrogram are `[B, T / 32, D]`, rounded up: frames, each the mean over its pitches.
    ///
    /// - Throws: `TorchError` where libtorch fails.
    public func encoding(_ last: Activations, mode: Mode) throws -> Encoding {
        let x = last.values
        guard takesSpectrograms else {
            return Encoding(pooled: try x.mean([2, 3]), tokens: try x.flattened(from: 2).transposed(1, 2))
        }
        let frames = try x.mean([3]).transposed(1, 2)
        return Encoding(pooled: try frames.mean(where: last.mask), tokens: frames, tokenMask: last.mask)
    }
}

/// Convolutions with batch norm, and a shortcut around them: two of 3×3, or 1×1, 3×3 and 1×1 in a bottleneck.
private struct ResidualBlock {
    private let convs: [ConvNorm]
    private let shortcut: ConvNorm?
    /// Which convolution has the stride.
    private let strided: Int
    private let stride: Int

    init(_ scope: Scope, _ inputs: Int, _ width: Int, stride: Int, isBottleneck: Bool) throws {
        let outputs = isBottleneck ? 4 * width : width
        let widths = isBottleneck ? [inputs, width, width, outputs] : [inputs, width, width]
        let kernels = isBottleneck ? [1, 3, 1] : [3, 3]
        strided = isBottleneck ? 1 : 0
        self.stride = stride
        convs = try kernels.enumerated().map { [strided] index, kernel in
            let conv = try Conv2d(
                scope / "conv\(index + 1)", widths[index], widths[index + 1], kernel: kernel,
                stride: index == strided ? stride : 1, padding: .half(kernel))
            return ConvNorm(conv, try BatchNorm(scope / "bn\(index + 1)", widths[index + 1]))
        }
        guard stride != 1 || inputs != outputs else {
            shortcut = nil
            return
        }
        let conv = try Conv2d(scope / "downsample" / 0, inputs, outputs, kernel: 1, stride: stride)
        shortcut = ConvNorm(conv, try BatchNorm(scope / "downsample" / 1, outputs))
    }

    func callAsFunction(_ input: Tensor, _ lengths: FrameLengths, mode: Mode) throws -> (Tensor, FrameLengths) {
        var lengths = lengths
        var x = input
        for (index, conv) in convs.enumerated() {
            // The last one gets the shortcut on top; nothing reads the block's input behind it.
            let around = index < convs.count - 1 ? nil : try shortcut?(input, mode: mode) ?? input
            x = try conv(lengths.cleared(x), activation: .relu, consuming: around, mode: mode)
            if index == strided && stride == 2 { lengths = try lengths.halved(.up) }
        }
        return (x, lengths)
    }
}

extension ResNet {
    /// The names Transformers gives the parameters.
    static func huggingFace(_ shape: Shape) -> KeyMap {
        var renamed = [("embedder.embedder.convolution.", "conv1."), ("embedder.embedder.normalization.", "bn1.")]
        for (stage, count) in shape.layers.enumerated() {
            for index in 0..<count {
                let (from, to) = ("encoder.stages.\(stage).layers.\(index).", "layer\(stage + 1).\(index).")
                for conv in 0..<(shape.hasBottlenecks ? 3 : 2) {
                    renamed.append(("\(from)layer.\(conv).convolution.", "\(to)conv\(conv + 1)."))
                    renamed.append(("\(from)layer.\(conv).normalization.", "\(to)bn\(conv + 1)."))
                }
                renamed.append(("\(from)shortcut.convolution.", "\(to)downsample.0."))
                renamed.append(("\(from)shortcut.normalization.", "\(to)downsample.1."))
            }
        }
        return KeyMap.huggingFace(prefix: "resnet.", marker: "embedder.", renamed, dropped: ["classifier."])
    }
}

extension KeyMap {
    /// A layout of Transformers: the same names with the model's name in front, as its classifiers save them, or without.
    static func huggingFace(prefix: String, marker: String, _ renamed: [(String, String)], dropped: [String] = []) -> KeyMap {
        let prefixed = renamed.map { (from: prefix + $0.0, to: $0.1) }
        let plain = renamed.map { (from: $0.0, to: $0.1) }
        return KeyMap("Hugging Face", markers: [prefix + marker, marker], renamed: prefixed + plain, dropped: dropped)
    }
}

extension ResNet {
    private static let sizes: [(name: String, layers: [Int], hasBottlenecks: Bool)] = [
        ("resnet10", [1, 1, 1, 1], false), ("resnet18", [2, 2, 2, 2], false), ("resnet34", [3, 4, 6, 3], false),
        ("resnet50", [3, 4, 6, 3], true), ("resnet101", [3, 4, 23, 3], true),
    ]

    /// For pictures: timm's names, and `resnet`, whose sizes Transformers' `config.json` gives.
    static let builders =
        sizes.map { size in
            EncoderBuilder(
                modality: .image, name: size.name, paper: "arXiv:1512.03385",
                layouts: { [huggingFace(try shape($0, size.layers, size.hasBottlenecks))] },
                build: { source in
                    let shape = try shape(source.config, size.layers, size.hasBottlenecks)
                    return (try ResNet(source.scope, shape), try ImageFrontEnd(source))
                })
        } + [
            EncoderBuilder(
                modality: .image, name: "resnet", paper: "arXiv:1512.03385", layouts: { [huggingFace(try stated($0))] },
                build: { (try ResNet($0.scope, stated($0.config)), try ImageFrontEnd($0)) }
            )
            .usually("microsoft/resnet-50", licence: "Apache-2.0")
        ]

    /// For spectrograms, with one input channel.
    static let spectrogramBuilders = sizes.map { size in
        EncoderBuilder(modality: .audio, name: size.name, paper: "arXiv:1512.03385") { source in
            guard source.config.has("front_end") || source.config.fields.isEmpty else {
                throw source.config.fault(
                    "front_end is missing: without it nothing says how recordings were prepared for these weights")
            }
            var shape = try shape(source.config, size.layers, size.hasBottlenecks)
            shape.inputs = 1
            // Five halvings in time.
            return (try ResNet(source.scope, shape), try LogMelFrontEnd(source, published: .panns, leastFrames: 32))
        }
    }

    /// The shape of a size by name; `model_args.channels` of timm's `config.json` may give other widths.
    private static func shape(_ config: JSONObject, _ layers: [Int], _ hasBottlenecks: Bool) throws -> Shape {
        try config.expectPlainTimm(besides: ["channels"])
        var shape = Shape(layers: layers, hasBottlenecks: hasBottlenecks)
        shape.channels = try config.object("model_args").ints("channels", shape.channels)
        guard shape.channels.count == 4, shape.channels.allSatisfy({ (1...8192).contains($0) }) else {
            throw config.fault("model_args.channels must hold four widths")
        }
        return shape
    }

    /// The shape that Transformers' `config.json` states.
    private static func stated(_ config: JSONObject) throws -> Shape {
        var shape = Shape(layers: try config.ints("depths", [3, 4, 6, 3]))
        let hidden = try config.ints("hidden_sizes", [256, 512, 1024, 2048])
        shape.hasBottlenecks = try config.string("layer_type", "bottleneck") == "bottleneck"
        shape.channels = hidden.map { shape.hasBottlenecks ? $0 / 4 : $0 }
        shape.stemWidth = try config.int("embedding_size", 64)
        for name in ["downsample_in_first_stage", "downsample_in_bottleneck"] where try config.bool(name, false) {
            throw config.fault("\(name) is true; this version has it false only")
        }
        guard try config.string("hidden_act", "relu") == "relu", try config.int("num_channels", 3) == 3 else {
            throw config.fault("hidden_act must be relu and num_channels 3 in this version")
        }
        let sizes = shape.layers + shape.channels + [shape.stemWidth]
        guard shape.layers.count == 4, shape.channels.count == 4, sizes.allSatisfy({ (1...8192).contains($0) }) else {
            throw config.fault("depths and hidden_sizes must hold four numbers each, from 1 on")
        }
        return shape
    }
}
