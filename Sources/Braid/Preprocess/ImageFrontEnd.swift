internal import Foundation
public import Torch

/// Resize, centre crop and normalise: timm's evaluation transform, from a `pretrained_cfg`.
public struct ImageFrontEnd: FrontEnd, Equatable {
    /// Pixels; the crop's height and width.
    public let size: (height: Int, width: Int)
    /// The crop's share of the resized picture.
    public let cropFraction: Double
    public let interpolation: Tensor.Interpolation
    /// Red, green, blue, in 0 ... 1.
    public let mean: [Float]
    public let deviation: [Float]
    /// What lies behind transparent pixels, as a grey level; white unless `background` says otherwise.
    public let background: UInt8
    private static let maxResizedPixels = 50_000_000

    public static func == (left: ImageFrontEnd, right: ImageFrontEnd) -> Bool {
        left.size == right.size && left.cropFraction == right.cropFraction && left.interpolation == right.interpolation
            && left.background == right.background && left.mean == right.mean && left.deviation == right.deviation
    }

    init(_ settings: JSONObject) throws {
        let input = try settings.ints("input_size", [3, 224, 224])
        guard input.count == 3, input[0] == 3, input[1] > 0, input[2] > 0, max(input[1], input[2]) <= 4096 else {
            throw settings.fault("input_size must be [3, height, width]")
        }
        size = (input[1], input[2])
        cropFraction = try settings.double("crop_pct", 0.875)
        let name = try settings.string("interpolation", "bicubic")
        guard let filter = Tensor.Interpolation(rawValue: name) else {
            throw settings.fault(
                "interpolation \(name) is not one of \(Tensor.Interpolation.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        interpolation = filter
        mean = try settings.doubles("mean", [0.485, 0.456, 0.406]).map(Float.init)
        deviation = try settings.doubles("std", [0.229, 0.224, 0.225]).map(Float.init)
        guard mean.count == 3, deviation.count == 3, deviation.allSatisfy({ $0 > 0 }) else {
            throw settings.fault("mean and std must hold three numbers, std above 0")
        }
        guard (0.05...1).contains(cropFraction) else { throw settings.fault("crop_pct must lie in 0.05 ... 1") }
        guard size.height == size.width else { throw settings.fault("input_size must be square in this version") }
        guard let level = UInt8(exactly: try settings.int("background", 255)) else {
            throw settings.fault("background must be a grey level, 0 to 255")
        }
        background = level
        let mode = try settings.string("crop_mode", "center")
        guard mode == "center" else { throw settings.fault("crop_mode \(mode) is not known; this version has center") }
    }

    public var summary: String {
        "\(size.height)×\(size.width), crop \(cropFraction), \(interpolation.rawValue), mean \(mean), deviation \(deviation)"
    }

    public func prepare(_ sample: Sample) throws -> Tensor {
        guard let url = sample.image else { throw BraidError(.internal, "sample \(sample.id) has no image to prepare") }
        let image = try ImageDecoder.decode(url, background: background)
        let target = resizedSize(image)
        guard target.height * target.width <= Self.maxResizedPixels else {
            throw DecodeError(path: url.path, reason: "is too long and thin to resize (\(image.width)×\(image.height))")
        }
        return try tensor(image)
    }

    /// `[3, H, W]`, normalised.
    public func tensor(_ image: Image) throws -> Tensor {
        let pixels = try Tensor(image.pixels, shape: [1, image.height, image.width, 3]).permuted([0, 3, 1, 2])
        let target = resizedSize(image)
        let isRightSize = target.height == image.height && target.width == image.width
        let resized =
            isRightSize ? pixels : try pixels.resized(height: target.height, width: target.width, interpolation: interpolation)
        let cropped = try resized.slice(2, offset(target.height, size.height)).slice(3, offset(target.width, size.width))
        let scaled = try cropped.squeezed(0).converted(to: .float32).scaled(by: 1 / 255)
        let shift = try Tensor(mean, shape: [3, 1, 1])
        return try ((scaled - shift) / Tensor(deviation, shape: [3, 1, 1])).contiguous()
    }

    public func collate(_ prepared: [Tensor]) throws -> EncoderInput {
        EncoderInput(values: try Tensor.stack(prepared).channelsLast())
    }

    /// The short side becomes the crop's size over its fraction, the long side keeps the proportion, as torchvision's Resize.
    private func resizedSize(_ image: Image) -> (height: Int, width: Int) {
        let short = Int(Double(size.height) / cropFraction)
        if image.width <= image.height {
            return (max(short, short * image.height / image.width), short)
        }
        return (short, max(short, short * image.width / image.height))
    }

    /// Where the centre crop starts: halves go to the even number, as Python rounds.
    private func offset(_ full: Int, _ crop: Int) -> Range<Int> {
        let start = Int((Double(full - crop) / 2).rounded(.toNearestOrEven))
        return start..<start + crop
    }
}
