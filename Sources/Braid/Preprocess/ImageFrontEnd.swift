internal import Foundation
public import Torch

/// How JPEGs are decoded that are far larger than the picture that is needed.
public enum JPEGDecoding: String, Sendable, CaseIterable {
    /// Whole, as the reference implementations do.
    case exact
    /// At a half, a quarter or an eighth of their size where that is enough: in a fraction of the time, to nearly the same pixels.
    case scaled
}

/// Resize, crop, scale and normalise: what weights expect to be done to a picture first.
public struct ImageFrontEnd: FrontEnd, Equatable {
    /// What the picture's size becomes, in pixels.
    public enum Resize: Sendable, Equatable {
        case none
        /// The short side becomes so long, the long one keeps the proportion, cut to a whole number.
        case short(Int)
        /// Both sides, whatever the proportion.
        case exact(height: Int, width: Int)
        /// The proportion kept, each side at least so long.
        case cover(height: Int, width: Int)
        /// The proportion kept, each side at most so long.
        case contain(height: Int, width: Int)
    }

    /// What is cut from the middle; what lies outside the picture is filled.
    public struct Crop: Sendable, Equatable {
        public var height: Int
        public var width: Int
        /// Whether halves go down; else to the even number, as Python rounds.
        public var roundsDown = false
        /// Red, green, blue of what lies outside.
        public var fill: [Float] = [0, 0, 0]
    }

    public var resize: Resize
    public var crop: Crop?
    public var interpolation: Tensor.Interpolation
    /// Times each value, 0 ... 255 before; then `shift` is added.
    public var scale = Float(1) / 255
    public var shift: Float = 0
    /// Red, green, blue, of the scaled values.
    public var mean: [Float]
    /// A second one where `dividesTwice`.
    public var deviation: [Float]
    public var dividesTwice = false
    /// What lies behind transparent pixels, as a grey level; white unless `background` says otherwise.
    public var background: UInt8 = 255
    /// Whether large JPEGs are decoded at a fraction of their size.
    public var decoding = JPEGDecoding.exact
    private static let maxResizedPixels = 50_000_000
    static let maxSide = 4096

    public var summary: String {
        let size =
            switch resize {
            case .none: "as it is"
            case .short(let side): "short side \(side)"
            case .exact(let height, let width): "\(height)×\(width)"
            case .cover(let height, let width): "at least \(height)×\(width)"
            case .contain(let height, let width): "at most \(height)×\(width)"
            }
        let cut = crop.map { ", crop \($0.height)×\($0.width)" } ?? ""
        let scaled = decoding == .scaled ? ", JPEGs scaled" : ""
        return "\(size)\(cut)\(scaled), \(interpolation.rawValue), mean \(mean), deviation \(deviation)"
    }

    public func prepare(_ sample: Sample) throws -> Tensor {
        guard let url = sample.image else { throw BraidError(.internal, "sample \(sample.id) has no image to prepare") }
        let wanted: ((Int, Int) -> (height: Int, width: Int))? = decoding == .scaled ? { resizedSize($0, $1) } : nil
        let image = try ImageDecoder.decode(url, background: background, atLeast: wanted)
        let target = resizedSize(image.height, image.width)
        guard target.height * target.width <= Self.maxResizedPixels else {
            throw DecodeError(path: url.path, reason: "is too long and thin to resize (\(image.width)×\(image.height))")
        }
        return try tensor(image)
    }

    /// `[3, H, W]`, normalised, channels last in memory.
    public func tensor(_ image: Image) throws -> Tensor {
        let pixels = try image.tensor()
        let target = resizedSize(image.height, image.width)
        let isRightSize = target.height == image.height && target.width == image.width
        let resized =
            isRightSize ? pixels : try pixels.resized(height: target.height, width: target.width, interpolation: interpolation)
        // Where the cut needs no filling, pixels are bytes to the end.
        let cut = try crop.map { try $0.cut(resized) } ?? resized
        if cut.dtype == .uint8 { return try normalized(bytes: cut) }
        var values = try cut.squeezed(0).scaled(by: Double(scale))
        if shift != 0 { values = try values.adding(Double(shift)) }
        let spread = try Tensor(deviation, shape: [3, 1, 1])
        values = try (values - Tensor(mean, shape: [3, 1, 1])) / spread
        return try dividesTwice ? values / spread : values
    }

