internal import CImageCodecs
internal import Torch

/// The filters that pictures are resized with, by the names that timm and Pillow give them.
public enum ResizeFilter: String, Sendable, CaseIterable {
    /// Takes the nearest pixel, without any averaging.
    case nearest
    /// The mean of the pixels that fall together.
    case box
    /// A triangle filter, as wide as the scale asks for.
    case bilinear
    /// Hamming's window, as wide as the scale asks for.
    case hamming
    /// A cubic filter, as wide as the scale asks for.
    case bicubic
    /// A filter of three lobes, as wide as the scale asks for.
    case lanczos

    /// Pillow's number of the filter, as `preprocessor_config.json` has it.
    var number: Int32 {
        switch self {
        case .nearest: Int32(CIC_NEAREST)
        case .box: Int32(CIC_BOX)
        case .bilinear: Int32(CIC_BILINEAR)
        case .hamming: Int32(CIC_HAMMING)
        case .bicubic: Int32(CIC_BICUBIC)
        case .lanczos: Int32(CIC_LANCZOS)
        }
    }

    /// torch's filter of that name; nil where it has none.
    var torch: Tensor.Interpolation? { Tensor.Interpolation(rawValue: rawValue) }
}

/// Whose arithmetic a resize follows: both are antialiased, and differ by a level here and there.
public enum ResizeArithmetic: String, Sendable {
    /// Pillow's, which timm, torchvision on pictures of Pillow, and Transformers' processors that are not "fast" use.
    case pillow
    /// That of torch on bytes, which Transformers' "fast" processors use.
    case torch
}

extension Image {
    /// The picture in another size.
    ///
    /// - Throws: `BraidError` where `arithmetic` has no such filter, or memory is lacking; `TorchError` where libtorch fails.
    public func resized(
        height: Int, width: Int, _ filter: ResizeFilter, _ arithmetic: ResizeArithmetic = .pillow
    ) throws -> Image {
        guard (height, width) != (self.height, self.width) else { return self }
        switch arithmetic {
        case .pillow: return try resizedByPillow(height, width, filter)
        case .torch:
            guard let interpolation = filter.torch else {
                throw BraidError(.badConfiguration, "torch resizes by nearest, bilinear and bicubic, not by \(filter.rawValue)")
            }
            let resized = try tensor().resized(height: height, width: width, interpolation: interpolation)
            return Image(width: width, height: height, pixels: try resized.permuted([0, 2, 3, 1]).bytes())
        }
    }

    private func resizedByPillow(_ height: Int, _ width: Int, _ filter: ResizeFilter) throws -> Image {
        let limit = 0...Int(CIC_MAX_SIDE)
        guard [height, width, self.height, self.width].allSatisfy(limit.contains) else {
            throw BraidError(.badData, "a picture of \(self.width)×\(self.height) cannot be resized to \(width)×\(height)")
        }
        var message = [CChar](repeating: 0, count: Int(CIC_MESSAGE_SIZE))
        var status: Int32 = 0
        let resized = [UInt8](unsafeUninitializedCapacity: 3 * width * height) { buffer, count in
            status = cic_resize(
                pixels, UInt32(self.width), UInt32(self.height), UInt32(width), UInt32(height), filter.number, buffer.baseAddress,
                &message)
            count = status == 0 ? buffer.count : 0
        }
        guard status == 0 else {
            throw BraidError(
                .internal,
                "a picture cannot be resized: \(String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))"
            )
        }
        return Image(width: width, height: height, pixels: resized)
    }
}
