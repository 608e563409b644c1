internal import Torch

/// Makes the log-mel spectrogram of a recording that comes piece by piece: of a long one block by block, so that its samples are never in
/// memory together.
struct SpectrogramBlocks {
    private let frontEnd: LogMelFrontEnd
    /// The samples that frames are still to be made of, from the next frame's first on.
    private var signal: [Float] = []
    /// The frames that are made and not taken away, `[frames, mels]` each.
    private(set) var made: [Tensor] = []
    /// Blocks that were made.
    private var blocks = 0
    private var total = 0
    private var isLong = false

    /// Frames of a block.
    static let size = 2000
    private var settings: SpectrogramSettings { frontEnd.settings }
    /// The samples that reflect the edge where frames are centred.
    private var edge: Int { settings.isCentered ? settings.fft / 2 : 0 }
    /// A window shorter than the transform lies in its middle where frames are centred.
    private var shift: Int { settings.isCentered ? (settings.fft - settings.window) / 2 : 0 }
    /// The samples of a block's frames.
    private var blockSamples: Int { (Self.size - 1) * settings.hop + settings.window }

    init(_ frontEnd: LogMelFrontEnd) { self.frontEnd = frontEnd }

    /// Takes the next samples of the recording, at the front end's rate.
    mutating func take(_ samples: [Float]) throws {
        signal += samples
        total += samples.count
        // Behind a block enough stays to be reflected at the end.
        while signal.count > blockSamples + 2 * settings.fft {
            if !isLong { begin() }
            made.append(try frontEnd.frames(of: signal[..<blockSamples]))
            blocks += 1
            signal.removeFirst(Self.size * settings.hop)
        }
    }

    /// Takes away what was made since the last time.
    mutating func drain() -> [Tensor] {
        defer { made = [] }
        return made
    }

    /// Makes the frames that are left, when all samples have come.
    ///
    /// - Returns: `[frames, mels]`, all that were not taken away.
    mutating func finish() throws -> Tensor {
        guard isLong else { return try frontEnd.spectrogram(Tensor(signal, shape: [1, signal.count])).squeezed(0) }
        signal += [Float](repeating: 0, count: frontEnd.wantedSamples(total) - total)
        signal += signal[(signal.count - 1 - edge)..<(signal.count - 1)].reversed()
        if wholeFrames >= settings.window { made.append(try frontEnd.frames(of: signal[..<wholeFrames])) }
        return try .concatenate(made, 0)
    }

    /// The samples of the frames that are left: as many as the whole recording has, less those made.
    private var wholeFrames: Int {
        let all =
            settings.isCentered ? 1 + total / settings.hop : (frontEnd.wantedSamples(total) - settings.window) / settings.hop + 1
        return (all - blocks * Self.size - 1) * settings.hop + settings.window
    }

    /// Reflects the recording's beginning, as the transform does where a recording is short.
    private mutating func begin() {
        isLong = true
        signal = signal[1..<1 + edge].reversed() + signal
        signal.removeFirst(shift)
    }
}
