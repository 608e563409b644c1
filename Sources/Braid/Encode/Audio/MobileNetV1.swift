public import Torch

/// The MobileNetV1 audio encoder of PANNs (Kong et al. 2020, arXiv:1912.10211; Howard et al. 2017, arXiv:1704.04861).
///
/// Parameters have the published names: `bn0`, `features.0`, …, `fc1`. As in PANNs, strides are average pools.
public struct MobileNetV1: BlockwiseEncoder {
    /// D, the size of an embedding and of a token.
    public let dimension = 1024
    /// Path prefixes of the parameters: the norm of the input, each layer, the layer behind the pooling.
    public let blocks: [[String]]
    private let inputNorm: BatchNorm
    private let layers: [Layer]
    private let embedding: Linear

    /// Outputs and stride of each layer; all but the first are separable.
    private static let table = [
        (32, 2), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1),
        (1024, 2), (1024, 1),
    ]
    /// Time is halved five times.
    private static let leastFrames = 32

    /// Asks `scope` for the weights of a network for spectrograms of `melBins` mel bins.
    ///
    /// - Throws: Where a weight cannot be read or made. One that is missing or of another size is noted in the store's `report`.
    public init(_ scope: Scope, melBins: Int) throws {
        inputNorm = try BatchNorm(scope / "bn0", melBins)
        var inputs = 1
        layers = try Self.table.enumerated().map { index, row in
            defer { inputs = row.0 }
            return try Layer(scope / "features" / index, inputs, row.0, stride: row.1, isSeparable: index > 0)
        }
        embedding = try Linear(scope / "fc1", dimension, dimension)
        blocks = [["bn0."]] + Self.table.indices.map { ["features.\($0)."] } + [["fc1."]]
        scope.ignorePannsExtras()
    }

    /// Block 0 is the norm of log-mel spectrograms `[B, T, mels]`; then come the layers. The layer behind the pooling is the last block, and runs in
    /// `encoding`.
    ///
    /// - Throws: `TorchError` where the input has another shape, or less than 32 frames.
    public func run(_ range: Range<Int>, _ input: Activations, mode: Mode) throws -> Activations {
        var (x, lengths) = (input.values, try FrameLengths(input.mask))
        for block in range where block <= layers.count {
            if block == 0 {
                x = try pannsInput(x, inputNorm, mode)
            } else {
                (x, lengths) = try layers[block - 1](x, lengths, mode: mode)
            }
        }
        return Activations(values: x, mask: try lengths.mask(x.shape[2]))
    }

    /// `pooled` is `[B, D]`, `tokens` are frames, `[B, T / 32, D]`.
    ///
    /// A recording that is padded in a batch gives what it gives alone.
    ///
    /// - Throws: `TorchError` where libtorch fails.
    public func encoding(_ last: Activations, mode: Mode) throws -> Encoding {
        try pannsEncoding(last, embedding, dropout: 0.5, mode)
    }

    /// A 3×3 convolution, of each channel alone where separable and then with a 1×1 one, each with batch norm and ReLU.
    private struct Layer {
        let first: ConvNorm
        let stride: Int
        let point: ConvNorm?

        init(_ scope: Scope, _ inputs: Int, _ outputs: Int, stride: Int, isSeparable: Bool) throws {
            let width = isSeparable ? inputs : outputs
            first = ConvNorm(
                try Conv2d(scope / 0, inputs, width, kernel: 3, padding: .half(3), groups: isSeparable ? inputs : 1),
                try BatchNorm(scope / 2, width))
            self.stride = stride
            point =
                isSeparable
                ? ConvNorm(try Conv2d(scope / 4, inputs, outputs, kernel: 1), try BatchNorm(scope / 5, outputs)) : nil
        }

        func callAsFunction(_ input: Tensor, _ lengths: FrameLengths, mode: Mode) throws -> (Tensor, FrameLengths) {
            var x = try lengths.cleared(input)
            if stride == 2 {
                // The statistics are those of the pooled map.
                x = try first.norm(first.conv(x, mode: mode).averagePool2d(kernel: 2, stride: 2), mode: mode).relu()
            } else {
                x = try first(x, activation: .relu, mode: mode)
            }
            if let point { x = try point(x, activation: .relu, mode: mode) }
            return (x, stride == 2 ? try lengths.halved(.down) : lengths)
        }
    }

    static let builders = [
        EncoderBuilder(modality: .audio, name: "mobilenetv1", paper: "arXiv:1912.10211") { source in
            let frontEnd = try LogMelFrontEnd(source, published: .panns, leastFrames: leastFrames)
            return (try MobileNetV1(source.scope, melBins: frontEnd.settings.melBins), frontEnd)
        }
        .usually("zenodo.org/records/3987831", licence: "CC-BY-4.0")
    ]
}
