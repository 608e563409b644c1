internal import Foundation
public import Torch

/// How JPEGs are decoded that are far larger than the picture an encoder takes.
public enum JPEGDecoding: String, Sendable, CaseIterable {
    /// In full size, as the reference implementations decode.
    case exact
    /// At a half, a quarter or an eighth of their size where that is enough: much faster, with nearly the same pixels.
    case scaled
}

/// Resizes, crops, scales and normalises pictures as the weights expect it.
public struct ImageFrontEnd: FrontEnd, Equatable {
    /// How a picture's size changes, in pixels.
    public enum Resize: Sendable, Equatable {
        /// The picture keeps its size.
        case none
        /// The short side becomes this long; the long one follows in proportion, cut to a whole number.
        case short(Int)
        /// Both sides become this long, whatever the picture's proportion.
        case exact(height: Int, width: Int)
        /// The proportion is kept, and each side becomes at least this long.
        case cover(height: Int, width: Int)
        /// The proportion is kept, and each side becomes at most this long.
        case contain(height: Int, width: Int)
    }

    /// The part that is cut from the middle; what of it lies outside the picture is filled.
    public struct Crop: Sendable, Equatable {
        /// The height of the part, in pixels.
        public var height: Int
        /// The width of the part, in pixels.
        public var width: Int
        /// Whether a start that lies between two pixels is rounded down; else to the even one, as Python rounds.
        public var roundsDown = false
        /// The red, green and blue, 0 to 255, of what lies outside the picture.
        public var fill: [Float] = [0, 0, 0]
    }

    /// What is done to the picture's size first.
    public var resize: Resize
    /// What is cut out behind the resize; nil keeps the whole picture.
    public var crop: Crop?
    /// The filter of the resize.
    public var interpolation: ResizeFilter
    /// Whose arithmetic the resize follows.
    public var arithmetic = ResizeArithmetic.pillow
    /// The factor on each value, which is 0 to 255 before.
    public var scale = Float(1) / 255
    /// What is added to each scaled value: -1 where Transformers' EfficientNet asks for `rescale_offset`.
    public var shift: Float = 0
    /// The red, green and blue that are subtracted from scaled values.
    public var mean: [Float]
    /// The red, green and blue that values are divided by after the mean is subtracted.
    public var deviation: [Float]
    /// Whether values are scaled first and resized as float32, by torch, as DINOv3's processor does it; else bytes are resized.
    public var resizesFloats = false
    /// Whether values are divided by `deviation` once more, as Transformers' EfficientNet processor does with `include_top`.
    public var dividesTwice = false
    /// The grey level behind transparent pixels, 0 to 255; white where timm's `background` does not say otherwise.
    public var background: UInt8 = 255
    /// Whether JPEGs that are far too large are decoded at a fraction of their size.
    public var decoding = JPEGDecoding.exact
    private static let maxResizedPixels = 50_000_000
    static let maxSide = 65_536

