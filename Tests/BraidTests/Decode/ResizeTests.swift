import BraidSupport
import Foundation
import TestSupport
import Testing

@testable import Braid

/// Against Pillow's `Image.resize`, byte for byte: scripts/references/pillow_resize.py.
@Suite struct ResizeTests {
    struct Row: Decodable, Sendable {
        let from: [Int]
        let to: [Int]
        let filter: Int32
        let sha256: String
        let bytes: [UInt8]?
    }

    @Test func everyByteIsPillows() throws {
        let folder = try TemporaryFolder()
        let rows: [Row] = try Fixtures.json("pillow-resize.json")
        #expect(rows.count == 102)
        for row in rows {
            let filter = try #require(ResizeFilter.allCases.first { $0.number == row.filter })
            let resized = try Self.picture(row.from[0], row.from[1]).resized(height: row.to[1], width: row.to[0], filter, .pillow)
            if let bytes = row.bytes { #expect(resized.pixels == bytes, "\(row.from) to \(row.to), \(filter)") }
            let file = folder.url.appendingPathComponent("pixels")
            try Data(resized.pixels).write(to: file)
            #expect(try Fingerprint.of(file) == row.sha256, "\(row.from) to \(row.to), \(filter)")
        }
    }

    @Test func torchsArithmeticDiffersByALevelOrTwoAndHasFewerFilters() throws {
        let picture = Self.picture(80, 60)
        for filter in [ResizeFilter.bilinear, .bicubic] {
            let (ours, torchs) = (
                try picture.resized(height: 24, width: 32, filter, .pillow),
                try picture.resized(height: 24, width: 32, filter, .torch)
            )
            let differences = zip(ours.pixels, torchs.pixels).map { abs(Int($0) - Int($1)) }
            #expect(differences.contains { $0 > 0 } && differences.allSatisfy { $0 <= 2 })
        }
        #expect(throws: BraidError.self) { try picture.resized(height: 24, width: 32, .lanczos, .torch) }
    }

    @Test func theNameOfAProcessorSaysWhoseArithmetic() throws {
        let settings = { (name: String) in
            JSONObject(["image_processor_type": name, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]], path: "")
        }
        #expect(try ImageFrontEnd(transformers: settings("ViTImageProcessorFast")).arithmetic == .torch)
        for name in ["ViTImageProcessor", "ViTImageProcessorPil", "ViTFeatureExtractor"] {
            #expect(try ImageFrontEnd(transformers: settings(name)).arithmetic == .pillow)
        }
        let error = #expect(throws: BraidError.self) {
            try ImageFrontEnd(transformers: JSONObject(["image_processor_type": "ViTImageProcessorFast", "resample": 1], path: ""))
        }
        #expect(error?.description.contains("expected 0 (nearest), 2 or 3") == true)
    }

    private static func picture(_ width: Int, _ height: Int) -> Image {
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                for c in 0..<3 { pixels.append(UInt8(((37 * x + 91 * y + 53 * c) ^ (x * y)) & 255)) }
            }
        }
        return Image(width: width, height: height, pixels: pixels)
    }
}
