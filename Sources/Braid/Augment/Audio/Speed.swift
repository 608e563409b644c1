internal import Foundation

extension AugmentationKind {
    /// Played faster and higher, or slower and lower.
    static let speed = AugmentationKind(
        name: "speed", modality: .audio, paper: "Ko et al. 2015, Audio Augmentation for Speech Recognition"
    ) { reader, keys in
        let most = keys.double(
            &reader, "speed", .init(none: 0, light: 0, strong: 0.1), 0...0.5,
            "A recording is played at 1 minus this to 1 plus this of its speed, its pitch with it.")
        guard most > 0 else { return nil }
        return Augmentation(
            "speed", "speed \(most)",
            .sound { samples, rate, draws in
                let factor = draws.uniform((1 - most)...(1 + most))
                let played = AudioClip(samples: samples, rate: max(1, Int((Double(rate) * factor).rounded())))
                let result = try played.resampled(to: rate).samples
                return result.isEmpty ? samples : result
            })
    }
}