    /// The size, the crop, the filter and the normalisation, in a line.
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
        let filter = interpolation.rawValue + (arithmetic == .torch ? " as torch has it" : "")
        return "\(size)\(cut)\(scaled), \(filter), mean \(mean), deviation \(deviation)"
    }

    /// The sides in pixels; that of the short one where the other follows in proportion.
    public var inputSize: String {
        if let crop { return "\(crop.height)×\(crop.width)" }
        switch resize {
        case .none: return "any size"
        case .short(let side): return "\(side)×…"
        case .exact(let height, let width), .cover(let height, let width), .contain(let height, let width):
            return "\(height)×\(width)"
        }
    }

    /// How many pixels a picture has as the encoder takes it; nil where that depends on the picture.
    var inputPixels: Int? {
        if let crop { return crop.height * crop.width }
        switch resize {
        case .exact(let height, let width): return height * width
        case .none, .short, .cover, .contain: return nil
        }
    }

    /// Decodes and prepares a picture: float32 `[3, H, W]`, channels last in memory.
    ///
    /// - Throws: `DecodeError` where the picture cannot be decoded, or would become too large.
    public func prepare(_ medium: Medium) throws -> Tensor { try tensor(decoded(medium)) }

    /// Decodes a picture, and looks whether it can be resized.
    ///
    /// - Throws: `DecodeError`.
    public func check(_ medium: Medium) throws { _ = try decoded(medium) }

    func decoded(_ medium: Medium) throws -> Image {
        let wanted: ((Int, Int) -> (height: Int, width: Int))? = decoding == .scaled ? { resizedSize($0, $1) } : nil
        let image = try ImageDecoder.decode(medium, background: background, atLeast: wanted)
        let target = resizedSize(image.height, image.width)
        guard target.height * target.width <= Self.maxResizedPixels else {
            throw DecodeError(path: medium.name, reason: "is too long and thin to resize (\(image.width)×\(image.height))")
        }
        if inputPixels == nil, target.height * target.width > Limit.inputPixels.value {
            let size = "becomes \(target.width)×\(target.height) pixels for the encoder"
            throw DecodeError(path: medium.name, reason: Limit.inputPixels.fault(size).message)
        }
        return image
    }

    /// Prepares a decoded picture: float32 `[3, H, W]`, channels last in memory.
    ///
    /// - Throws: `TorchError` where libtorch fails.
    public func tensor(_ image: Image) throws -> Tensor {
        let target = resizedSize(image.height, image.width)
        if resizesFloats, let filter = interpolation.torch {
            let values = try image.tensor().converted(to: .float32).scaled(by: Double(scale))
                .resized(height: target.height, width: target.width, interpolation: filter)
            let cut = try crop.map { try $0.cut(values) } ?? values
            return try ((cut - Tensor(mean, shape: [3, 1, 1])) / Tensor(deviation, shape: [3, 1, 1])).squeezed(0)
        }
        let resized = try image.resized(height: target.height, width: target.width, interpolation, arithmetic)
        // Where the cut needs no filling, pixels are bytes to the end.
        let crop = crop ?? Crop(height: resized.height, width: resized.width)
        guard let place = crop.place(in: resized) else { return try filled(resized, crop) }
        return try normalized(resized, place.rows, place.columns)
    }

    /// Where the cut reaches over the picture's edge.
    private func filled(_ image: Image, _ crop: Crop) throws -> Tensor {
        var values = try crop.cut(image.tensor()).squeezed(0).scaled(by: Double(scale))
        if shift != 0 { values = try values.adding(Double(shift)) }
        let spread = try Tensor(deviation, shape: [3, 1, 1])
        values = try (values - Tensor(mean, shape: [3, 1, 1])) / spread
        return try dividesTwice ? values / spread : values
    }

    /// Part of a picture to float32 `[3, H, W]`: each of the 256 values a channel can have is computed once.
    func normalized(_ image: Image, _ rows: Range<Int>, _ columns: Range<Int>) throws -> Tensor {
        let table = (0..<3 * 256).map { place -> Float in
            let (channel, byte) = (place / 256, place % 256)
            let value = (Float(byte) * scale + shift - mean[channel]) / deviation[channel]
            return dividesTwice ? value / deviation[channel] : value
        }
        let values = [Float](unsafeUninitializedCapacity: 3 * rows.count * columns.count) { buffer, count in
            image.pixels.withUnsafeBufferPointer { bytes in
                table.withUnsafeBufferPointer { table in
                    for row in rows {
                        let start = 3 * (row * image.width + columns.lowerBound)
                        for place in stride(from: start, to: start + 3 * columns.count, by: 3) {
                            buffer[count] = table[Int(bytes[place])]
                            buffer[count + 1] = table[256 + Int(bytes[place + 1])]
                            buffer[count + 2] = table[512 + Int(bytes[place + 2])]
                            count += 3
                        }
                    }
                }
            }
        }
        return try Tensor(values, shape: [rows.count, columns.count, 3]).permuted([2, 0, 1])
    }

    /// Puts prepared pictures `[3, H, W]` of one size into a batch, `[B, 3, H, W]`, channels last in memory.
    ///
    /// - Throws: `TorchError` where their sizes differ.
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

    /// The evaluation transform of torchvision, for weights that come as a bare file.
    ///
    /// - Parameters:
    ///   - resize: What the short side becomes, in pixels.
    ///   - crop: The side of the square that is cut from the middle, in pixels.
    ///   - interpolation: The filter that pictures are resized with.
    public static func torchvision(resize: Int, crop: Int, _ interpolation: ResizeFilter) -> ImageFrontEnd {
        ImageFrontEnd(
            resize: .short(resize), crop: Crop(height: crop, width: crop), interpolation: interpolation,
            mean: imageNetMean.map(Float.init), deviation: imageNetDeviation.map(Float.init))
    }

    /// The front end a weights folder states: timm's `pretrained_cfg`, OpenCLIP's `preprocess_cfg`, or Transformers' `preprocessor_config.json`; of models of several modalities the
    /// `image_processor` of `processor_config.json`, which newer versions write in place of that.
    ///
    /// `bare` is taken where weights come as a bare file, without a folder.
    ///
    /// - Throws: `BraidError` where the folder states none, or states what this version does not do.
    public init(
        _ source: EncoderSource, bare: ImageFrontEnd = .torchvision(resize: 256, crop: 224, .bilinear)
    ) throws {
        if source.config.has("pretrained_cfg") {
            try self.init(timm: source.config.object("pretrained_cfg"))
        } else if source.config.has("model_cfg") {
            try self.init(openCLIP: source.config)
        } else if let settings = try source.file("processor_config.json"), settings.has("image_processor") {
            try self.init(transformers: settings.object("image_processor"))
        } else if let settings = try source.file("preprocessor_config.json") {
            try self.init(transformers: settings)
        } else if source.config.fields.isEmpty || source.isOutline {
            self = bare
        } else {
            throw source.config.fault(
                "neither pretrained_cfg nor a preprocessor_config.json: nothing says how pictures were prepared for these weights")
        }
        decoding = source.options.decoding ?? .exact
        if let inputPixels, inputPixels > Limit.inputPixels.value {
            throw Limit.inputPixels.exceeded(
                "pictures of \(inputPixels) pixels (\(inputSize)) for the encoder", file: source.config.path)
        }
    }
}