    /// Uint8 `[1, 3, H, W]` to float32 `[3, H, W]`: each of the 256 values a channel can have is computed once.
    private func normalized(bytes picture: Tensor) throws -> Tensor {
        let (height, width) = (picture.shape[2], picture.shape[3])
        let bytes = try picture.permuted([0, 2, 3, 1]).bytes()
        let table = (0..<3 * 256).map { place -> Float in
            let (channel, byte) = (place / 256, place % 256)
            let value = (Float(byte) * scale + shift - mean[channel]) / deviation[channel]
            return dividesTwice ? value / deviation[channel] : value
        }
        let values = [Float](unsafeUninitializedCapacity: bytes.count) { buffer, count in
            bytes.withUnsafeBufferPointer { bytes in
                table.withUnsafeBufferPointer { table in
                    for start in stride(from: 0, to: bytes.count, by: 3) {
                        buffer[start] = table[Int(bytes[start])]
                        buffer[start + 1] = table[256 + Int(bytes[start + 1])]
                        buffer[start + 2] = table[512 + Int(bytes[start + 2])]
                    }
                }
            }
            count = bytes.count
        }
        return try Tensor(values, shape: [height, width, 3]).permuted([2, 0, 1])
    }

    /// `[B, 3, H, W]`, channels last in memory.
    public func collate(_ prepared: [Tensor]) throws -> EncoderInput {
        EncoderInput(values: try Tensor.stack(prepared.map { try $0.permuted([1, 2, 0]) }).permuted([0, 3, 1, 2]))
    }

    /// The size before the crop.
    func resizedSize(_ height: Int, _ width: Int) -> (height: Int, width: Int) {
        switch resize {
        case .none: return (height, width)
        case .short(let side):
            return width <= height ? (max(side, side * height / width), side) : (side, max(side, side * width / height))
        case .exact(let toHeight, let toWidth): return (toHeight, toWidth)
        case .cover(let toHeight, let toWidth):
            return scaled(height, width, by: min(Double(height) / Double(toHeight), Double(width) / Double(toWidth)))
        case .contain(let toHeight, let toWidth):
            return scaled(height, width, by: max(Double(height) / Double(toHeight), Double(width) / Double(toWidth)))
        }
    }

    private func scaled(_ height: Int, _ width: Int, by ratio: Double) -> (height: Int, width: Int) {
        let side = { (size: Int) in max(1, Int((Double(size) / ratio).rounded(.toNearestOrEven))) }
        return (side(height), side(width))
    }
}

extension ImageFrontEnd {
    static let imageNetMean: [Double] = [0.485, 0.456, 0.406]
    static let imageNetDeviation: [Double] = [0.229, 0.224, 0.225]

    /// torchvision's evaluation transform, for weights that come as a bare file.
    public static func torchvision(resize: Int, crop: Int, _ interpolation: Tensor.Interpolation) -> ImageFrontEnd {
        ImageFrontEnd(
            resize: .short(resize), crop: Crop(height: crop, width: crop), interpolation: interpolation,
            mean: imageNetMean.map(Float.init), deviation: imageNetDeviation.map(Float.init))
    }

    /// What a weights folder says: timm's `pretrained_cfg`, or Transformers' `preprocessor_config.json`.
    ///
    /// - Parameter bare: For weights that come as a bare file.
    public init(
        _ source: EncoderSource, bare: ImageFrontEnd = .torchvision(resize: 256, crop: 224, .bilinear)
    ) throws {
        if source.config.has("pretrained_cfg") {
            try self.init(timm: source.config.object("pretrained_cfg"))
        } else if let settings = try source.file("preprocessor_config.json") {
            try self.init(transformers: settings)
        } else if source.config.fields.isEmpty {
            self = bare
        } else {
            throw source.config.fault(
                "neither pretrained_cfg nor a preprocessor_config.json: nothing says how pictures were prepared for these weights")
        }
        decoding = source.options.decoding ?? .exact
    }
}

extension ImageFrontEnd.Crop {
    /// `[1, 3, H, W]` to `[1, 3, height, width]`: a view, or float32 where something had to be filled.
    fileprivate func cut(_ picture: Tensor) throws -> Tensor {
        var values = picture
        let lacking = (height: max(0, height - values.shape[2]), width: max(0, width - values.shape[3]))
        if lacking != (0, 0) {
            let before = { (count: Int) in roundsDown ? (count + 1) / 2 : count / 2 }
            let (top, left) = (before(lacking.height), before(lacking.width))
            let color = try Tensor(fill, shape: [3, 1, 1])
            values = try values.converted(to: .float32)
            // Padding is with zeros, so that the colour is taken off before and put back behind.
            values = try (values - color).padded([left, lacking.width - left, top, lacking.height - top]) + color
        }
        return try values.slice(2, range(values.shape[2], height)).slice(3, range(values.shape[3], width))
    }

    private func range(_ full: Int, _ part: Int) -> Range<Int> {
        let half = Double(full - part) / 2
        let start = Int(half.rounded(roundsDown ? .down : .toNearestOrEven))
        return start..<start + part
    }
}
