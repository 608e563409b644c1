internal import Torch

/// Cuts a spectrogram that comes piece by piece into the windows that `SpectrogramSettings.Windows.starts` says, and holds no more of it than
/// a window and a piece.
struct WindowStream {
    private let windows: SpectrogramSettings.Windows
    /// The last frames, `[frames, mels]`, and the number of the first of them.
    private var held: [Tensor] = []
    private var start = 0
    /// The frames that came.
    private var total = 0
    /// Where the next window starts.
    private var next = 0

    init(_ windows: SpectrogramSettings.Windows) { self.windows = windows }

    /// Takes the next frames; gives the windows that they complete.
    mutating func take(_ frames: [Tensor]) throws -> [Tensor] {
        held += frames
        total += frames.reduce(0) { $0 + $1.shape[0] }
        guard next + windows.frames <= total else { return [] }
        let all = try Tensor.concatenate(held, 0)
        var ready: [Tensor] = []
        while next + windows.frames <= total {
            ready.append(try all.slice(0, next - start..<next - start + windows.frames))
            next += windows.hop
        }
        // The last window ends with the recording, and so may begin before the next one.
        let kept = min(next, total - windows.frames)
        // A copy, so that what lies before it is given back.
        held = [try Tensor.concatenate([all.slice(0, kept - start..<total - start)], 0)]
        start = kept
        return ready
    }

    /// What is left when all frames have come: of a recording of at least a window, the one that ends with it.
    mutating func finish() throws -> [Tensor] {
        let last = next - windows.hop
        guard !windows.dropsLast, last + windows.frames < total else { return [] }
        let all = try Tensor.concatenate(held, 0)
        return [try all.slice(0, all.shape[0] - windows.frames..<all.shape[0])]
    }
}
