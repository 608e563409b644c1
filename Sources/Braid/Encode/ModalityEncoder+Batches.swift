public import Torch

extension ModalityEncoder {
    /// Groups prepared samples into batches that a thread encodes at once: places in `prepared`. Texts and recordings of like
    /// length come together, so that little is padding.
    public func batches(_ prepared: [Tensor]) -> [[Int]] {
        let lengths = prepared.map(length)
        let places =
            batching.hasLength ? prepared.indices.sorted { lengths[$0] > lengths[$1] } : Array(prepared.indices)
        var batches: [[Int]] = []
        var longest = 0
        var real = 0
        for place in places {
            let length = lengths[place]
            let isFull =
                batches.last.map { batch in
                    let all = encoder.skipsPadding ? real + length : (batch.count + 1) * max(longest, length)
                    // A batch that is large enough ends where the next one would be padded.
                    let wastes = real * 4 > positionsAtOnce && Double(all - real - length) > Self.padding * Double(all)
                    return wastes || all > positionsAtOnce || batch.count >= Self.samplesAtOnce
                } ?? true
            if isFull { batches.append([]) }
            batches[batches.count - 1].append(place)
            (longest, real) = isFull ? (length, length) : (max(longest, length), real + length)
        }
        return batches
    }

    /// The share of a batch that may be padding.
    private static let padding = 0.02

    /// Pixels, tokens, frames.
    private func length(_ prepared: Tensor) -> Int {
        guard batching.hasLength else { return prepared.shape.dropFirst().reduce(1, *) }
        return max(1, max(prepared.shape[0], frontEnd.filledRows) / frontEnd.grain)
    }

    private static let samplesAtOnce = 64

    private var batching: ModalityKind.Batching { modality.kind.batching }

    /// A GPU wants all it can get.
    private var positionsAtOnce: Int {
        let count = batching.positions * encoder.batchFactor
        let isHalf = parameters.inference == .bf16
        return parameters.device == .cpu ? (isHalf && modality.plain == .image ? 2 * count : count) : 16 * count
    }

    /// How many samples a worker takes at a time: of very large pictures fewer, so that what is prepared takes no more than 256 MB.
    var windowSize: Int { Self.windowSize(batching.window, pixels: (frontEnd as? ImageFrontEnd)?.inputPixels) }

    /// - Parameters:
    ///   - window: How many samples of any size.
    ///   - pixels: What each has; nil where that depends on the sample.
    static func windowSize(_ window: Int, pixels: Int?) -> Int {
        pixels.map { max(1, min(window, mostPrepared / (3 * max(1, $0)))) } ?? window
    }

    /// Values that are prepared and wait to be encoded.
    static let mostPrepared = 1 << 26
}
