internal import Foundation
public import Torch

/// Log-mel spectrograms with the settings the weights were trained with: the front end of PANNs (Kong et al. 2020), and
/// with other settings that of torchaudio's `MelSpectrogram`.
public struct LogMelFrontEnd: FrontEnd {
    /// Hz.
    public let sampleRate: Int
    /// Samples a frame; `window` of them are weighed, centred in the frame.
    public let fft: Int
    public let window: Int
    /// Samples from frame to frame.
    public let hop: Int
    public let melBins: Int
    private let windowTensor: Tensor
    /// `[fft / 2 + 1, mels]`.
    private let filters: Tensor
    /// The smallest power, before the logarithm.
    private static let floor = 1e-10
    /// Four halvings in time must leave a frame.
    private static let leastFrames = 16

    init(_ settings: JSONObject) throws {
        sampleRate = try settings.int("sample_rate")
        window = try settings.int("window_size")
        fft = try settings.int("fft_size", window)
        hop = try settings.int("hop_size")
        melBins = try settings.int("mel_bins")
        let low = try settings.double("fmin", 0)
        let high = try settings.double("fmax", Double(sampleRate) / 2)
        let scaleName = try settings.string("mel_scale", "slaney")
        let norm = try settings.string("mel_norm", "slaney")
        guard let scale = MelScale(rawValue: scaleName) else {
            throw settings.fault("mel_scale must be htk or slaney, not \(scaleName)")
        }
        guard ["slaney", "none"].contains(norm) else { throw settings.fault("mel_norm must be slaney or none, not \(norm)") }
        guard
            (1...1_000_000).contains(sampleRate), (2...65_536).contains(fft), (1...fft).contains(window), (1...fft).contains(hop),
            (1...1024).contains(melBins), low >= 0, high > low, high <= Double(sampleRate) / 2
        else { throw settings.fault("the front end's numbers do not fit together (rate, window, hop, mel range)") }
        windowTensor = try Self.hann(window)
        filters = try Tensor(
            scale.filters(
                bins: fft / 2 + 1, rate: sampleRate, mels: melBins, from: low, to: high, areaNormalised: norm == "slaney"),
            shape: [fft / 2 + 1, melBins])
    }

    public var summary: String { "log-mel, \(sampleRate) Hz, window \(window), hop \(hop), \(melBins) mel bins" }

    public func prepare(_ sample: Sample) throws -> Tensor {
        guard let audio = sample.audio else { throw BraidError(.internal, "sample \(sample.id) has no audio to prepare") }
        let clip = try AudioDecoder.decode(audio).resampled(to: sampleRate)
        return try spectrogram(Tensor(clip.samples, shape: [1, clip.samples.count])).squeezed(0)
    }

    /// Waveforms `[B, N]` to log-mel `[B, frames, mels]` in dB. Short ones are padded with silence to the least length.
    public func spectrogram(_ waveform: Tensor) throws -> Tensor {
        let least = max(fft, (Self.leastFrames - 1) * hop)
        let missing = least - waveform.shape[1]
        let padded = missing > 0 ? try waveform.padded([0, missing]) : waveform
        let power = try padded.powerSpectrogram(fft: fft, hop: hop, window: windowTensor)
        return try power.transposed(1, 2).matmul(filters).clamped(atLeast: Self.floor).log10().scaled(by: 10)
    }

    public func collate(_ prepared: [Tensor]) throws -> EncoderInput { try padded(prepared, with: 0) }

    /// The periodic Hann window.
    private static func hann(_ size: Int) throws -> Tensor {
        try Tensor((0..<size).map { Float(0.5 - 0.5 * cos(2 * Double.pi * Double($0) / Double(size))) }, shape: [size])
    }
}
