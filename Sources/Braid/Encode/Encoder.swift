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

    /// Encodes a batch of prepared samples, or of their windows.
    ///
    /// - Throws: `TorchError` where the input is not as the encoder takes it.
    func callAsFunction(_ input: EncoderInput, mode: Mode) throws -> Encoding
}

extension Encoder {
    /// The size of an embedding: tokens are as large, where an encoder does not say otherwise.
    public var tokenDimension: Int { dimension }
    /// False: padding is computed with, where an encoder does not say otherwise.
    public var skipsPadding: Bool { false }
}
