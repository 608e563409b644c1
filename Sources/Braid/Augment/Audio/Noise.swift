internal import Foundation
internal import Synchronization

extension AugmentationKind {
    /// Recordings of a folder mixed in.
    static let noise = AugmentationKind(
        name: "noise", modality: .audio, paper: "Ko et al. 2017, A Study on Data Augmentation of Reverberant Speech"
    ) { reader, keys in
        let folder = keys.string(
            &reader, "noise", "A folder of recordings, one of which is mixed into every second sample. Default: none is.")
        let least = keys.double(
            &reader, "noise_snr", .init(none: 5, light: 5, strong: 5), -40...80,
            "How far the sample lies above the noise at least, in decibels; at most 20 more.",
            with: ("noise: a folder of recordings", folder != nil))
        guard let folder else { return nil }
        return Augmentation("noise", "noise of \(folder) at \(least) dB") { base in
            let noises = try NoiseFolder(Paths.resolve(folder, in: base))
            return .sound { samples, rate, draws in
                guard draws.chance(0.5) else { return samples }
                let noise = try noises.stretch(samples.count, rate: rate, &draws)
                return samples.mixed(with: noise, ratio: draws.uniform(least...(least + 20)))
            }
        }
    }
}

/// A folder of recordings that are mixed into others.
final class NoiseFolder: Sendable {
    private let files: [URL]
    /// What was decoded, by file and rate: recordings are asked for again and again.
    private let known = Mutex<[String: AudioClip]>([:])
    /// The most samples that are kept, 200 MB of them.
    private static let room = 50_000_000

    /// - Throws: `BraidError` where there is no such folder, or no recording in it.
    init(_ folder: URL) throws {
        let found = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        guard let found else { throw BraidError(.noInput, "\(folder.path): no such folder of recordings (augment.noise)") }
        // By name, so that every machine draws the same.
        files = found.filter { FileEndings.recordings.contains($0.pathExtension.lowercased()) }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
        guard !files.isEmpty else { throw BraidError(.noInput, "\(folder.path): holds no recording (augment.noise)") }
        for file in files { try RecordingReader.check(.file(file)) }
    }

    /// As many samples as wanted, from a place drawn of a recording drawn, which begins again where it ends.
    func stretch(_ count: Int, rate: Int, _ draws: inout Draws) throws -> [Float] {
        let clip = try clip(files[draws.below(files.count)], rate)
        let start = draws.below(clip.samples.count)
        return (0..<count).map { clip.samples[(start + $0) % clip.samples.count] }
    }

    private func clip(_ file: URL, _ rate: Int) throws -> AudioClip {
        let key = "\(rate) \(file.path)"
        if let clip = known.withLock({ $0[key] }) { return clip }
        let clip = try AudioDecoder.decode(.file(file)).resampled(to: rate)
        known.withLock { known in
            let held = known.values.reduce(0) { $0 + $1.samples.count }
            if held + clip.samples.count <= Self.room { known[key] = clip }
        }
        return clip
    }
}

extension [Float] {
    /// With `noise` added, so loud that the signal lies `ratio` decibels above it: torchaudio's `add_noise`. Silence stays as it is.
    func mixed(with noise: [Float], ratio: Double) -> [Float] {
        let energy = { (samples: [Float]) in samples.reduce(0.0) { $0 + Double($1) * Double($1) } }
        let (signal, other) = (energy(self), energy(noise))
        guard signal > 0, other > 0 else { return self }
        let factor = Float(pow(10, (10 * log10(signal / other) - ratio) / 20))
        return zip(self, noise).map { $0 + factor * $1 }
    }
}
