internal import Foundation
public import Torch

/// Makes log-mel spectrograms with the settings the weights were trained with.
///
/// It is the front end of PANNs, VGGish and YAMNet, and with other settings that of torchaudio's `MelSpectrogram`.
public struct LogMelFrontEnd: FrontEnd, WindowedFrontEnd {
    /// How spectrograms are made.
    public let settings: SpectrogramSettings
    /// The windows that longer recordings are cut into; nil where recordings are encoded whole.
    public let windows: SpectrogramSettings.Windows?
    /// The fewest frames the encoder takes; shorter recordings are padded with silence.
    public let leastFrames: Int
    private let windowTensor: Tensor
    /// The mel filters, `[fft / 2 + 1, mels]`.
    private let filters: Tensor
    /// The smallest power, before the logarithm.
    private static let floor = 1e-10
    /// Seconds after which a recording is cut, where the user does not say.
    static let defaultWindow = 60.0

    /// Makes the front end of these settings.
    ///
    /// - Parameters:
    ///   - settings: How spectrograms are made.
    ///   - options: The length and overlap of windows, where the user asks for them.
    ///   - leastFrames: The fewest frames the encoder takes.
    /// - Throws: `BraidError` where `options` ask for windows although the settings fix them.
    public init(_ settings: SpectrogramSettings, options: EncoderOptions = EncoderOptions(), leastFrames: Int = 1) throws {
        self.settings = settings
        self.leastFrames = max(leastFrames, settings.patches?.frames ?? 1)
        if let patches = settings.patches {
            guard options.window == nil, options.overlap == nil else {
                throw BraidError(
                    .badConfiguration,
                    "window and overlap act only where an audio encoder takes any length; this one has windows of \(patches.frames) frames of its own"
                )
            }
            windows = patches
        } else {
            let frames = Int(bounded: (options.window ?? Self.defaultWindow) * Double(settings.sampleRate) / Double(settings.hop))
            let size = max(frames, leastFrames)
            let step = max(1, Int(Double(size) * (1 - (options.overlap ?? 0))))
            windows = SpectrogramSettings.Windows(frames: size, hop: step, dropsLast: false)
        }
        windowTensor = try Self.hann(settings.window)
        filters =
            settings.hasTorchaudioFilters
            ? try settings.scale.torchaudioFilters(settings)
            : try Tensor(settings.scale.filters(settings), shape: [settings.fft / 2 + 1, settings.melBins])
    }

    /// Makes the front end that a weights folder states as `front_end`, else the one its architecture was published with.
    ///
    /// - Throws: `BraidError` where the folder states a setting that is not known or does not fit, or windows are asked for
    ///   although the settings fix them.
    public init(_ source: EncoderSource, published: SpectrogramSettings, leastFrames: Int) throws {
        let stated = source.config.has("front_end")
        let settings = stated ? try SpectrogramSettings(source.config.object("front_end")) : published
        try self.init(settings, options: source.options, leastFrames: leastFrames)
    }

    /// The sample rate, the window, the hop, the mel bins and the windows, in a line.
    public var summary: String {
        let base =
            "log-mel, \(settings.sampleRate) Hz, window \(settings.window), hop \(settings.hop), \(settings.melBins) mel bins"
        guard let windows else { return base }
        return base + ", windows of \(windows.frames) frames, \(windows.hop) apart"
    }

    /// The seconds of a window of its own; recordings of any length else.
    public var inputSize: String {
        settings.patches.map { windowText(Double($0.frames * settings.hop) / Double(settings.sampleRate)) } ?? "any length"
    }

    /// Decodes a sample's recording and makes its spectrogram, `[frames, mels]`.
    ///
    /// - Throws: `DecodeError` where the recording cannot be decoded; `BraidError` where the sample has none.
    public func prepare(_ medium: Medium) throws -> Tensor {
        var blocks = SpectrogramBlocks(self)
        try read(medium) { try blocks.take($0) }
        return try blocks.finish()
    }

    /// Reads the recording to its end: the rest fails for none that can be read.
    ///
    /// - Throws: `DecodeError`.
    public func check(_ medium: Medium) throws { try RecordingReader.check(medium) }

