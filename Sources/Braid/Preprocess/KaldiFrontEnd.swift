internal import Foundation
internal import Torch

/// Makes the filter banks that the Audio Spectrogram Transformer takes, as Kaldi makes them (Povey et al. 2011), and as Transformers' ASTFeatureExtractor has
/// them from torchaudio: natural logarithms of mel energies, less a mean and over twice a deviation.
///
/// What is prepared of a window is `[frames, mels]`; `collate` fills up to the frames that the network takes.
struct KaldiFrontEnd: SampledFrontEnd {
    let rate: Int
    private let melBins: Int
    /// Frames that the network takes.
    private let frames: Int
    private let mean: Double
    private let deviation: Double
    /// The symmetric Hann window, `[400]` at 16 kHz.
    private let window: Tensor
    private let fft: Int
    private let hop: Int
    /// `[fft / 2 + 1, mels]`.
    private let filters: Tensor

    /// What each sample is diminished by of the one before it.
    private static let emphasis = 0.97
    /// The lowest filter's beginning, in hertz.
    private static let low = 20.0
    /// The least energy: float32's epsilon.
    private static let floor = 1.1920928955078125e-07

    /// Makes the front end that `preprocessor_config.json` states; what it does not say is as published.
    ///
    /// - Throws: `BraidError` where it states what is not known here, or another size than the network takes.
    init(_ source: EncoderSource, melBins: Int, frames: Int) throws {
        let json = try source.featureExtractor() ?? JSONObject([:], path: "preprocessor_config.json")
        try json.expect("feature_extractor_type", "ASTFeatureExtractor")
        rate = try json.int("sampling_rate", 16_000)
        guard (1000...1_000_000).contains(rate) else { throw json.fault("sampling_rate must lie in 1000 ... 1000000") }
        for (name, expected) in [("num_mel_bins", melBins), ("max_length", frames)] {
            let found = try json.int(name, expected)
            guard found == expected else { throw json.fault("\(name) is \(found), but config.json says \(expected)") }
        }
        let isNormalised = try json.bool("do_normalize", true)
        mean = isNormalised ? try json.double("mean", -4.2677393) : 0
        deviation = isNormalised ? 2 * (try json.double("std", 4.5689974)) : 1
        guard mean.isFinite, deviation > 0 else { throw json.fault("std must be above 0") }
        (self.melBins, self.frames) = (melBins, frames)
        // 25 ms every 10 ms.
        let length = rate * 25 / 1000
        hop = rate * 10 / 1000
        var fft = 1
        while fft < length { fft *= 2 }
        self.fft = fft
        // torch's rounding of it: in what little energy a loud sound leaves in other bands another rounding shows.
        window = try .hannWindow(length, isPeriodic: false)
        filters = try Self.filters(rate: rate, fft: fft, bins: melBins)
        let seconds = Double(frames * hop) / Double(rate)
        try source.options.refuseWindows(for: "the Audio Spectrogram Transformer has windows of \(seconds) s of its own")
    }

    private var length: Int { window.count }
    /// The samples of so many frames as the network takes.
    private var windowSize: Int { (frames - 1) * hop + length }
    var windows: SampleWindows { SampleWindows(size: windowSize, hop: frames * hop) }
    var windowRows: Int { frames }
    var augments: Set<Augmentation.Stage> { [.sound, .prepared] }
    var inputSize: String { windowText(Double(frames * hop) / Double(rate)) }
    var summary: String {
        "Kaldi's filter banks, \(rate) Hz, window \(length), hop \(hop), \(melBins) mel bins, windows of \(frames) frames"
    }

    func prepared(_ samples: [Float]) throws -> Tensor {
        let signal = try Tensor(samples, shape: [samples.count]).padded([0, max(0, length - samples.count)])
        let frames = try signal.frames(of: length, hop: hop)
        let centred = try frames - frames.mean([1], keep: true)
        let before = try Tensor.concatenate([centred.slice(1, 0..<1), centred.slice(1, 0..<length - 1)], 1)
        let spectrum = try ((centred - before.scaled(by: Self.emphasis)) * window).powerSpectrum(fft: fft)
        return try normalised(spectrum.matmul(filters).clamped(atLeast: Self.floor).log())
    }

    /// `[B, frames, mels]`; behind a short recording stand zeros, normalised as the rest.
    func collate(_ prepared: [Tensor]) throws -> EncoderInput {
        let (parts, counts) = try cut(prepared)
        let filling = -mean / deviation
        let rows = try parts.map { try $0.padded([0, 0, 0, frames - $0.shape[0]], value: filling) }
        return EncoderInput(values: try .stack(rows), rowsPerSample: counts)
    }

    private func normalised(_ x: Tensor) throws -> Tensor { try x.adding(-mean).scaled(by: 1 / deviation) }

    /// Triangles over mel of 1127 ln(1 + f / 700), in single precision from the start, as torchaudio has them. The highest frequency belongs to none.
    private static func filters(rate: Int, fft: Int, bins: Int) throws -> Tensor {
        func mel(_ hertz: Double) -> Double { 1127 * log(1 + hertz / 700) }
        let (first, last) = (mel(low), mel(Double(rate) / 2))
        let step = (last - first) / Double(bins + 1)
        let numbers = try Tensor.range(bins).converted(to: .float32)
        let (left, centre, right) = (
            try numbers.scaled(by: step).adding(first), try numbers.adding(1).scaled(by: step).adding(first),
            try numbers.adding(2).scaled(by: step).adding(first)
        )
        let hertz = try Tensor.range(fft / 2).converted(to: .float32).scaled(by: Double(rate) / Double(fft))
        let place = try (hertz / Tensor.full([], 700)).adding(1).log().scaled(by: 1127).unsqueezed(1)
        let rising = try (place - left) / (centre - left)
        let falling = try (right - place) / (right - centre)
        return try rising.minimum(falling).clamped(atLeast: 0).padded([0, 0, 0, 1])
    }
}
