internal import Torch

/// Makes the filter banks that BEATs takes (Chen et al. 2022, arXiv:2212.09058), as its authors have them from torchaudio: Kaldi's, with Povey's window, of
/// samples of 16 bits, less a mean and over twice a deviation.
///
/// What is prepared of a window is `[frames, 128]`, a patch's frames at least. Recordings keep their lengths up to `window`, 10 seconds where nothing is said,
/// as in AudioSet, which it was trained on.
struct BEATsFrontEnd: SampledFrontEnd {
    let rate = 16_000
    private let banks: KaldiBanks
    private let size: Int
    private let hop: Int
    private let patch: Int

    /// How many mel bins a frame has.
    static let melBins = 128
    static let defaultWindow = 10.0
    private static let mean = 15.41663
    private static let deviation = 2 * 6.55582

    /// - Parameter patch: The frames of a patch, which a recording has at least.
    init(_ source: EncoderSource, patch: Int) throws {
        banks = try KaldiBanks(rate: rate, bins: Self.melBins, windowPower: 0.85, gain: 32_768)
        size = max(banks.samples(of: patch), Int((source.options.window ?? Self.defaultWindow) * Double(rate)))
        hop = max(1, Int(Double(size) * (1 - (source.options.overlap ?? 0))))
        self.patch = patch
    }

    var windows: SampleWindows { SampleWindows(size: size, hop: hop) }
    var windowRows: Int { (size - banks.length) / banks.hop + 1 }
    var augments: Set<Augmentation.Stage> { [.sound, .prepared] }
    var inputSize: String { windowText(Double(size) / Double(rate)) }
    var summary: String {
        "Kaldi's filter banks behind Povey's window, \(rate) Hz, window \(banks.length), hop \(banks.hop), \(Self.melBins) mel bins, windows of \(size) samples, \(hop) apart"
    }

    func prepared(_ samples: [Float]) throws -> Tensor {
        let missing = max(0, banks.samples(of: patch) - samples.count)
        return try banks(samples + [Float](repeating: 0, count: missing)).adding(-Self.mean).scaled(by: 1 / Self.deviation)
    }

    /// `[B, T, 128]`, padded with zeros.
    func collate(_ prepared: [Tensor]) throws -> EncoderInput {
        let (parts, counts) = try cut(prepared)
        var input = try padded(parts, with: 0)
        input.rowsPerSample = counts
        return input
    }
}
