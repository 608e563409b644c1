import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Against torchvision's and torchaudio's functions: scripts/references/augmentations.py.
@Suite struct AugmentationReferenceTests {
    struct Cases: Decodable {
        struct Colour: Decodable {
            let name: String
            let factor: Double
            let tensor: String
        }
        struct Operation: Decodable {
            let name: String
            let magnitude: Int
            let isNegative: Bool
            let tensor: String
        }
        struct Crop: Decodable {
            let region: [Int]
            let size: [Int]
            let tensor: String
        }
        struct Noise: Decodable {
            let ratio: Double
            let tensor: String
        }
        struct Mask: Decodable {
            let size: Int
            let longest: Int
            let draws: [Double]
            let start: Int?
            let count: Int
        }
        let colours: [Colour]
        let operations: [Operation]
        let crops: [Crop]
        let noise: [Noise]
        let masks: [Mask]
    }

    private let cases: Cases
    private let file: SafetensorsFile
    private let picture: Image

    init() throws {
        cases = try Fixtures.json("augmentations.json")
        file = try Fixtures.tensors("augmentations.safetensors")
        picture = try Self.image(file.tensor("picture"))
    }

    private static func image(_ tensor: Tensor) throws -> Image {
        Image(width: tensor.shape[1], height: tensor.shape[0], pixels: try tensor.bytes())
    }

    /// The greatest difference in levels, and how many values differ at all.
    private func difference(_ ours: Image, _ name: String) throws -> (levels: Int, values: Int) {
        let theirs = try Self.image(file.tensor(name))
        try #require((ours.width, ours.height) == (theirs.width, theirs.height))
        let differences = zip(ours.pixels, theirs.pixels).map { abs(Int($0) - Int($1)) }
        return (differences.max() ?? 0, differences.count { $0 > 0 })
    }

    @Test func coloursAreTorchvisions() throws {
        #expect(cases.colours.count == 19)
        for row in cases.colours {
            let changed: Image
            switch row.name {
            case "brightness": changed = picture.brightened(row.factor)
            case "contrast": changed = picture.contrasted(row.factor)
            case "saturation": changed = picture.saturated(row.factor)
            default: changed = picture.hueTurned(row.factor)
            }
            // Sums in another order, cut off and not rounded, give the next level now and then.
            let found = try difference(changed, row.tensor)
            #expect(found.levels <= 1 && found.values * 500 <= picture.pixels.count, "\(row.tensor): \(found)")
        }
    }

    @Test func operationsOfRandAugmentAreTorchvisions() throws {
        #expect(Set(cases.operations.map(\.name)) == Set(PictureOperation.allCases.map(\.rawValue)))
        for row in cases.operations {
            let operation = try #require(PictureOperation(rawValue: row.name))
            let changed = operation(picture, magnitude: row.magnitude, isNegative: row.isNegative)
            let found = try difference(changed, row.tensor)
            // Of moves a pixel as far from one as from another may come from the other.
            let isMove = ["shearX", "shearY", "rotate"].contains(row.name)
            #expect(isMove || found.levels <= 1, "\(row.tensor): \(found)")
            #expect(found.values * 200 <= picture.pixels.count, "\(row.tensor): \(found)")
        }
    }

    @Test func cutsAndMirrorsAreByteForByte() throws {
        for row in cases.crops {
            let region = Image.Region(top: row.region[0], left: row.region[1], height: row.region[2], width: row.region[3])
            let resized = try picture.cut(region).resized(height: row.size[0], width: row.size[1], .bicubic)
            #expect(try difference(resized, row.tensor).values == 0, "\(row.tensor)")
        }
        #expect(try difference(picture.mirrored(), "mirrored").values == 0)
    }

    @Test func masksAreTorchaudios() throws {
        #expect(cases.masks.count == 24)
        for row in cases.masks {
            let mask = SpectrumMask(row.size, longest: row.longest, row.draws[0], row.draws[1])
            #expect(mask.range.count == row.count, "\(row)")
            if let start = row.start { #expect(mask.range.lowerBound == start, "\(row)") }
        }
    }

    @Test func noiseIsMixedAsTorchaudioDoes() throws {
        let (signal, noise) = (try file.tensor("signal").array(of: Float.self), try file.tensor("noise").array(of: Float.self))
        for row in cases.noise {
            let mixed = signal.mixed(with: noise, ratio: row.ratio)
            #expect(try maxDifference(Tensor(mixed, shape: [mixed.count]), file.tensor(row.tensor)) < 1e-5, "\(row.ratio)")
        }
        #expect([Float](repeating: 0, count: 4).mixed(with: [1, 1, 1, 1], ratio: 0) == [0, 0, 0, 0])
    }
}
