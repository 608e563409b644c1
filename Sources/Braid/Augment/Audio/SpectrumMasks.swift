internal import Torch

extension AugmentationKind {
    /// SpecAugment: stretches of time and bands of frequency set to the spectrogram's mean.
    static let spectrumMasks = AugmentationKind(
        name: "spectrum-masks", modality: .audio, paper: "Park et al. 2019, arXiv:1904.08779"
    ) { reader, keys in
        let time = keys.double(
            &reader, "time_mask", .init(none: 0, light: 0.1, strong: 0.2), 0...0.9,
            "Two stretches of a spectrogram are masked, each of up to this share of its frames.")
        let frequency = keys.double(
            &reader, "frequency_mask", .init(none: 0, light: 0.1, strong: 0.2), 0...0.9,
            "Two bands of a spectrogram are masked, each of up to this share of its mel bins.")
        guard time > 0 || frequency > 0 else { return nil }
        return Augmentation(
            "spectrum-masks", "time masks \(time), frequency masks \(frequency)",
            .prepared { spectrogram, draws in
                guard spectrogram.shape.count == 2 else { return spectrogram }
                var masked = spectrogram
                let mean = try spectrogram.mean().item()
                // As many as of the paper's best policies.
                for (dimension, share) in [(0, time), (0, time), (1, frequency), (1, frequency)] {
                    let size = spectrogram.shape[dimension]
                    let mask = SpectrumMask(size, longest: Int(bounded: share * Double(size)), draws.unit(), draws.unit())
                    masked = try masked.filled(dimension, mask.range, mean)
                }
                return masked
            })
    }
}

/// A stretch of frames or mel bins, as torchaudio's `mask_along_axis` draws it.
struct SpectrumMask: Equatable {
    let range: Range<Int>

    /// - Parameters:
    ///   - size: Of the axis.
    ///   - longest: The mask is shorter than that; 0 masks nothing.
    ///   - length: Drawn for its length, from 0 to 1.
    ///   - place: Drawn for its place, from 0 to 1.
    init(_ size: Int, longest: Int, _ length: Double, _ place: Double) {
        let length = length * Double(longest)
        let start = Int(place * (Double(size) - length))
        range = start..<min(size, start + Int(length))
    }
}

extension Tensor {
    /// `[T, F]` with a stretch of one dimension set to `value`.
    func filled(_ dimension: Int, _ range: Range<Int>, _ value: Double) throws -> Tensor {
        guard !range.isEmpty else { return self }
        let before = try slice(dimension, 0..<range.lowerBound)
        let behind = try slice(dimension, range.upperBound..<shape[dimension])
        var between = shape
        between[dimension] = range.count
        return try .concatenate([before, .full(between, value, dtype: dtype), behind], dimension)
    }
}
