internal import Foundation

extension AugmentationKind {
    /// Louder or quieter.
    static let gain = AugmentationKind(
        name: "gain", modality: .audio, paper: "Ko et al. 2015, Audio Augmentation for Speech Recognition"
    ) { reader, keys in
        let most = keys.double(
            &reader, "gain", .init(none: 0, light: 6, strong: 10), 0...60,
            "A recording becomes louder or quieter by up to this many decibels.")
        guard most > 0 else { return nil }
        return Augmentation(
            "gain", "gain \(most) dB",
            .sound { samples, _, draws in
                let factor = Float(pow(10, draws.uniform(-most...most) / 20))
                return samples.map { $0 * factor }
            })
    }
}