extension ImageFrontEnd.Crop {
    /// The rows and columns of a picture that it takes; nil where it reaches over an edge.
    func place(in image: Image) -> (rows: Range<Int>, columns: Range<Int>)? {
        guard height <= image.height, width <= image.width else { return nil }
        return (range(image.height, height), range(image.width, width))
    }

    /// `[1, 3, H, W]` to float32 `[1, 3, height, width]`, what lies outside the picture filled.
    func cut(_ picture: Tensor) throws -> Tensor {
        let lacking = (height: max(0, height - picture.shape[2]), width: max(0, width - picture.shape[3]))
        let before = { (count: Int) in roundsDown ? (count + 1) / 2 : count / 2 }
        let (top, left) = (before(lacking.height), before(lacking.width))
        let color = try Tensor(fill, shape: [3, 1, 1])
        // Padding is with zeros, so that the colour is taken off before and put back behind.
        let values =
            try (picture.converted(to: .float32) - color)
            .padded([left, lacking.width - left, top, lacking.height - top]) + color
        return try values.slice(2, range(values.shape[2], height)).slice(3, range(values.shape[3], width))
    }

    private func range(_ full: Int, _ part: Int) -> Range<Int> {
        let half = Double(full - part) / 2
        let start = Int(bounded: half.rounded(roundsDown ? .down : .toNearestOrEven))
        return start..<start + part
    }
}