    func prepare(_ medium: Medium, encodingLong encode: ([Tensor]) throws -> Void) throws -> Tensor? {
        guard let windows else { return try prepare(medium) }
        var blocks = SpectrogramBlocks(self)
        var stream: WindowStream?
        try read(medium) { samples in
            try blocks.take(samples)
            if stream == nil && blocks.made.count >= Self.longBlocks { stream = WindowStream(windows) }
            guard let ready = try stream?.take(blocks.drain()), !ready.isEmpty else { return }
            try encode(ready)
        }
        let rest = try blocks.finish()
        guard var stream else { return rest }
        for ready in [try stream.take([rest]), try stream.finish()] where !ready.isEmpty { try encode(ready) }
        return nil
    }

    /// Blocks of a recording from which on it is long: some minutes, which are encoded a window at a time in any case.
    private static let longBlocks = 6

    /// Decodes a recording piece by piece, at the rate that frames are made of.
    func read(_ medium: Medium, _ take: ([Float]) throws -> Void) throws {
        try RecordingReader.read(medium, at: settings.sampleRate, take)
    }

    /// Makes log-mel spectrograms `[B, frames, mels]` of waveforms `[B, N]`; short ones are padded with silence first.
    ///
    /// - Throws: `TorchError` where the waveform has another shape.
    public func spectrogram(_ waveform: Tensor) throws -> Tensor {
        let missing = wantedSamples(waveform.shape[1]) - waveform.shape[1]
        let padded = missing > 0 ? try waveform.padded([0, missing]) : waveform
        let spectrum = try padded.spectrogram(
            fft: settings.fft, hop: settings.hop, window: windowTensor, power: settings.power, isCentered: settings.isCentered)
        return try logMel(spectrum)
    }

    /// The frames that lie within `signal`, without anything around it: `[frames, mels]`.
    func frames(of signal: ArraySlice<Float>) throws -> Tensor {
        let spectrum = try Tensor(Array(signal), shape: [1, signal.count]).spectrogram(
            fft: settings.fft, hop: settings.hop, window: windowTensor, power: settings.power, isCentered: false)
        return try logMel(spectrum).squeezed(0)
    }

    private func logMel(_ spectrum: Tensor) throws -> Tensor {
        let mel = try spectrum.matmul(filters)
        let log: Tensor
        switch settings.logarithm {
        case .decibels: log = try mel.clamped(atLeast: Self.floor).log10().scaled(by: 10)
        case .natural(let offset): log = try mel.adding(offset).log()
        }
        guard settings.mean != 0 || settings.deviation != 1 else { return log }
        return try log.adding(-settings.mean).scaled(by: 1 / settings.deviation)
    }

    /// How long a recording of `count` samples must be made: long enough for the encoder, and, where windows are fixed and
    /// overlap, long enough that the last of them is whole.
    func wantedSamples(_ count: Int) -> Int {
        guard !settings.isCentered else { return max(count, settings.fft, (leastFrames - 1) * settings.hop) }
        let least = settings.window + (leastFrames - 1) * settings.hop
        guard let patches = settings.patches, patches.hop < patches.frames, count > least else { return max(count, least) }
        let step = patches.hop * settings.hop
        return least + (count - least + step - 1) / step * step
    }

    /// Cuts spectrograms `[frames, mels]` into windows and puts all of them into one batch, `[B, T, mels]`, padded with zeros.
    ///
    /// `rowsPerSample` says how many windows each recording has, where it is not one each.
    ///
    /// - Throws: `TorchError` where spectrograms differ in their mel bins.
    public func collate(_ prepared: [Tensor]) throws -> EncoderInput {
        guard let windows else { return try padded(prepared, with: 0) }
        var rows: [Tensor] = []
        var counts: [Int] = []
        for tensor in prepared {
            let starts = windows.starts(tensor.shape[0])
            counts.append(starts.count)
            rows += try starts.map { try tensor.slice(0, $0..<min($0 + windows.frames, tensor.shape[0])) }
        }
        var input = try padded(rows, with: 0)
        if counts.contains(where: { $0 != 1 }) { input.rowsPerSample = counts }
        return input
    }

    /// The periodic Hann window.
    private static func hann(_ size: Int) throws -> Tensor {
        try Tensor((0..<size).map { Float(0.5 - 0.5 * cos(2 * Double.pi * Double($0) / Double(size))) }, shape: [size])
    }
}

extension SpectrogramSettings.Windows {
    /// Where the windows of a spectrogram of `count` frames start.
    func starts(_ count: Int) -> [Int] {
        guard count > frames else { return [0] }
        var starts = Array(stride(from: 0, through: count - frames, by: hop))
        if let last = starts.last, !dropsLast, last + frames < count { starts.append(count - frames) }
        return starts
    }
}
