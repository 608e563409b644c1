internal import Foundation
internal import Torch

/// Makes the log-mel spectrograms that CLAP takes (Wu et al. 2023, arXiv:2211.06687), as Transformers' ClapFeatureExtractor does where long recordings
/// are not fused: decibels, computed in float64.
///
/// The reference cuts 10 seconds out of a longer recording at a place that it draws (`rand_trunc`). Here windows of that length cover the recording, one
/// behind the other, and the embedding is the mean of theirs, in training as in evaluation: nothing is drawn, and all of it is heard. What is prepared of
/// a window is `[frames, mels]`.
struct ClapFrontEnd: SampledFrontEnd {
    /// What becomes of recordings that are shorter than a window.
    enum Padding: String, CaseIterable {
        /// Repeated as often as it fits whole, then filled up with silence.
        case repeatPad = "repeatpad"
        /// Repeated to the end of the window.
        case repeated = "repeat"
        /// Filled up with silence.
        case silence = "pad"
    }

    let rate: Int
    private let fft: Int
    private let hop: Int
    private let melBins: Int
    /// Samples of a window.
    private let size: Int
    private let padding: Padding
    /// The periodic Hann window in float64, `[fft]`.
    private let window: Tensor
    /// `[fft / 2 + 1, mels]`, float64.
    private let filters: Tensor

    /// The least energy, in front of the logarithm.
    private static let floor = 1e-10

    /// Makes the front end that `preprocessor_config.json` states; what it does not say is as Transformers has it.
    ///
    /// - Parameters:
    ///   - melBins: The mel bins that the network takes.
    ///   - mostFrames: The most frames that it takes.
    /// - Throws: `BraidError` where there is no such file, or it states what is not known here, or another size than the network takes.
    init(_ source: EncoderSource, melBins: Int, mostFrames: Int) throws {
        guard let json = try source.featureExtractor() else {
            throw source.config.fault(
                "there is no preprocessor_config.json beside it, which says how long recordings are cut (truncation)")
        }
        try json.expect("feature_extractor_type", "ClapFeatureExtractor")
        let truncation = try json.string("truncation", source.isOutline ? "rand_trunc" : "fusion")
        guard truncation == "rand_trunc" else {
            throw json.fault(
                "truncation is \(truncation); this version has rand_trunc, of weights without feature fusion (laion/clap-htsat-unfused)"
            )
        }
        let name = try json.string("padding", Padding.repeatPad.rawValue)
        guard let padding = Padding(rawValue: name) else {
            throw json.fault("padding is \(name); it must be one of \(Padding.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        guard try json.double("padding_value", 0) == 0, !json.has("top_db") else {
            throw json.fault("padding_value must be 0 and top_db null in this version")
        }
        rate = try json.int("sampling_rate", 48_000)
        fft = try json.int("fft_window_size", 1024)
        hop = try json.int("hop_length", 480)
        let (seconds, bins) = (try json.int("max_length_s", 10), try json.int("feature_size", 64))
        let (low, high) = (try json.double("frequency_min", 0), try json.double("frequency_max", 14_000))
        guard (1000...1_000_000).contains(rate), (16...65_536).contains(fft), (1...fft).contains(hop), (1...3600).contains(seconds),
            low >= 0, low < high, high <= Double(rate) / 2, seconds * rate > fft
        else {
            throw json.fault(
                "sampling_rate, fft_window_size, hop_length, max_length_s, frequency_min and frequency_max do not fit together")
        }
        guard bins == melBins else {
            throw json.fault("feature_size is \(bins), but config.json says audio_config.num_mel_bins \(melBins)")
        }
        size = seconds * rate
        guard size / hop + 1 <= mostFrames else {
            throw json.fault(
                "max_length_s \(seconds) makes \(size / hop + 1) frames, but config.json's spec_size takes \(mostFrames)")
        }
        try SpectrogramSettings.check(frames: size / hop + 1, fft, json)
        try source.options.refuseWindows(for: "CLAP has windows of \(seconds) s of its own")
        (self.melBins, self.padding) = (bins, padding)
        let count = fft
        window = try Tensor((0..<count).map { 0.5 - 0.5 * cos(2 * Double.pi * Double($0) / Double(count)) }, shape: [count])
        var mel = SpectrogramSettings(sampleRate: rate, window: fft, fft: fft, hop: hop, melBins: bins, high: high)
        mel.low = low
        filters = try Tensor(MelScale.slaney.filters(mel), shape: [fft / 2 + 1, bins]).converted(to: .float64)
    }

    var windows: SampleWindows { SampleWindows(size: size, hop: size) }
    var windowRows: Int { size / hop + 1 }
    var augments: Set<Augmentation.Stage> { [.sound, .prepared] }
    var inputSize: String { windowText(Double(size) / Double(rate)) }
    var summary: String {
        "log-mel of CLAP, \(rate) Hz, window \(fft), hop \(hop), \(melBins) mel bins, windows of \(size) samples, shorter ones \(padding.rawValue)"
    }

    func prepared(_ samples: [Float]) throws -> Tensor {
        let signal = try Tensor(filled(samples), shape: [1, size]).converted(to: .float64)
        let spectrum = try signal.spectrogram(fft: fft, hop: hop, window: window, power: 2, isCentered: true)
        let decibels = try spectrum.matmul(filters).clamped(atLeast: Self.floor).log10().scaled(by: 10)
        return try decibels.converted(to: .float32).squeezed(0)
    }

    /// A recording's samples at the length of a window; of none, silence.
    private func filled(_ samples: [Float]) -> [Float] {
        let missing = size - samples.count
        guard missing > 0, !samples.isEmpty else { return samples + [Float](repeating: 0, count: max(0, missing)) }
        let whole = size / samples.count
        let times = padding == .silence ? 1 : padding == .repeated ? whole + 1 : whole
        let repeated = repeatElement(samples, count: times).joined().prefix(size)
        return repeated + [Float](repeating: 0, count: size - repeated.count)
    }

    /// `[B, frames, mels]`.
    func collate(_ prepared: [Tensor]) throws -> EncoderInput {
        let (parts, counts) = try cut(prepared)
        return EncoderInput(values: try .stack(parts), rowsPerSample: counts)
    }
}
