import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// The page of `braid show`, and the files that lie in it.
@Suite struct ShowTests {
    private let small: SmallRun

    init() throws {
        small = try SmallRun()
        try small.makeData()
    }

    @Test func thePageShowsEachSampleAsItIsAndAsItIsDrawn() throws {
        let configuration = try small.configuration([
            "modalities.image.train=all", "modalities.image.augment=light", "modalities.audio.train=all",
            "modalities.audio.augment=light",
        ])
        let file = small.folder.url.appendingPathComponent("page.html")
        try AugmentationShow(configuration, samples: 3, draws: 2).write(to: file)
        let page = try String(contentsOf: file, encoding: .utf8)
        #expect(page.matches(of: /<section id/).count == 4 && page.matches(of: /<figure>/).count == 3 * 2 * 3)
        #expect(page.matches(of: /<audio/).count == 9 && page.matches(of: /<figcaption>as it is/).count == 6)
        #expect(page.contains("crop of 0.5 to 1") && page.contains("time masks 0.1"))
        let pictures = try page.matches(of: /data:image\/png;base64,([^"]+)"/).map {
            try #require(Data(base64Encoded: String($0.1)))
        }
        #expect(pictures.count == 18)
        for picture in pictures { _ = try ImageDecoder.decode(.bytes(picture)) }
        // The same draws, whenever they are asked for.
        try AugmentationShow(configuration, samples: 3, draws: 2).write(to: file)
        #expect(try String(contentsOf: file, encoding: .utf8) == page)
    }

    @Test func nothingToShowIsAnError() throws {
        #expect(throws: BraidError.self) { try AugmentationShow(small.configuration(), samples: 3, draws: 2) }
    }

    @Test func filesInThePageReadBack() throws {
        let picture = Image(width: 5, height: 3, pixels: (0..<45).map { UInt8($0 * 5) })
        #expect(try ImageDecoder.decode(.bytes(PNGFile.data(picture))) == picture)
        let clip = AudioClip(samples: [0, 0.5, -0.5, 1, -1, 2], rate: 8000)
        let read = try AudioDecoder.decode(.bytes(WAVFile.data(clip)))
        #expect(read.rate == 8000 && read.samples.count == 6)
        #expect(zip(read.samples, clip.samples).allSatisfy { abs($0 - min($1, 1)) < 1e-3 })
    }

    @Test func wordsThatWereLeftOutAreStruckThrough() {
        #expect(AugmentationPage.marked("a <b> c d", "a c d").source == "a <s>&lt;b&gt;</s> c d")
        #expect(AugmentationPage.marked("a b", "a b").source == "a b")
        #expect(AugmentationPage.marked("a b", "a x b y").source == "a <ins>x</ins> b <ins>y</ins>")
    }

    /// What the encoder takes, the normalisation undone.
    @Test func preparedPicturesAreShownAsTheyAre() throws {
        let frontEnd = ImageFrontEnd.torchvision(resize: 40, crop: 32, .bilinear)
        let medium = Medium.file(Fixtures.url("images/rgb8.png"))
        let shown = try frontEnd.picture(of: frontEnd.prepare(medium))
        #expect(try shown == frontEnd.framed(ImageDecoder.decode(medium)))
    }
}
