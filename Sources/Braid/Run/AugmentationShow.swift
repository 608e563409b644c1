public import Foundation
internal import Torch

/// Samples of the train split as a configuration's augmentation changes them, as a page to look at and listen to.
public struct AugmentationShow {
    private let page: AugmentationPage

    /// Longer recordings are shown by their beginning.
    private static let seconds = 10.0

    /// Draws what the first epochs in which encoders are trained will draw.
    ///
    /// - Parameters:
    ///   - configuration: What would be trained.
    ///   - samples: How many samples are shown, taken evenly from the train split.
    ///   - draws: How many epochs.
    ///   - reporter: Is told of what was loaded.
    /// - Throws: `BraidError` where nothing is augmented, or what is cannot be read.
    public init(_ configuration: Configuration, samples: Int, draws: Int, reporter: any Reporter = SilentReporter()) throws {
        let recipes = configuration.modalities.mapValues(\.augmentation).filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }
        guard !recipes.isEmpty else {
            throw BraidError(
                .badConfiguration,
                "nothing is augmented; set modalities.….augment of an encoder that is trained, train: last:N or all")
        }
        let manifest = try Manifest.read(
            configuration.manifestURL, columns: configuration.columns, splits: configuration.splits,
            stratum: configuration.heads.stratum, onBadSample: configuration.onBadSample, reporter: reporter)
        let encoders = try recipes.compactMap { modality, _ in
            try configuration.modalities[modality].map {
                try ModalityEncoder(modality, $0, relativeTo: configuration.folder, reporter: reporter)
            }
        }
        let fitting = manifest.samples.filter { sample in
            sample.split == .train && encoders.contains { sample.has($0.modality) }
        }
        guard !fitting.isEmpty else {
            throw BraidError(.badData, "\(manifest.url.lastPathComponent): no sample of the train split has what is augmented")
        }
        let count = min(samples, fitting.count)
        let chosen = (0..<count).map { fitting[$0 * fitting.count / count] }
        let (seed, first) = (configuration.training.seed, configuration.training.phasePlan.epochsWithoutEncoders)
        let shown = try concurrentMap(chosen.count) { number in
            try onOneThread { try Self.shown(chosen[number], encoders, seed: seed, epochs: first..<first + draws) }
        }
        page = AugmentationPage(
            title: "Augmentation", subtitle: "\(manifest.url.lastPathComponent) · \(counted(shown.count, "sample")) · seed \(seed)",
            recipes: recipes.map { ($0.key, $0.value.summary) }, samples: shown)
    }

    private static func shown(_ sample: Sample, _ encoders: [ModalityEncoder], seed: Int, epochs: Range<Int>) throws -> ShownSample
    {
        let parts = try encoders.filter { sample.has($0.modality) }.compactMap { encoder -> ShownSample.Part? in
            let medium = try sample.medium(encoder.modality)
            let nothing = DrawnAugmentation([], key: "")
            let drawn = [nothing] + epochs.map { encoder.augmenter.drawn(seed: seed, epoch: $0, sample: sample.id) }
            let views = try drawn.compactMap { try view(medium, encoder.frontEnd, $0) }
            return views.isEmpty ? nil : ShownSample.Part(modality: encoder.modality, views: views)
        }
        return ShownSample(sample: sample, parts: parts)
    }

    /// nil where a front end of another target makes what no page can show.
    private static func view(
        _ medium: Medium, _ frontEnd: any FrontEnd, _ drawn: DrawnAugmentation
    ) throws -> ShownSample.View? {
        let prepared = try frontEnd.prepare(medium, drawn)
        switch frontEnd {
        case let pictures as ImageFrontEnd: return .picture(try pictures.picture(of: prepared))
        case let sounds as LogMelFrontEnd:
            let settings = sounds.settings
            let samples = try sounds.waveform(medium, drawn).prefix(Int(bounded: Self.seconds * Double(settings.sampleRate)))
            let frames = min(prepared.shape[0], Int(Self.seconds * Double(settings.sampleRate)) / settings.hop)
            return .sound(
                AudioClip(samples: Array(samples), rate: settings.sampleRate),
                spectrogram: try .spectrogram(prepared.slice(0, 0..<frames)))
        case let sounds as any SampledFrontEnd:
            let samples = try Array(sounds.waveform(medium, drawn).prefix(Int(bounded: Self.seconds * Double(sounds.rate))))
            // What takes the samples themselves has no spectrogram of its own.
            let isSpectrogram = prepared.shape.count == 2
            let map = try isSpectrogram ? sounds.cut(prepared)[0] : spectrogram(samples, rate: sounds.rate)
            return .sound(AudioClip(samples: samples, rate: sounds.rate), spectrogram: try .spectrogram(map))
        case is TextFrontEnd:
            let text = try medium.text()
            return .words(before: text, after: try drawn.text(text), tokens: prepared.count)
        default: return nil
        }
    }

    /// Log-mel `[frames, mels]` of samples, to look at.
    private static func spectrogram(_ samples: [Float], rate: Int) throws -> Tensor {
        let settings = SpectrogramSettings(
            sampleRate: rate, window: rate / 40, fft: rate / 40, hop: rate / 100, melBins: 64, high: Double(rate) / 2)
        return try LogMelFrontEnd(settings).spectrogram(Tensor(samples, shape: [1, samples.count])).squeezed(0)
    }

    /// Writes the page.
    ///
    /// - Throws: `BraidError` where the file cannot be written.
    public func write(to url: URL) throws { try AtomicFile.write(page.html(), to: url) }
}

extension Image {
    /// A spectrogram `[frames, mels]` as a picture, low below and loud bright.
    static func spectrogram(_ values: Tensor) throws -> Image {
        let (frames, bins) = (values.shape[0], values.shape[1])
        let levels = try values.array(of: Float.self)
        let (low, high) = (levels.min() ?? 0, levels.max() ?? 1)
        var pixels: [UInt8] = []
        for row in 0..<bins {
            for frame in 0..<frames {
                let share = (levels[frame * bins + bins - 1 - row] - low) / max(high - low, 1e-9)
                pixels += [UInt8(255 * share * share), UInt8(255 * share), UInt8(60 + 120 * (1 - share))]
            }
        }
        return Image(width: frames, height: bins, pixels: pixels)
    }
}
