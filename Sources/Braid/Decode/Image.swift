internal import CImageCodecs
public import Foundation
public import Torch

/// A picture in 8-bit RGB, upright.
public struct Image: Sendable, Equatable {
    /// The number of pixels from left to right.
    public let width: Int
    /// The number of pixels from top to bottom.
    public let height: Int
    /// Red, green and blue of each pixel, `[height, width, 3]`, row by row from the top.
    public let pixels: [UInt8]

    /// Makes one from its parts.
    public init(width: Int, height: Int, pixels: [UInt8]) {
        self.width = width
        self.height = height
        self.pixels = pixels
    }
}

/// Reads pictures, known by their first bytes and not by their names: PNG and JPEG, and what libraries that are loaded when they are wanted read.
public enum ImageDecoder {
    /// The most pixels a picture may have: the limit `pixels`, as a rule Pillow's against decompression bombs.
    public static var maxPixels: UInt64 { UInt64(Limit.pixels.value) }

    /// Decodes a picture, and turns it upright where its EXIF orientation says so.
    ///
    /// - Parameters:
    ///   - medium: The file, or its content in memory.
    ///   - background: The grey level behind transparent pixels, 0 to 255.
    ///   - wanted: The size that is needed of a picture of some height and width. A JPEG of at least twice that is decoded at a
    ///     half, a quarter or an eighth of its size, which leaves out work, and is not quite what decoding and resizing gives. nil
    ///     decodes it whole.
    /// - Throws: `DecodeError` where the file cannot be read, is no picture of a known format, is damaged, or has too many pixels.
    public static func decode(
        _ medium: Medium, background: UInt8 = 255,
        atLeast wanted: ((_ height: Int, _ width: Int) -> (height: Int, width: Int))? = nil
    ) throws -> Image {
        try decode(medium.data(), path: medium.name, background: background, wanted)
    }

    /// Reads a file, as `decode(_:background:atLeast:)` reads a medium.
    ///
    /// - Throws: `DecodeError`.
    public static func decode(
        _ url: URL, background: UInt8 = 255, atLeast wanted: ((_ height: Int, _ width: Int) -> (height: Int, width: Int))? = nil
    ) throws -> Image {
        try decode(.file(url), background: background, atLeast: wanted)
    }

    private static func decode(
        _ data: Data, path: String, background: UInt8, _ wanted: ((Int, Int) -> (height: Int, width: Int))?
    ) throws -> Image {
        var image = cic_image()
        let message = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CIC_MESSAGE_SIZE))
        message.initialize(repeating: 0, count: Int(CIC_MESSAGE_SIZE))
        defer {
            message.deallocate()
            cic_free(&image)
        }
        guard let format = PictureFormat(data) else {
            throw DecodeError(path: path, reason: ForeignFile.reason([UInt8](data.prefix(64)), wanted: .picture))
        }
        let status = data.withUnsafeBytes { buffer in
            let bytes = buffer.bindMemory(to: UInt8.self)
            var denominator = UInt32(1)
            if let wanted, format == .jpeg {
                guard cic_describe_jpeg(bytes.baseAddress, bytes.count, &image, message) == 0 else { return Int32(1) }
                denominator = reduction(of: image, to: wanted)
            }
            return format.decode(bytes, maxPixels, denominator: denominator, &image, message)
        }
        guard status == 0, let pixels = image.pixels else {
            // Damage, or something about the format that is not read here. CFFmpeg says which by itself.
            let state = format == .bmp ? "" : status > 1 ? "is \(format.rawValue): " : "is damaged: "
            throw DecodeError(path: path, reason: state + String(cString: message))
        }
        let count = Int(image.width) * Int(image.height)
        let source = UnsafeBufferPointer(start: pixels, count: count * Int(image.channels))
        let rgb = image.channels == 4 ? composite(source, on: background) : Array(source)
        return Image(width: Int(image.width), height: Int(image.height), pixels: rgb).upright(orientation: Int(image.orientation))
    }

    /// The largest reduction that leaves what is wanted, of the picture as it is seen upright.
    private static func reduction(of image: cic_image, to wanted: (Int, Int) -> (height: Int, width: Int)) -> UInt32 {
        let isTurned = image.orientation >= 5
        let (width, height) = (Int(isTurned ? image.height : image.width), Int(isTurned ? image.width : image.height))
        let size = wanted(height, width)
        let fitting = [8, 4, 2].first { height >= $0 * size.height && width >= $0 * size.width }
        return UInt32(fitting ?? 1)
    }

    /// Lays RGBA over a grey background, rounding to nearest.
    private static func composite(_ rgba: UnsafeBufferPointer<UInt8>, on background: UInt8) -> [UInt8] {
        var rgb: [UInt8] = []
        rgb.reserveCapacity(rgba.count / 4 * 3)
        for start in stride(from: 0, to: rgba.count, by: 4) {
            let alpha = UInt32(rgba[start + 3])
            let behind = UInt32(background) * (255 - alpha)
            for channel in 0..<3 { rgb.append(UInt8((UInt32(rgba[start + channel]) * alpha + behind + 127) / 255)) }
        }
        return rgb
    }
}

extension Image {
    /// The pixels as uint8 `[1, 3, H, W]`, channels last in memory.
    ///
    /// - Throws: `TorchError` where libtorch fails.
    public func tensor() throws -> Tensor {
        try Tensor(pixels, shape: [1, height, width, 3]).permuted([0, 3, 1, 2])
    }

    /// Applies an EXIF orientation: what the camera's holder saw as up comes up.
    func upright(orientation: Int) -> Image {
        guard (2...8).contains(orientation) else { return self }
        let swaps = orientation >= 5
        let (newWidth, newHeight) = swaps ? (height, width) : (width, height)
        var turned = [UInt8](repeating: 0, count: pixels.count)
        for y in 0..<newHeight {
            for x in 0..<newWidth {
                let (fromX, fromY) = source(of: x, y, orientation)
                let from = (fromY * width + fromX) * 3
                let to = (y * newWidth + x) * 3
                for channel in 0..<3 { turned[to + channel] = pixels[from + channel] }
            }
        }
        return Image(width: newWidth, height: newHeight, pixels: turned)
    }

    /// Where the pixel that comes to (x, y) lies in the file.
    private func source(of x: Int, _ y: Int, _ orientation: Int) -> (Int, Int) {
        switch orientation {
        case 2: (width - 1 - x, y)
        case 3: (width - 1 - x, height - 1 - y)
        case 4: (x, height - 1 - y)
        case 5: (y, x)
        case 6: (y, height - 1 - x)
        case 7: (width - 1 - y, height - 1 - x)
        default: (width - 1 - y, x)
        }
    }
}
