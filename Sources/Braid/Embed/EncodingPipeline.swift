internal import Dispatch
internal import Foundation
internal import Synchronization
internal import Torch

/// Brings samples of one modality through its frozen encoder, on all cores.
///
/// Each worker takes the next window of samples and does all there is to do with it, on one thread: hash, look up, decode,
/// prepare, encode. So reading overlaps with encoding, no operator waits for another thread, and what is in memory is a
/// window a worker, however many samples there are. On a GPU the workers read, and encode one after another.
struct EncodingPipeline: Sendable {
    let encoder: ModalityEncoder
    /// The most tokens of a sample to keep; nil where only pooled embeddings are wanted.
    let tokens: Int?
    /// Where embeddings of earlier runs lie.
    var shard: CacheShard?
    /// What samples are shown by; nil: as they are.
    let view: DrawnAugmentation?
    /// Whose turn it is to encode, where the device is one for all.
    private let turn = Turn()

    init(encoder: ModalityEncoder, tokens: Int?, shard: CacheShard?, view: DrawnAugmentation? = nil) {
        (self.encoder, self.tokens, self.shard, self.view) = (encoder, tokens, shard, view)
    }

    /// What came of a window's samples.
    struct Window: Sendable {
        var parts: [EmbeddingPart] = []
        /// How many embeddings came from the cache.
        var cached = 0
        /// By place in the samples given.
        var failures: [(place: Int, error: any Error)] = []
    }

    /// Calls `deliver` once a window on this thread, in no certain order. Workers wait where it is slower than they are.
    ///
    /// - Parameter places: Which of `samples` to encode.
    func run(_ samples: [Sample], _ places: [Int], _ deliver: (Window, Int) throws -> Void) throws {
        let cores = Processors.count
        let isLarge = ((encoder.frontEnd as? ImageFrontEnd)?.inputPixels ?? 0) > Self.largePixels
        let windows = Self.windows(places.count, largest: encoder.windowSize, cores).map { places[$0] }
        guard windows.count > 1, !isLarge else {
            // Too little for several workers, or pictures so large that one at a time takes all memory there should be: one, whose operators use
            // all cores.
            for window in windows { try deliver(try work(samples, Array(window)), window.count) }
            return
        }
        let queue = WindowQueue(count: windows.count, room: 2 * cores)
        // On threads that come back: MKL leaves buffers behind with every thread that ends.
        for _ in 0..<min(cores, windows.count) {
            DispatchQueue.global().async {
                onOneThread {
                    while let next = queue.take() {
                        do { queue.put(try work(samples, Array(windows[next])), windows[next].count) } catch { queue.fail(error) }
                    }
                }
                queue.leave()
            }
        }
        try queue.receive(from: min(cores, windows.count), deliver)
    }

    /// A picture of more pixels is encoded alone: what passes between an encoder's layers is some hundred bytes a pixel.
    private static let largePixels = 1 << 21

    /// Large windows first, for samples of like length to meet; smaller ones towards the end, so that no worker is left alone.
    static func windows(_ count: Int, largest: Int, _ cores: Int) -> [Range<Int>] {
        var windows: [Range<Int>] = []
        var start = 0
        while start < count {
            let size = min(largest, max(largest / 16, (count - start) / (3 * cores), 1), count - start)
            windows.append(start..<start + size)
            start += size
        }
        return windows
    }

    private func work(_ samples: [Sample], _ places: [Int]) throws -> Window {
        try withoutGradient {
            var window = Window()
            var missing = places
            var keys: [Int: EmbeddingKey] = [:]
            if let shard {
                for place in places { keys[place] = shard.key(samples[place]) }
                let (found, rest) = try shard.look(places, keys)
                window.parts = found
                window.cached = places.count - rest.count
                missing = rest
            }
            func keep(_ encoding: Encoding, _ places: [Int]) throws {
                let part = try EmbeddingPart(encoding, places: places, tokens: tokens)
                window.parts.append(part)
                try shard?.put(part, keys)
            }
            var prepared: [(place: Int, tensor: Tensor)] = []
            var waiting = 0
            func encodePrepared() throws {
                for batch in encoder.batches(prepared.map(\.tensor)) {
                    try keep(encode(batch.map { prepared[$0].tensor }), batch.map { prepared[$0].place })
                }
                (prepared, waiting) = ([], 0)
            }
            for place in missing {
                do {
                    switch try prepare(samples[place].medium(encoder.modality)) {
                    case .waiting(let tensor):
                        prepared.append((place, tensor))
                        waiting += tensor.count
                    case .encoded(let encoding): try keep(encoding, [place])
                    }
                } catch let failure as EncodingFailure {
                    throw failure.error
                } catch { window.failures.append((place, error)) }
                if waiting > ModalityEncoder.mostPrepared { try encodePrepared() }
            }
            try encodePrepared()
            return window
        }
    }

    /// An error that is the encoder's, and not the sample's.
    private struct EncodingFailure: Error { let error: any Error }

    /// A sample that waits for others to be encoded with, or one so long that it was encoded while it was read.
    private enum Prepared {
        case waiting(Tensor)
        case encoded(Encoding)
    }

    private func encode(_ prepared: [Tensor]) throws -> Encoding {
        guard encoder.parameters.device != .cpu else { return try encoder.encode(prepared) }
        return try turn.lock.withLock { _ in try encoder.encode(prepared) }
    }

    private func prepare(_ medium: Medium) throws -> Prepared {
        if let view { return .waiting(try encoder.frontEnd.prepare(medium, view)) }
        guard let frontEnd = encoder.frontEnd as? any WindowedFrontEnd else {
            return .waiting(try encoder.frontEnd.prepare(medium))
        }
        var parts: [Encoding] = []
        let whole = try frontEnd.prepare(medium) { windows in
            do {
                let encoding = try encode(windows)
                parts.append(tokens == nil ? try encoding.withoutTokens() : encoding)
            } catch { throw EncodingFailure(error: error) }
        }
        if let whole { return .waiting(whole) }
        return .encoded(try .joined(parts, rowsPerSample: [parts.reduce(0) { $0 + $1.pooled.shape[0] }]))
    }
}

/// Lets one worker at a time use a device that is one for all.
private final class Turn: Sendable {
    let lock = Mutex<Void>(())
}
