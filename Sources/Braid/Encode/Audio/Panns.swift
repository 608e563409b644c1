public import Torch

/// The Cnn6, Cnn10 and Cnn14 audio encoders of PANNs (Kong et al. 2020, arXiv:1912.10211).
///
/// Parameters have the published names: `bn0`, `conv_block1.conv1`, …, `fc1`.
public struct PannsCnn: BlockwiseEncoder {
    /// Which of the published networks it is.
    public enum Variant: String, Sendable, CaseIterable {
        /// Cnn6 has four blocks of one 5×5 convolution, Cnn10 four of two 3×3 ones, Cnn14 six of two 3×3 ones.
        case cnn6, cnn10, cnn14

        var channels: [Int] { self == .cnn14 ? [64, 128, 256, 512, 1024, 2048] : [64, 128, 256, 512] }
        /// The kernel size of each convolution of a block.
        fileprivate var kernels: [Int] { self == .cnn6 ? [5] : [3, 3] }
        /// How often time is halved: not in Cnn14's last block.
        fileprivate func halvings(_ blocks: Int) -> Int { self == .cnn14 ? blocks - 1 : blocks }
    }

    /// D, the size of an embedding and of a token: the width of the last block.
    public let dimension: Int
    /// Path prefixes of the parameters: the norm of the input, each block, the layer behind the pooling.
    public let blocks: [[String]]
    private let inputNorm: BatchNorm
    private let convBlocks: [ConvBlock]
    private let embedding: Linear

    /// Asks `scope` for the weights of `variant`, for spectrograms of `melBins` mel bins.
    ///
    /// `channels` is the width of each block; nil for the published ones.
    ///
    /// - Throws: Where a weight cannot be read or made. One that is missing or of another size is noted in the store's `report`.
    public init(_ scope: Scope, _ variant: Variant, melBins: Int, channels: [Int]? = nil) throws {
        let channels = channels ?? variant.channels
        inputNorm = try BatchNorm(scope / "bn0", melBins)
        var inputs = 1
        var convBlocks: [ConvBlock] = []
        for (index, width) in channels.enumerated() {
            let place = scope / "conv_block\(index + 1)"
            let halves = index < variant.halvings(channels.count)
            convBlocks.append(try ConvBlock(place, inputs, width, kernels: variant.kernels, halves: halves))
            inputs = width
        }
        self.convBlocks = convBlocks
        embedding = try Linear(scope / "fc1", inputs, inputs)
        dimension = inputs
        blocks = [["bn0."]] + channels.indices.map { ["conv_block\($0 + 1)."] } + [["fc1."]]
        scope.ignorePannsExtras()
    }

    /// Block 0 is the norm of log-mel spectrograms `[B, T, mels]`; then come the convolutional blocks. The layer behind the pooling is the last block, and runs in
    /// `encoding`.
    ///
    /// - Throws: `TorchError` where the input has another shape, or too few frames to be halved so often.
    public func run(_ range: Range<Int>, _ input: Activations, mode: Mode) throws -> Activations {
        var (x, lengths) = (input.values, try FrameLengths(input.mask))
        for block in range where block <= convBlocks.count {
            if block == 0 {
                x = try pannsInput(x, inputNorm, mode)
            } else {
                (x, lengths) = try convBlocks[block - 1](x, lengths, mode: mode)
            }
        }
        return Activations(values: x, mask: try lengths.mask(x.shape[2]))
    }

    /// `pooled` is `[B, D]`, `tokens` are frames, `[B, T / 16, D]`.
    ///
    /// Cnn14 halves time once more: its tokens are `[B, T / 32, D]`. A recording that is padded in a batch gives what it gives
    /// alone.
    ///
    /// - Throws: `TorchError` where libtorch fails.
    public func encoding(_ last: Activations, mode: Mode) throws -> Encoding {
        try pannsEncoding(last, embedding, dropout: 0.5, mode)
    }
}

/// Convolutions, each with batch norm and ReLU, then as a rule a halving of time and pitch.
private struct ConvBlock {
    private let convs: [ConvNorm]
    private let halves: Bool

    init(_ scope: Scope, _ inputs: Int, _ width: Int, kernels: [Int], halves: Bool) throws {
        convs = try kernels.enumerated().map { index, kernel in
            let inputs = index == 0 ? inputs : width
            let conv = try Conv2d(scope / "conv\(index + 1)", inputs, width, kernel: kernel, padding: .half(kernel))
            return ConvNorm(conv, try BatchNorm(scope / "bn\(index + 1)", width))
        }
        self.halves = halves
    }

    /// Maps `[B, C, T, F]` to `[B, width, T / 2, F / 2]`, or leaves T and F as they are, and follows the lengths.
    func callAsFunction(_ input: Tensor, _ lengths: FrameLengths, mode: Mode) throws -> (Tensor, FrameLengths) {
        var x = input
        for conv in convs { x = try conv(lengths.cleared(x), activation: .relu, mode: mode) }
        return halves ? (try x.averagePool2d(kernel: 2, stride: 2), try lengths.halved(.down)) : (x, lengths)
    }
}

/// Log-mel `[B, T, mels]` to `[B, 1, T, mels]`, normalised by a batch norm that counts mel bins as channels.
func pannsInput(_ logMel: Tensor, _ norm: BatchNorm, _ mode: Mode) throws(TorchError) -> Tensor {
    try norm(logMel.transposed(1, 2).unsqueezed(-1), mode: mode).permuted([0, 3, 2, 1])
}

/// Means over pitch are the frames; maximum plus mean over time, through one layer, is the embedding.
func pannsEncoding(_ last: Activations, _ embedding: Linear, dropout: Double, _ mode: Mode) throws -> Encoding {
    let frames = try last.values.mean([3]).transposed(1, 2)
    // The published models drop out what enters their embedding, in training; a frozen one is not in training.
    let dropoutMode = embedding.weight.requiresGradient ? mode : .evaluate
    let pooled = try (frames.maximum(where: last.mask) + frames.mean(where: last.mask)).dropout(dropout, mode: dropoutMode)
    return Encoding(pooled: try embedding(pooled, activation: .relu, mode: mode), tokens: frames, tokenMask: last.mask)
}

extension Scope {
    /// The tagging head of PANNs' pretraining, and the front end that published files store as convolutions.
    func ignorePannsExtras() {
        for name in ["weight", "bias"] { (self / "fc_audioset").ignore(name) }
        for name in ["conv_real.weight", "conv_imag.weight"] { (self / "spectrogram_extractor" / "stft").ignore(name) }
        (self / "logmel_extractor").ignore("melW")
    }
}

extension PannsCnn {
    static let builders = Variant.allCases.map { variant in
        EncoderBuilder(modality: .audio, name: variant.rawValue, paper: "arXiv:1912.10211") { source in
            let channels = try source.config.object("model_args").ints("channels", variant.channels)
            guard channels.count == variant.channels.count, channels.allSatisfy({ (1...8192).contains($0) }) else {
                throw source.config.fault("model_args.channels must hold \(variant.channels.count) widths")
            }
            let least = 1 << variant.halvings(channels.count)
            let frontEnd = try LogMelFrontEnd(source, published: .panns, leastFrames: least)
            return (try PannsCnn(source.scope, variant, melBins: frontEnd.settings.melBins, channels: channels), frontEnd)
        }
        .usually("zenodo.org/records/3987831", licence: "CC-BY-4.0")
    }
}
