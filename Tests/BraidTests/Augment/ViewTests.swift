import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Test-time augmentation: several views of a picture, and the mean of the answers.
@Suite struct ViewTests {
    private let small: SmallRun

    init() throws {
        small = try SmallRun()
        try small.makeData()
        // Left and right far apart.
        for number in 0..<24 {
            let pixels = (0..<24 * 24 * 3).map { place in
                UInt8(((place / 3) % 24) * 8 + (number % 2) * 50 + (place % 3) * number / 4)
            }
            try PNGFile.data(Image(width: 24, height: 24, pixels: pixels)).write(
                to: small.folder.url.appendingPathComponent("\(number).png"))
        }
        try small.train("run", ["training.epochs=1", "training.monitor=false"])
    }

    private func inference(_ views: Int, manifest: String = "manifest.csv", run: String = "run") throws -> Inference {
        var options = Inference.Options(device: .cpu, reporter: SilentReporter(), cachesEmbeddings: false)
        options.views = views
        return try Inference(
            model: small.folder.url.appendingPathComponent(run), manifest: small.folder.url.appendingPathComponent(manifest),
            rows: .all, needsLabels: true, options)
    }

    @Test func viewsAreThePictureItsMirrorAndItsCorners() throws {
        let encoder = try ModalityEncoder(
            .image, EncoderSettings(encoder: nil, weights: Fixtures.url("resnet").path, train: .none), relativeTo: small.folder.url)
        let frontEnd = try #require(encoder.frontEnd as? ImageFrontEnd)
        let medium = Medium.file(Fixtures.url("images/rgb8.png"))
        let plain = try frontEnd.prepare(medium)
        let views = try (1..<ImageFrontEnd.mostViews).map { try frontEnd.prepare(medium, frontEnd.view($0)) }
        #expect(views.allSatisfy { $0.shape == plain.shape })
        for (number, view) in views.enumerated() {
            for other in views[(number + 1)...] + [plain] { #expect(try maxDifference(view, other) > 0.01, "view \(number + 1)") }
        }
        let backwards = try Tensor((0..<plain.shape[2]).reversed().map(Int64.init), shape: [plain.shape[2]])
        #expect(try maxDifference(plain.selected(2, backwards), views[0]) == 0)
        #expect(try maxDifference(views[1].selected(2, backwards), views[5]) == 0)
    }

    @Test func answersAreTheMeanOverViews() throws {
        let session = try inference(1)
        let (plain, encoder) = (try session.predict(), try #require(session.model.encoders[.image]))
        var extractor = EmbeddingExtractor(manifest: small.folder.url, onBadSample: .fail)
        extractor.view = try #require(encoder.frontEnd as? ImageFrontEnd).view(1)
        let rows = try extractor.extract(session.dataset.samples, [encoder]).rows
        let mirrored = try session.model.predict(session.dataset.replacing(rows))
        #expect(mirrored.primary.values != plain.primary.values)
        let both = try inference(2).predict()
        #expect(plain.loss != nil && both.loss == nil)
        for row in plain.samples.indices {
            for (column, value) in both.primary.values[row].enumerated() {
                let mean = (plain.primary.values[row][column] + mirrored.primary.values[row][column]) / 2
                #expect(abs(value - mean) < 1e-6)
            }
        }
        #expect(try inference(10).predict().primary.values != both.primary.values)
    }

    @Test func modelsAndSamplesWithoutPicturesAreRefused() throws {
        try small.folder.write("id,audio,label\n0,0.wav,high\n1,1.wav,low\n", as: "sounds.csv")
        do {
            _ = try inference(4, manifest: "sounds.csv")
            Issue.record("no sample has a picture")
        } catch { #expect("\(error)".contains("no sample has one")) }
        let yaml =
            "manifest: manifest.csv\nmodalities: {audio: {weights: \"\(Fixtures.url("cnn10").path)\"}}\ntraining: {epochs: 1}\n"
        let alone = try Configuration.parse(yaml, folder: small.folder.url)
        _ = try Training(alone, into: RunFolder(small.folder.url.appendingPathComponent("sounds")))()
        do {
            _ = try inference(4, run: "sounds")
            Issue.record("the model takes no picture")
        } catch { #expect("\(error)".contains("the model takes none (audio)")) }
    }
}
