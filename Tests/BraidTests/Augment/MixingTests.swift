import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Mixup and cutmix: one share for pictures, embeddings and the loss.
@Suite struct MixingTests {
    private let small: SmallRun

    init() throws {
        small = try SmallRun()
        try small.makeData(hasAudio: { $0 % 3 != 0 })
    }

    private static let trained = ["modalities.image.train=last:1", "training.epochs=3", "training.monitor=false"]

    private func fault(_ overrides: [String]) -> String {
        do {
            _ = try small.configuration(overrides)
            return ""
        } catch { return "\(error)" }
    }

    private func settings(_ overrides: [String]) throws -> MixingSettings {
        try small.configuration(Self.trained + overrides).training.mixing
    }

    @Test func whatDoesNotActIsRefused() {
        #expect(fault(["training.cutmix=1"]).contains("training.cutmix: acts only where the image encoder is trained"))
        #expect(fault(["training.mixup=0.2"]).isEmpty)
        #expect(
            fault(["training.mixup=0.2", "fusion.type=cross-attention"]).contains("acts only with a fusion of pooled embeddings"))
        #expect(fault(["training.mixup=0.2", "fusion.type=late"]).isEmpty)
    }

    @Test func partnersHaveTheSameModalities() throws {
        let settings = try settings(["training.mixup=1", "training.cutmix=1"])
        let presence = (0..<20).map { [$0 % 2 == 0, $0 % 5 != 0] }
        var cuts = 0
        for batch in 0..<50 {
            let draw = TrainingDraw(seed: 1, epoch: 2, batch: batch, mixing: settings)
            let mixed = try #require(draw.mixed(presence))
            #expect(mixed == draw.mixed(presence))
            #expect(mixed.partners.sorted() == Array(0..<20))
            #expect(mixed.partners.enumerated().allSatisfy { presence[$0] == presence[$1] })
            cuts += mixed.middle == nil ? 0 : 1
        }
        #expect((10...40).contains(cuts))
        #expect(TrainingDraw(seed: 1, epoch: 2).mixed(presence) == nil)
    }

    @Test func theShareIsWhatTheRectangleLeaves() throws {
        let pictures = try [1, 2].map { try Tensor.full([3, 16, 20], Double($0)) }
        for (share, y, x) in [(0.5, 0.5, 0.5), (0.3, 0.0, 0.99), (0.9, 0.2, 0.1), (1.0, 0.5, 0.5), (0.0, 0.5, 0.5)] {
            let drawn = BatchMixing(share: share, middle: (y, x), partners: [1, 0, 2])
            let (mixing, region) = drawn.fitted(height: 16, width: 20)
            let mixed = try mixing.pictures(pictures, places: [0, 1], region: region)
            // Of a picture of ones into which twos are pasted the mean says how many.
            #expect(try abs(mixed[0].mean().item() - (2 - mixing.share)) < 1e-6, "\(share)")
            #expect(try abs(mixed[1].mean().item() - (1 + mixing.share)) < 1e-6, "\(share)")
            #expect(try Set(mixed[0].array(of: Float.self)).isSubset(of: [1, 2]))
        }
        let middle = BatchMixing(share: 0.75, middle: (0.5, 0.5), partners: []).fitted(height: 16, width: 20)
        #expect(middle.region == Image.Region(top: 4, left: 5, height: 8, width: 10) && middle.mixing.share == 0.75)
    }

    @Test func oneShareForPicturesEmbeddingsAndTheLoss() throws {
        let configuration = try small.configuration(Self.trained + ["training.mixup=1"])
        let encoders = try configuration.modalities.sorted { $0.key < $1.key }.map {
            try ModalityEncoder($0, $1, relativeTo: small.folder.url)
        }
        let manifest = try Manifest.read(configuration.manifestURL)
        let source = try BatchSource(
            manifest.samples, encoders, tokens: nil,
            EmbeddingExtractor(manifest: manifest.url, onBadSample: .fail, reporter: SilentReporter()), device: .cpu)
        let targets = try configuration.heads.map { try Target.fit($0, manifest.samples, file: "manifest.csv") }
        let model = try configuration.model(encoders, targets, manifestSHA256: "", device: .cpu)
        let (indices, settings) = ([0, 1, 2, 4, 5, 6], configuration.training.mixing)
        let (plain, mixed) = (
            try source.batch(indices),
            try source.batch(indices, draw: TrainingDraw(seed: 0, epoch: 0, mixing: settings))
        )
        let mixing = try #require(mixed.mixing)
        let partners = try mixing.partners.array(of: Int64.self).map(Int.init)
        #expect(partners != Array(0..<6) && mixing.isInEmbedding == [false, true])
        // Pictures themselves.
        guard case .media(let before, _) = plain.parts[0], case .media(let after, _) = mixed.parts[0] else {
            Issue.record("pictures are media where their encoder is trained")
            return
        }
        for (place, partner) in partners.enumerated() where partner != place {
            let expected = try before[place].scaled(by: mixing.share) + before[partner].scaled(by: 1 - mixing.share)
            #expect(try maxDifference(after[place], expected) < 1e-6)
        }
        // Sounds in their embeddings.
        let (own, both) = (try model.encode(plain).parts[1].pooled, try model.encode(mixed).parts[1].pooled)
        let expected = try own.scaled(by: mixing.share) + own.rows(mixing.partners).scaled(by: 1 - mixing.share)
        #expect(try maxDifference(both, expected) < 1e-5)
        // The loss on the mixed label.
        let output = try model(mixed)
        let (_, loss) = try Objective(model, source, device: .cpu)(mixed, output)
        let classes = try LabelledValues(indices.map { source.samples[$0] }, targets[0], "manifest.csv").indices
        var soft = [Float](repeating: 0, count: 6 * targets[0].classes.count)
        for place in 0..<6 {
            soft[place * targets[0].classes.count + classes[place]] += Float(mixing.share)
            soft[place * targets[0].classes.count + classes[partners[place]]] += Float(1 - mixing.share)
        }
        let labels = try Tensor(soft, shape: [6, targets[0].classes.count])
        let crossEntropy = try -(labels * output.logits[0].logSoftmax(1)).sum([1]).mean().item()
        #expect(try abs(loss.item() - crossEntropy) < 1e-5)
    }

    @Test func aResumedRunIsBitIdentical() throws {
        struct Stopped: Error {}
        let overrides = Self.trained + ["training.mixup=0.4", "training.cutmix=1", "modalities.image.augment=light"]
        try small.train("whole", overrides)
        #expect(throws: Stopped.self) { try small.train("cut", overrides) { if $0 == 2 { throw Stopped() } } }
        try small.train("cut", overrides, resume: true)
        for file in ["model/model.safetensors", "model/image/model.safetensors"] {
            let whole = try Data(contentsOf: small.folder.url.appendingPathComponent("whole/\(file)"))
            #expect(try Data(contentsOf: small.folder.url.appendingPathComponent("cut/\(file)")) == whole, "\(file)")
        }
    }
}
