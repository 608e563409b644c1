public import Torch

extension LogMelFrontEnd {
    /// The recording's samples, and its spectrogram.
    public var augments: Set<Augmentation.Stage> { [.sound, .prepared] }

    /// Prepares a recording as `prepare(_:)` does, its samples changed first, and its spectrogram behind. All of it is in memory at once.
    ///
    /// - Throws: `DecodeError` where the recording cannot be decoded; `BraidError` where the sample has none.
    public func prepare(_ medium: Medium, _ augmentation: DrawnAugmentation) throws -> Tensor {
        let samples = try waveform(medium, augmentation)
        return try augmentation.prepared(spectrogram(Tensor(samples, shape: [1, samples.count])).squeezed(0))
    }

    /// The recording's samples as they are heard, at the rate that frames are made of.
    func waveform(_ medium: Medium, _ augmentation: DrawnAugmentation) throws -> [Float] {
        var samples: [Float] = []
        try read(medium) { samples += $0 }
        return try augmentation.sound(samples, rate: settings.sampleRate)
    }
}
