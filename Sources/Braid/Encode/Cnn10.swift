public import Torch

/// Cnn10 of PANNs (Kong et al. 2020, arXiv:1912.10211), in the published key layout: log-mel `[B, T, mels]` to embeddings.
public struct Cnn10: Encoder {
    public let dimension: Int
    public let blocks: [[String]]
    private let inputNorm: BatchNorm
    private let convBlocks: [ConvBlock]
    private let embedding: Linear

    /// - Parameter channels: Width of each of the blocks, `[64, 128, 256, 512]` as published.
    public init(_ scope: Scope, melBins: Int, channels: [Int]) throws {
        inputNorm = try BatchNorm(scope / "bn0", melBins)
        var inputs = 1
        var convBlocks: [ConvBlock] = []
        for (index, width) in channels.enumerated() {
            convBlocks.append(try ConvBlock(scope / "conv_block\(index + 1)", inputs, width))
            inputs = width
        }
        self.convBlocks = convBlocks
        embedding = try Linear(scope / "fc1", inputs, inputs)
        dimension = inputs
        blocks = [["bn0."]] + channels.indices.map { ["conv_block\($0 + 1)."] } + [["fc1."]]
        // The tagging head of the pretraining, and the front end that published files store as convolutions.
        for name in ["weight", "bias"] { (scope / "fc_audioset").ignore(name) }
        for name in ["conv_real.weight", "conv_imag.weight"] { (scope / "spectrogram_extractor" / "stft").ignore(name) }
        (scope / "logmel_extractor").ignore("melW")
    }

    /// A padded recording gives what it gives alone: padding is held at zero, as a convolution's own edge is.
    public func callAsFunction(_ input: EncoderInput, mode: Mode) throws -> Encoding {
        var lengths = try input.mask?.converted(to: .int64).sum([1])
        // bn0 counts mel bins as channels.
        var x = try inputNorm(input.values.transposed(1, 2).unsqueezed(-1), mode: mode).permuted([0, 3, 2, 1])
        for block in convBlocks { x = try block(x, lengths: &lengths, mode: mode) }
        let frames = try x.mean([3]).transposed(1, 2)
        let mask = try lengths.map { try maskOf($0, frames.shape[1]) }
        let pooled = try embedding(pool(frames, mask).dropout(0.5, mode: dropoutMode(mode))).relu()
        return Encoding(pooled: pooled, tokens: frames, tokenMask: mask)
    }

    /// The published model drops out half of what enters its embedding, in training; a frozen one is not in training.
    private func dropoutMode(_ mode: Mode) -> Mode { embedding.weight.requiresGradient ? mode : .evaluate }

    /// The maximum over time plus the mean over time, of the frames that are real.
    private func pool(_ frames: Tensor, _ mask: Tensor?) throws -> Tensor {
        guard let mask else { return try frames.maximum([1]) + frames.mean([1]) }
        let real = try mask.unsqueezed(-1)
        let weights = try real.converted(to: .float32)
        let mean = try (frames * weights).sum([1]) / weights.sum([1])
        let lowest = try Tensor.full([], -Double(Float.greatestFiniteMagnitude)).moved(to: frames.device)
        return try frames.where(real, else: lowest).maximum([1]) + mean
    }
}

/// Bool `[B, size]` from int64 lengths `[B]`.
private func maskOf(_ lengths: Tensor, _ size: Int) throws -> Tensor {
    let places = try Tensor.range(size).moved(to: lengths.device).unsqueezed(0)
    return try (places - lengths.unsqueezed(1)).less(than: 0)
}

/// Two 3×3 convolutions, each with batch norm and ReLU, then a halving of time and pitch.
private struct ConvBlock {
    private let conv1: Conv2d
    private let norm1: BatchNorm
    private let conv2: Conv2d
    private let norm2: BatchNorm

    init(_ scope: Scope, _ inputs: Int, _ width: Int) throws {
        conv1 = try Conv2d(scope / "conv1", inputs, width, kernel: 3, padding: 1)
        norm1 = try BatchNorm(scope / "bn1", width)
        conv2 = try Conv2d(scope / "conv2", width, width, kernel: 3, padding: 1)
        norm2 = try BatchNorm(scope / "bn2", width)
    }

    /// `[B, C, T, F]` to `[B, width, T / 2, F / 2]`; `lengths`, where there are any, are halved with it.
    func callAsFunction(_ input: Tensor, lengths: inout Tensor?, mode: Mode) throws -> Tensor {
        let mask = try lengths.map { try maskOf($0, input.shape[2]).reshaped([-1, 1, input.shape[2], 1]).converted(to: .float32) }
        let real = { (x: Tensor) throws(TorchError) -> Tensor in
            guard let mask else { return x }
            return try x * mask
        }
        let x = try norm1(conv1(real(input)), mode: mode).relu()
        let y = try norm2(conv2(real(x)), mode: mode).relu()
        lengths = try lengths.map { try ($0.converted(to: .float64).scaled(by: 0.5)).converted(to: .int64) }
        return try y.averagePool2d(kernel: 2, stride: 2)
    }
}
