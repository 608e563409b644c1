import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// What draws depend on, and what each augmentation does with them.
@Suite struct DrawTests {
    private static let base = URL(fileURLWithPath: "/")

    /// The recipe of a modality whose encoder is trained.
    static func recipe(_ modality: Modality, _ augment: String) throws -> AugmentationRecipe {
        var reader = ConfigurationReader(
            ConfigurationDocument(yaml: "modalities: {\(modality): {augment: \(augment)}}", file: "config.yaml"))
        let recipe = AugmentationRecipe.read(&reader, modality, "modalities.\(modality)", isTrained: true)
        reader.finish()
        try reader.check()
        return recipe
    }

    private func augmenter(_ modality: Modality, _ augment: String) throws -> Augmenter {
        try Augmenter(Self.recipe(modality, augment), modality, relativeTo: Self.base)
    }

    private static let picture = Image(width: 40, height: 30, pixels: (0..<3600).map { UInt8(($0 * 7) % 251) })

    @Test func drawsDependOnSeedEpochSampleAndNameAlone() throws {
        let strong = try augmenter(.image, "strong")
        func shown(_ seed: Int, _ epoch: Int, _ sample: String) throws -> Image {
            try strong.drawn(seed: seed, epoch: epoch, sample: sample).picture(Self.picture)
        }
        let first = try shown(1, 2, "a")
        #expect(try shown(1, 2, "a") == first)
        #expect(try shown(2, 2, "a") != first && shown(1, 3, "a") != first && shown(1, 2, "b") != first)
        // One augmentation more changes nothing of what another draws.
        let regions = try ["{crop: 0.3}", "{crop: 0.3, flip: 0.5, jitter: 0.2}"].map { text in
            try augmenter(.image, text).drawn(seed: 0, epoch: 0, sample: "a").region(height: 30, width: 40)
        }
        #expect(regions[0] != nil && regions[0] == regions[1])
    }

    @Test func numbersAreDrawnAsTheySay() {
        var draws = Draws("a text")
        let units = (0..<4000).map { _ in draws.unit() }
        #expect(units.allSatisfy { (0..<1).contains($0) } && abs(units.reduce(0, +) / 4000 - 0.5) < 0.02)
        #expect(draws.order(9).sorted() == Array(0..<9))
        #expect((0..<100).allSatisfy { _ in (0..<3).contains(draws.below(3)) } && draws.below(0) == 0)
        for alpha in [0.01, 0.2, 1, 4] {
            let shares = (0..<4000).map { _ in draws.beta(alpha) }
            // Of Beta(α, α): mean a half, variance 1 / (4 (2α + 1)).
            let mean = shares.reduce(0, +) / 4000
            let variance = shares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4000
            #expect(shares.allSatisfy { (0...1).contains($0) } && abs(mean - 0.5) < 0.03)
            #expect(abs(variance - 1 / (4 * (2 * alpha + 1))) < 0.012, "\(alpha): \(variance)")
        }
    }

    @Test func cropsKeepTheShareAndTheProportion() {
        var draws = Draws("crops")
        let area = RandomArea(share: 0.3...1, ratio: 3.0 / 4...4.0 / 3)
        for (height, width) in [(300, 400), (37, 41), (1, 1), (10, 400), (400, 10)] {
            for _ in 0..<200 {
                let region = area.region(height, width, &draws)
                #expect(region.top >= 0 && region.top + region.height <= height && region.height > 0)
                #expect(region.left >= 0 && region.left + region.width <= width && region.width > 0)
                guard height == 300 else { continue }
                #expect(Double(region.height * region.width) > 0.29 * Double(height * width))
                #expect((0.74...1.35).contains(Double(region.width) / Double(region.height)))
            }
        }
    }

    @Test func levelsStandForTheirKeys() throws {
        let modalities: [Modality] = [.image, .audio, .text]
        for modality in modalities {
            #expect(try Self.recipe(modality, "none").isEmpty)
            let (light, strong) = (try Self.recipe(modality, "light"), try Self.recipe(modality, "strong"))
            #expect(!light.isEmpty && light != strong)
        }
        #expect(try Self.recipe(.image, "{crop: 0.5, flip: 0.5, jitter: 0.2}") == Self.recipe(.image, "light"))
    }

    @Test func soundsBecomeLouderLaterAndFaster() throws {
        let tone = (0..<8000).map { Float(sin(Double($0) / 5)) }
        let power = { (samples: [Float]) in samples.reduce(0) { $0 + Double($1 * $1) } / Double(max(1, samples.count)) }
        let louder = try augmenter(.audio, "{gain: 20}").drawn(seed: 0, epoch: 0, sample: "a").sound(tone, rate: 8000)
        let decibels = 10 * log10(power(louder) / power(tone))
        #expect(abs(decibels) > 0.1 && abs(decibels) <= 20.01)
        #expect([1, 2, 3, 4, 5].rolled(by: 2) == [4, 5, 1, 2, 3] && [1, 2, 3].rolled(by: -4) == [2, 3, 1])
        let lengths = try (0..<20).map { epoch in
            try augmenter(.audio, "{speed: 0.2}").drawn(seed: 0, epoch: epoch, sample: "a").sound(tone, rate: 8000).count
        }
        #expect(Set(lengths).count > 10 && lengths.allSatisfy { (6600...10_010).contains($0) })
        let spectrogram = try Tensor.linear(from: 0, through: 1, count: 600).reshaped([60, 10])
        let masked = try augmenter(.audio, "{time_mask: 0.4, frequency_mask: 0.4}").drawn(seed: 0, epoch: 1, sample: "a")
            .prepared(spectrogram)
        let values = try masked.array(of: Float.self)
        #expect(masked.shape == [60, 10] && values.count { abs($0 - 0.5) < 1e-6 } > 60)
    }

    @Test func textsLoseWordsAndNeverAll() throws {
        let text = (0..<40).map { "word\($0)" }.joined(separator: " ")
        let words = Set(text.split(separator: " "))
        for epoch in 0..<20 {
            let drawn = try augmenter(.text, "{word_deletion: 0.5}").drawn(seed: 0, epoch: epoch, sample: "a")
            let left = try drawn.text(text).split(separator: " ")
            #expect(left.count < 40 && left.count > 5 && words.isSuperset(of: left))
            #expect(try drawn.text("single") == "single")
            let tokens = try augmenter(.text, "{token_dropout: 0.9}").drawn(seed: 0, epoch: epoch, sample: "a")
            #expect(try !tokens.tokens([5, 6]).isEmpty && tokens.tokens([]).isEmpty)
        }
    }
}
