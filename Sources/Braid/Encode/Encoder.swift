public import Torch

/// What an encoder makes of a batch.
public struct Encoding {
    /// `[B, D]`, one embedding a sample.
    public let pooled: Tensor
    /// `[B, T, C]`: the spatial map of an image, the words of a text, the frames of a recording. C is the encoder's
    /// `tokenDimension`.
    public let tokens: Tensor
    /// Bool `[B, T]`, true where a token is real; nil where all are.
    public let tokenMask: Tensor?

    /// Makes one from its parts.
    public init(pooled: Tensor, tokens: Tensor, tokenMask: Tensor? = nil) {
        self.pooled = pooled
        self.tokens = tokens
        self.tokenMask = tokenMask
    }
}

/// Maps a batch of one modality to embeddings. Knows nothing of other modalities, or of fusion.
///
/// Called from several threads at once, where it is frozen.
public protocol Encoder: Sendable {
    /// D, the size of an embedding.
    var dimension: Int { get }
    /// C, the size of a token; D for most.
    var tokenDimension: Int { get }
    /// Path prefixes of the parameters, block by block from input to output: what `train: last:N` counts.
    var blocks: [[String]] { get }
    /// Whether padding costs nothing: frozen, it is left out of the computation.
    var skipsPadding: Bool { get }
    /// How many times as many samples as is usual for the modality go through at once: more than one where a sample is little work beside reading
    /// the weights.
    var batchFactor: Int { get }

    /// Encodes a batch of prepared samples, or of their windows.
    ///
    /// - Throws: `TorchError` where the input is not as the encoder takes it.
    func callAsFunction(_ input: EncoderInput, mode: Mode) throws -> Encoding
}

/// What goes from one block of an encoder to the next.
public struct Activations {
    /// Of texts `[B, T, C]`, of pictures `[B, C, H, W]`, of spectrograms `[B, C, T, F]`; in front of the first block what `EncoderInput` holds.
    public let values: Tensor
    /// Bool `[B, T]`, true where a position in time is real; nil where every one is.
    public let mask: Tensor?
    /// How many positions of each row are real, its first ones; nil where that is not known, or all are.
    public let lengths: [Int]?

    /// Makes one from its parts.
    public init(values: Tensor, mask: Tensor? = nil, lengths: [Int]? = nil) {
        (self.values, self.mask, self.lengths) = (values, mask, lengths)
    }

    /// What goes into the first block.
    public init(_ input: EncoderInput) { self.init(values: input.values, mask: input.mask, lengths: input.lengths) }
}

/// An encoder that can stop between two of its blocks, and go on there: blocks in front of the first one that is trained need then run once only.
public protocol BlockwiseEncoder: Encoder {
    /// Brings a batch through the blocks number `range`, one after the other.
    ///
    /// - Parameters:
    ///   - range: Which of `blocks`, from 0.
    ///   - input: What the block in front of them gave, or a batch of prepared samples in front of the first.
    ///   - mode: Whether dropout and batch norms act as in training.
    /// - Throws: `TorchError` where the input is not as the encoder takes it.
    func run(_ range: Range<Int>, _ input: Activations, mode: Mode) throws -> Activations

    /// Makes embeddings of what the last block gave.
    ///
    /// - Throws: `TorchError` where libtorch fails.
    func encoding(_ last: Activations, mode: Mode) throws -> Encoding
}

extension BlockwiseEncoder {
    /// Encodes a batch of prepared samples, or of their windows, through all blocks.
    ///
    /// - Throws: `TorchError` where the input is not as the encoder takes it.
    public func callAsFunction(_ input: EncoderInput, mode: Mode) throws -> Encoding {
        try encoding(run(0..<blocks.count, Activations(input), mode: mode), mode: mode)
    }
}

extension Encoder {
    /// The size of an embedding: tokens are as large, where an encoder does not say otherwise.
    public var tokenDimension: Int { dimension }
    /// False: padding is computed with, where an encoder does not say otherwise.
    public var skipsPadding: Bool { false }
    /// 1: as many as is usual, where an encoder does not say otherwise.
    public var batchFactor: Int { 1 }
}
