internal import Torch

/// Makes the log-mel spectrograms that Whisper takes (Radford et al. 2022, arXiv:2212.04356), as Transformers' WhisperFeatureExtractor does.
///
/// What is prepared of a window is its decimal logarithms, `[frames + edge, mels]`: the frames of its sound, and those behind that its last samples
/// reach into. `collate` adds the silence up to 30 seconds, for each window's range ends 8 below its own maximum.
struct WhisperFrontEnd: SampledFrontEnd {
    let rate: Int
    private let fft: Int
    private let hop: Int
    private let melBins: Int
    /// Frames of a whole window.
    private let frames: Int
    /// Frames behind the last sample that see it.
    private let edge: Int
    private let window: Tensor
    /// `[fft / 2 + 1, mels]`.
    private let filters: Tensor

    /// The logarithm of silence.
    private static let silence = -10.0
    /// How far below the loudest value of a window the lowest one lies.
    private static let range = 8.0

    /// Makes the front end that `preprocessor_config.json` states; what it does not say is as published.
    ///
    /// - Throws: `BraidError` where it states what is not known here, or another size than the network takes.
    init(_ source: EncoderSource, melBins: Int, frames: Int) throws {
        let json = try source.featureExtractor() ?? JSONObject([:], path: "preprocessor_config.json")
        try json.expect("feature_extractor_type", "WhisperFeatureExtractor")
        try json.expect("padding_side", "right")
        for name in ["dither", "padding_value"] where try json.double(name, 0) != 0 {
            throw json.fault("\(name) is not 0; this version has 0 only")
        }
        rate = try json.int("sampling_rate", 16_000)
        fft = try json.int("n_fft", 400)
        hop = try json.int("hop_length", 160)
        guard (1000...1_000_000).contains(rate), (16...65_536).contains(fft), (1...fft).contains(hop) else {
            throw json.fault("sampling_rate, n_fft and hop_length do not fit together")
        }
        let (bins, seconds) = (try json.int("feature_size", melBins), try json.int("chunk_length", 30))
        guard bins == melBins else { throw json.fault("feature_size is \(bins), but config.json says num_mel_bins \(melBins)") }
        guard (1...3600).contains(seconds), seconds * rate == frames * hop else {
            throw json.fault("chunk_length \(seconds) s are not the \(frames) frames that config.json's max_source_positions says")
        }
        try SpectrogramSettings.check(frames: frames, fft, json)
        try source.options.refuseWindows(for: "Whisper has windows of \(seconds) s of its own")
        (self.melBins, self.frames) = (melBins, frames)
        edge = (fft / 2 + hop - 1) / hop
        window = try .hannWindow(fft, isPeriodic: true)
        let mel = SpectrogramSettings(sampleRate: rate, window: fft, fft: fft, hop: hop, melBins: bins, high: Double(rate) / 2)
        filters = try Tensor(MelScale.slaney.filters(mel), shape: [fft / 2 + 1, bins])
    }

    var windows: SampleWindows { SampleWindows(size: frames * hop, hop: frames * hop) }
    var windowRows: Int { frames + edge }
    var filledRows: Int { frames }
    var augments: Set<Augmentation.Stage> { [.sound, .prepared] }
    var inputSize: String { windowText(Double(frames * hop) / Double(rate)) }
    var summary: String {
        "log-mel of Whisper, \(rate) Hz, window \(fft), hop \(hop), \(melBins) mel bins, windows of \(frames) frames"
    }

    func prepared(_ samples: [Float]) throws -> Tensor {
        let rows = (samples.count + hop - 1) / hop + edge
        // As much silence as these frames see; the reference's window ends there only where it is full.
        let needed = min(frames * hop, max(samples.count, (rows - 1) * hop + fft / 2, fft))
        let padded = try Tensor(samples, shape: [1, samples.count]).padded([0, max(0, needed - samples.count)])
        let spectrum = try padded.spectrogram(fft: fft, hop: hop, window: window, power: 2, isCentered: true)
        let count = min(rows, frames, spectrum.shape[1])
        let logarithms = try spectrum.slice(1, 0..<count).matmul(filters).clamped(atLeast: 1e-10).log10().squeezed(0)
        return try rows == count ? logarithms : logarithms.padded([0, 0, 0, rows - count], value: Self.silence)
    }

    /// `[B, frames, mels]`, of which the mask says what is sound and what is the silence behind.
    func collate(_ prepared: [Tensor]) throws -> EncoderInput {
        let (parts, counts) = try cut(prepared)
        let rows = try parts.map { part in
            let heard = try part.slice(0, 0..<min(part.shape[0], frames))
            let whole = try heard.padded([0, 0, 0, frames - heard.shape[0]], value: Self.silence)
            let lowest = try whole.maximum([0, 1]).adding(-Self.range)
            return try whole.maximum(lowest).adding(4).scaled(by: 0.25)
        }
        let lengths = parts.map { $0.shape[0] - edge }
        let isFull = lengths.allSatisfy { $0 == frames }
        return EncoderInput(
            values: try .stack(rows), mask: isFull ? nil : try lengthMask(lengths, frames), lengths: isFull ? nil : lengths,
            rowsPerSample: counts)
    }
}
