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
    private let banks: KaldiBanks

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
        // Behind the symmetric Hann window.
        banks = try KaldiBanks(rate: rate, bins: melBins, windowPower: 1)
        try SpectrogramSettings.check(frames: frames, banks.length, json)
        let seconds = Double(frames * banks.hop) / Double(rate)
        try source.options.refuseWindows(for: "the Audio Spectrogram Transformer has windows of \(seconds) s of its own")
    }

    var windows: SampleWindows { SampleWindows(size: banks.samples(of: frames), hop: frames * banks.hop) }
    var windowRows: Int { frames }
    var filledRows: Int { frames }
    var augments: Set<Augmentation.Stage> { [.sound, .prepared] }
    var inputSize: String { windowText(Double(frames * banks.hop) / Double(rate)) }
    var summary: String {
        "Kaldi's filter banks, \(rate) Hz, window \(banks.length), hop \(banks.hop), \(melBins) mel bins, windows of \(frames) frames"
    }

    func prepared(_ samples: [Float]) throws -> Tensor { try normalised(banks(samples)) }

    /// `[B, frames, mels]`; behind a short recording stand zeros, normalised as the rest.
    func collate(_ prepared: [Tensor]) throws -> EncoderInput {
        let (parts, counts) = try cut(prepared)
        let filling = -mean / deviation
        let rows = try parts.map { try $0.padded([0, 0, 0, frames - $0.shape[0]], value: filling) }
        return EncoderInput(values: try .stack(rows), rowsPerSample: counts)
    }

    private func normalised(_ x: Tensor) throws -> Tensor { try x.adding(-mean).scaled(by: 1 / deviation) }
}
