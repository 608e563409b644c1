internal import Foundation
internal import Torch

/// Prepares the samples themselves, as wav2vec 2.0 and its relatives take them: Transformers' Wav2Vec2FeatureExtractor.
///
/// What is prepared of a window is `[N]`, less its mean and over its deviation where the weights want that.
struct WaveformFrontEnd: SampledFrontEnd {
    let rate: Int
    private let isNormalised: Bool
    /// The fewest samples that the network takes.
    private let least: Int
    private let size: Int
    private let hop: Int

    /// Seconds after which a recording is cut, where the user does not say: the first convolution alone makes 200 MB of so many.
    static let defaultWindow = 30.0

    /// Makes the front end that `preprocessor_config.json` states.
    ///
    /// - Parameter least: The fewest samples that the network takes; shorter recordings are padded with silence.
    /// - Throws: `BraidError` where the file is missing, or states what is not known here.
    init(_ source: EncoderSource, least: Int) throws {
        guard let json = try source.featureExtractor() else {
            throw source.config.fault(
                "there is no preprocessor_config.json beside it, which says whether recordings are normalised (do_normalize)")
        }
        try json.expect("feature_extractor_type", "Wav2Vec2FeatureExtractor")
        try json.expect("padding_side", "right")
        guard try json.int("feature_size", 1) == 1, try json.double("padding_value", 0) == 0 else {
            throw json.fault("feature_size and padding_value must be 1 and 0 in this version")
        }
        rate = try json.int("sampling_rate", 16_000)
        guard (1000...1_000_000).contains(rate) else { throw json.fault("sampling_rate must lie in 1000 ... 1000000") }
        isNormalised = try json.bool("do_normalize", true)
        self.least = least
        size = max(least, Int((source.options.window ?? Self.defaultWindow) * Double(rate)))
        hop = max(1, Int(Double(size) * (1 - (source.options.overlap ?? 0))))
    }

    var windows: SampleWindows { SampleWindows(size: size, hop: hop) }
    var windowRows: Int { size }
    /// A hundredth of a second, as spectrograms have frames.
    var grain: Int { max(1, rate / 100) }
    var augments: Set<Augmentation.Stage> { [.sound] }
    var inputSize: String { "any length" }
    var summary: String {
        "samples, \(rate) Hz\(isNormalised ? ", each window less its mean and over its deviation" : ""), windows of \(size) samples, \(hop) apart"
    }

    func prepared(_ samples: [Float]) throws -> Tensor {
        let values = isNormalised ? Self.normalised(samples) : samples
        return try Tensor(values + [Float](repeating: 0, count: max(0, least - values.count)), shape: [max(least, values.count)])
    }

    private static func normalised(_ samples: [Float]) -> [Float] {
        let count = Double(samples.count)
        let mean = samples.reduce(0) { $0 + Double($1) } / count
        let variance = samples.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
        let scale = 1 / (variance + 1e-7).squareRoot()
        return samples.map { Float((Double($0) - mean) * scale) }
    }

    /// `[B, N]`, padded with zeros.
    func collate(_ prepared: [Tensor]) throws -> EncoderInput {
        let (parts, counts) = try cut(prepared)
        var input = try padded(parts, with: 0)
        input.rowsPerSample = counts
        return input
    }
}
