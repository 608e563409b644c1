public import Torch

/// What an encoder takes: a batch, and which of its positions are real.
public struct EncoderInput {
    /// Image `[B, 3, H, W]`; text ids int64 `[B, T]`; log-mel `[B, T, mels]`.
    public let values: Tensor
    /// Bool `[B, T]`, true where a position is real; nil where every one is.
    public let mask: Tensor?
    /// How many positions of each row are real, its first ones; nil where that is not known, or all are.
    public let lengths: [Int]?
    /// How many rows each sample has, where samples are cut into windows; nil where each has one.
    public var rowsPerSample: [Int]?

    /// Makes one from its parts.
    public init(values: Tensor, mask: Tensor? = nil, lengths: [Int]? = nil, rowsPerSample: [Int]? = nil) {
        self.values = values
        self.mask = mask
        self.lengths = lengths
        self.rowsPerSample = rowsPerSample
    }

    func moved(to device: Device) throws -> EncoderInput {
        EncoderInput(
            values: try values.moved(to: device), mask: try mask?.moved(to: device), lengths: lengths, rowsPerSample: rowsPerSample)
    }

    func rows(_ range: Range<Int>) throws -> EncoderInput {
        EncoderInput(values: try values.slice(0, range), mask: try mask?.slice(0, range), lengths: lengths.map { Array($0[range]) })
    }
}

/// Turns media into an encoder's input. It belongs to the weights: they were trained behind it.
public protocol FrontEnd: Sendable {
    /// The settings, in a line.
    var summary: String { get }
    /// What one sample is to the encoder, in a few characters: a picture's sides in pixels, the most tokens of a text, a window's seconds; empty where
    /// that says nothing.
    var inputSize: String { get }
    /// How many positions of what is prepared count as one where samples come into batches by their length: of a recording's samples those of a frame.
    var grain: Int { get }
    /// How many rows every sample is filled up to, which the encoder computes whatever the sample has; 0 where a batch has as many as its longest.
    var filledRows: Int { get }
    /// Decodes and prepares one sample's modality. Called from several threads at once.
    func prepare(_ medium: Medium) throws -> Tensor
    /// The stages of its work that it lets augmentations change.
    var augments: Set<Augmentation.Stage> { get }
    /// Decodes and prepares one sample's modality, changed as `augmentation` says. Called from several threads at once.
    func prepare(_ medium: Medium, _ augmentation: DrawnAugmentation) throws -> Tensor
    /// Does as much of `prepare` as shows whether it will throw.
    func check(_ medium: Medium) throws
    /// Puts prepared samples into one batch.
    func collate(_ prepared: [Tensor]) throws -> EncoderInput
}

extension FrontEnd {
    /// Nothing.
    public var inputSize: String { "" }

    /// One.
    public var grain: Int { 1 }

    /// A batch is as long as its longest sample.
    public var filledRows: Int { 0 }

    /// What it has prepared, and nothing before.
    public var augments: Set<Augmentation.Stage> { [.prepared] }

    /// Prepares the medium, and lets the augmentation change the outcome.
    public func prepare(_ medium: Medium, _ augmentation: DrawnAugmentation) throws -> Tensor {
        try augmentation.prepared(prepare(medium))
    }

    /// Prepares the medium, and drops it.
    public func check(_ medium: Medium) throws { _ = try prepare(medium) }
}

/// A front end that cuts long samples into windows, which can be encoded while the rest of the sample is read.
protocol WindowedFrontEnd: FrontEnd {
    /// Prepares a sample as `prepare(_:)` does. The windows of a long one go to `encode` instead, some at a time and in their order.
    ///
    /// - Returns: What `prepare(_:)` gives; nil where windows were encoded.
    func prepare(_ medium: Medium, encodingLong encode: ([Tensor]) throws -> Void) throws -> Tensor?
}

/// Pads `[T, …]` tensors to the longest and stacks them, with the mask of what is real; no mask where nothing is padded.
public func padded(_ tensors: [Tensor], with value: Double) throws -> EncoderInput {
    let lengths = tensors.map { $0.shape[0] }
    let longest = lengths.max() ?? 0
    guard lengths.contains(where: { $0 != longest }) else { return EncoderInput(values: try .stack(tensors)) }
    let rows = try tensors.map { tensor in
        let behind = [0, longest - tensor.shape[0]]
        let inner = [Int](repeating: 0, count: 2 * (tensor.shape.count - 1))
        return try tensor.padded(inner + behind, value: value)
    }
    let mask = try lengthMask(lengths, longest)
    return EncoderInput(values: try .stack(rows), mask: mask, lengths: lengths)
}

/// Bool `[B, size]`, true in the first `lengths[b]` positions.
public func lengthMask(_ lengths: [Int], _ size: Int) throws -> Tensor {
    let flags = lengths.flatMap { length in (0..<size).map { UInt8($0 < length ? 1 : 0) } }
    return try Tensor(flags, shape: [lengths.count, size]).converted(to: .bool)
}

/// A window's length for people: `0.96 s`.
func windowText(_ seconds: Double) -> String {
    let rounded = (seconds * 100).rounded() / 100
    return rounded == rounded.rounded() ? "\(Int(rounded)) s" : "\(rounded) s"
}
