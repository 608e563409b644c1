public import Torch

/// The YAMNet audio encoder (Plakal and Ellis 2019), which is built on MobileNetV1 (arXiv:1704.04861).
///
/// It makes one embedding of a patch of 0.96 seconds; a recording's embedding is the mean over its patches. Parameters have
/// the names of its PyTorch ports: `layer1.fused.conv`, `layer2.depthwise_conv.conv`, ….
public struct YAMNet: BlockwiseEncoder {
    /// D, the size of an embedding and of a token.
    public let dimension = 1024
    /// Path prefixes of the parameters, layer by layer.
    public let blocks: [[String]]
    private let layers: [Layer]

    /// Outputs and stride of each layer; all but the first are separable.
    private static let table = [
        (32, 2), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1),
        (1024, 2), (1024, 1),
    ]
    private static let epsilon = 1e-4

    /// Asks `scope` for the weights.
    ///
    /// - Throws: Where a weight cannot be read or made. One that is missing or of another size is noted in the store's `report`.
    public init(_ scope: Scope) throws {
        var inputs = 1
        layers = try Self.table.enumerated().map { index, row in
            defer { inputs = row.0 }
            return try Layer(scope / "layer\(index + 1)", inputs, row.0, stride: row.1, isSeparable: index > 0)
        }
        blocks = Self.table.indices.map { ["layer\($0 + 1)."] }
        // The tagging head of the pretraining.
        for name in ["weight", "bias"] { (scope / "classifier").ignore(name) }
    }

    /// The layers, of log-mel patches `[B, 96, 64]`, 96 frames of 64 mel bins.
    ///
    /// - Throws: `TorchError` where the input has another shape.
    public func run(_ range: Range<Int>, _ input: Activations, mode: Mode) throws -> Activations {
        var x = range.contains(0) ? try input.values.unsqueezed(1) : input.values
        for block in range { x = try layers[block](x, mode: mode) }
        return Activations(values: x)
    }

    /// `pooled` is `[B, 1024]`, `tokens` are `[B, 1, 1024]`.
    ///
    /// - Throws: `TorchError` where libtorch fails.
    public func encoding(_ last: Activations, mode: Mode) throws -> Encoding {
        let pooled = try last.values.mean([2, 3])
        return Encoding(pooled: pooled, tokens: try pooled.unsqueezed(1))
    }

    /// A 3×3 convolution, of each channel alone where separable and then with a 1×1 one, each with batch norm and ReLU.
    private struct Layer {
        let steps: [ConvNorm]

        init(_ scope: Scope, _ inputs: Int, _ outputs: Int, stride: Int, isSeparable: Bool) throws {
            let width = isSeparable ? inputs : outputs
            let first = scope / (isSeparable ? "depthwise_conv" : "fused")
            let conv = try Conv2d(
                first / "conv", inputs, width, kernel: 3, stride: stride, padding: .same, groups: isSeparable ? inputs : 1)
            var steps = [ConvNorm(conv, try BatchNorm(first / "bn", width, epsilon: YAMNet.epsilon))]
            if isSeparable {
                let point = scope / "pointwise_conv"
                let conv = try Conv2d(point / "conv", inputs, outputs, kernel: 1)
                steps.append(ConvNorm(conv, try BatchNorm(point / "bn", outputs, epsilon: YAMNet.epsilon)))
            }
            self.steps = steps
        }

        func callAsFunction(_ input: Tensor, mode: Mode) throws(TorchError) -> Tensor {
            var x = input
            for step in steps { x = try step(x, activation: .relu, mode: mode) }
            return x
        }
    }

    static let builders = [
        EncoderBuilder(modality: .audio, name: "yamnet", paper: "arXiv:1704.04861") { source in
            let frontEnd = try LogMelFrontEnd(source, published: .yamnet, leastFrames: 96)
            guard frontEnd.settings.patches?.frames == 96, frontEnd.settings.melBins == 64 else {
                throw source.config.fault("YAMNet takes patches of 96 frames and 64 mel bins: set patch_frames and mel_bins so")
            }
            return (try YAMNet(source.scope), frontEnd)
        }
        .usually("tfhub.dev/google/yamnet/1", licence: "Apache-2.0")
    ]
}
