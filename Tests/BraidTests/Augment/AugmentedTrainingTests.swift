import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Augmentation in a training: what acts, what is refused, and that a resumed run draws the same.
@Suite struct AugmentedTrainingTests {
    private let small: SmallRun
    private static let trained = ["modalities.image.train=last:1", "training.epochs=3", "training.monitor=false"]

    init() throws {
        small = try SmallRun()
        try small.makeData()
    }

    private func fault(_ overrides: [String]) -> String {
        do {
            _ = try small.configuration(overrides)
            return ""
        } catch { return "\(error)" }
    }

    @Test func whatDoesNotActIsRefused() {
        let frozen = fault(["modalities.image.augment=light"])
        #expect(frozen.contains("modalities.image.augment: acts only on an encoder that is trained"), "\(frozen)")
        #expect(fault(["modalities.audio.augment.gain=3"]).contains("modalities.audio.augment.gain: acts only on"))
        #expect(fault(["modalities.image.augment=none"]).isEmpty)
        let trained = ["modalities.image.train=all"]
        #expect(fault(trained + ["modalities.image.augment=heavy"]).contains("one of none, light, strong, or a section"))
        #expect(fault(trained + ["modalities.image.augment.gain=3"]).contains("unknown key"))
        let idle = fault(trained + ["modalities.image.augment.randaugment_magnitude=3"])
        #expect(idle.contains("acts only with randaugment above 0"), "\(idle)")
        #expect(fault(trained + ["modalities.image.augment={crop: 0.4, flip: 2}"]).contains("from 0.0 to 1.0"))
    }

    @Test func aLevelIsRecordedKeyByKeyAndReadsTheSame() throws {
        let configuration = try small.configuration(
            ["modalities.image.train=all", "modalities.image.augment=light", "modalities.image.augment.flip=0"])
        #expect(configuration.yaml.contains("augment:\n      crop: 0.5\n      flip: 0.0\n      jitter: 0.2\n"))
        let again = try Configuration.parse(configuration.yaml, folder: small.folder.url)
        #expect(again.modalities == configuration.modalities && again.keysThatDiffer(from: configuration).isEmpty)
        #expect(configuration.modalities[.image]?.augmentation.summary == "crop of 0.5 to 1, jitter 0.2, hue 0.0")
        // An encoder that is frozen after all loses it, without a fault.
        #expect(try configuration.frozen().modalities[.image]?.augmentation.isEmpty == true)
    }

    @Test func batchesFollowFromSeedEpochAndSample() throws {
        let configuration = try small.configuration(Self.trained + ["modalities.image.augment=strong"])
        let settings = try #require(configuration.modalities[.image])
        let encoder = try ModalityEncoder(.image, settings, relativeTo: small.folder.url)
        let manifest = try Manifest.read(configuration.manifestURL)
        let source = try BatchSource(
            manifest.samples, [encoder], tokens: nil,
            EmbeddingExtractor(manifest: manifest.url, onBadSample: .fail, reporter: SilentReporter()), device: .cpu)
        func pictures(_ indices: [Int], _ draw: TrainingDraw?) throws -> [[Float]] {
            guard case .media(let prepared, _) = try source.batch(indices, draw: draw).parts[0] else { return [] }
            return try prepared.map { try $0.array(of: Float.self) }
        }
        let plain = try pictures([0, 1, 2, 3], nil)
        let drawn = try pictures([0, 1, 2, 3], TrainingDraw(seed: 0, epoch: 4))
        #expect(plain.count == 4 && plain != drawn && plain.map(\.count) == drawn.map(\.count))
        // Whatever else is in the batch, and by whomever it is drawn.
        #expect(try pictures([3, 1], TrainingDraw(seed: 0, epoch: 4)) == [drawn[3], drawn[1]])
        #expect(try onOneThread { try pictures([2], TrainingDraw(seed: 0, epoch: 4)) } == [drawn[2]])
        #expect(try pictures([2], TrainingDraw(seed: 0, epoch: 5)) != [drawn[2]])
    }

    /// The same path as without augmentation where nothing is drawn.
    @Test func preparedAsWithoutWhereNothingIsChanged() throws {
        let nothing = DrawnAugmentation([], key: "")
        let image = try ModalityEncoder(
            .image, EncoderSettings(encoder: nil, weights: Fixtures.url("resnet").path, train: .all), relativeTo: small.folder.url)
        let audio = try ModalityEncoder(
            .audio, EncoderSettings(encoder: nil, weights: Fixtures.url("cnn10").path, train: .all), relativeTo: small.folder.url)
        let picture = Medium.file(small.folder.url.appendingPathComponent("0.png"))
        let sound = Medium.file(small.folder.url.appendingPathComponent("0.wav"))
        #expect(try maxDifference(image.frontEnd.prepare(picture), image.frontEnd.prepare(picture, nothing)) == 0)
        #expect(try maxDifference(audio.frontEnd.prepare(sound), audio.frontEnd.prepare(sound, nothing)) == 0)
        guard FileManager.default.fileExists(atPath: Fixtures.minilm.path) else { return }
        let text = try ModalityEncoder(
            .text, EncoderSettings(encoder: nil, weights: Fixtures.minilm.path, train: .all), relativeTo: small.folder.url)
        let words = Medium.inline("A text, its words and its signs.")
        #expect(try maxDifference(text.frontEnd.prepare(words), text.frontEnd.prepare(words, nothing)) == 0)
    }

    @Test func aResumedRunIsBitIdentical() throws {
        struct Stopped: Error {}
        let overrides =
            Self.trained + [
                "modalities.image.augment=strong", "modalities.audio.train=last:1", "modalities.audio.augment=strong",
            ]
        try small.train("whole", overrides)
        #expect(throws: Stopped.self) { try small.train("cut", overrides) { if $0 == 1 { throw Stopped() } } }
        try small.train("cut", overrides, resume: true)
        for file in ["model/model.safetensors", "model/image/model.safetensors"] {
            let whole = try Data(contentsOf: small.folder.url.appendingPathComponent("whole/\(file)"))
            #expect(try Data(contentsOf: small.folder.url.appendingPathComponent("cut/\(file)")) == whole, "\(file)")
        }
    }

    @Test func noiseComesFromAFolder() throws {
        let folder = small.folder.url.appendingPathComponent("noises")
        let overrides = ["modalities.audio.train=last:1", "modalities.audio.augment={noise: noises, noise_snr: 0}"]
        let settings = try #require(small.configuration(overrides).modalities[.audio])
        #expect(throws: BraidError.self) { try ModalityEncoder(.audio, settings, relativeTo: small.folder.url) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        #expect(throws: BraidError.self) { try ModalityEncoder(.audio, settings, relativeTo: small.folder.url) }
        try TestMedia.tone(hertz: 700, seed: 1).write(to: folder.appendingPathComponent("hum.wav"))
        let encoder = try ModalityEncoder(.audio, settings, relativeTo: small.folder.url)
        let medium = Medium.file(small.folder.url.appendingPathComponent("1.wav"))
        let plain = try encoder.frontEnd.prepare(medium)
        let changed = try (0..<10).filter { epoch in
            let drawn = encoder.augmenter.drawn(seed: 0, epoch: epoch, sample: "1")
            return try maxDifference(plain, encoder.frontEnd.prepare(medium, drawn)) > 0
        }
        #expect((1...9).contains(changed.count))
    }
}
