internal import Torch

extension ImageFrontEnd {
    /// Transformers' image processors, from a `preprocessor_config.json`: ViT's, DeiT's, CLIP's, SigLIP's, BiT's (DINOv2's too), DINOv3's,
    /// ConvNeXT's (ResNet's too), MobileNetV2's and EfficientNet's. What the file leaves out is the class's default.
    init(transformers settings: JSONObject) throws {
        let defaults = try ProcessorDefaults(settings)
        let half = [0.5, 0.5, 0.5]
        let normalizes = try settings.bool("do_normalize", true)
        mean = try (normalizes ? settings.doubles("image_mean", defaults.mean ?? half) : [0, 0, 0]).map(Float.init)
        let spread = try settings.doubles("image_std", defaults.deviation ?? half).map(Float.init)
        deviation = normalizes ? spread : [1, 1, 1]
        scale = try settings.bool("do_rescale", true) ? Float(settings.double("rescale_factor", 1 / 255.0)) : 1
        interpolation = try settings.resampling(defaults.resample)
        arithmetic = defaults.arithmetic
        resizesFloats = defaults.kind == .dinoV3
        guard (arithmetic == .pillow && !resizesFloats) || interpolation.torch != nil else {
            throw settings.fault("resample \(interpolation.number) is not one of a fast processor: expected 0 (nearest), 2 or 3")
        }
        let cropsCenter = try settings.bool("do_center_crop", defaults.crops)
        crop = cropsCenter ? Crop(try settings.size("crop_size", defaults.cropSize, isSquare: true)) : nil
        resize = .none
        if try settings.bool("do_resize", true) {
            let size = try settings.size("size", defaults.size, isSquare: defaults.isSquare)
            (resize, crop) = try defaults.kind == .convNeXt ? Self.convNeXt(settings, size, crop) : (size.resize, crop)
        }
        if defaults.kind == .efficientNet {
            if try settings.bool("rescale_offset", false) { shift = -1 }
            if try settings.bool("include_top", true) {
                // It divides once more, whether it normalised or not.
                deviation = spread
                dividesTwice = normalizes
            }
        }
        try check(settings, "image_mean", "image_std")
        let isFixed: Bool =
            switch resize {
            case .exact: true
            default: crop != nil
            }
        guard isFixed else {
            throw settings.fault(
                "pictures keep sizes of their own: give size a height and width, or crop_size with do_center_crop true")
        }
    }

    /// Below 384 the short side is enlarged and the middle cut out, from 384 on pictures are squeezed into the square.
    private static func convNeXt(_ settings: JSONObject, _ size: ProcessorSize, _ crop: Crop?) throws -> (Resize, Crop?) {
        guard case .short(let side) = size, crop == nil else {
            throw settings.fault("a ConvNeXT processor needs size.shortest_edge, and no do_center_crop in this version")
        }
        guard side < 384 else { return (.exact(height: side, width: side), nil) }
        let fraction = try settings.double("crop_pct", 224 / 256.0)
        guard (0.05...1).contains(fraction) else { throw settings.fault("crop_pct must lie in 0.05 ... 1") }
        return (.short(Int(bounded: Double(side) / fraction)), Crop(.short(side)))
    }
}

extension ImageFrontEnd.Crop {
    fileprivate init(_ size: ProcessorSize) {
        switch size {
        case .short(let side): self.init(height: side, width: side, roundsDown: true)
        case .exact(let height, let width): self.init(height: height, width: width, roundsDown: true)
        }
    }
}

/// A `size` or `crop_size`.
private enum ProcessorSize {
    case short(Int)
    case exact(Int, Int)

    var resize: ImageFrontEnd.Resize {
        switch self {
        case .short(let side): .short(side)
        case .exact(let height, let width): .exact(height: height, width: width)
        }
    }
}

/// What the classes of image processors take for granted.
private struct ProcessorDefaults {
    enum Kind: String, CaseIterable {
        case viT = "ViT"
        case deiT = "DeiT"
        case clip = "CLIP"
        case sigLIP = "Siglip"
        case biT = "Bit"
        case convNeXt = "ConvNext"
        case efficientNet = "EfficientNet"
        case mobileNetV2 = "MobileNetV2"
        case dinoV3 = "DINOv3ViT"
    }

    let kind: Kind
    /// The name of a "fast" processor stands for torch's resize. A plain name stood for Pillow's when most of these files were written, and still
    /// does where torchvision is not installed.
    let arithmetic: ResizeArithmetic
    var isSquare = true
    var size = ProcessorSize.exact(224, 224)
    var cropSize = ProcessorSize.exact(224, 224)
    var resample = 3
    var crops = false
    var mean: [Double]?
    var deviation: [Double]?

    init(_ settings: JSONObject) throws {
        let field = settings.has("image_processor_type") ? "image_processor_type" : "feature_extractor_type"
        let name = try settings.string(field)
        let stem = ["ImageProcessorFast", "ImageProcessorPil", "ImageProcessor", "FeatureExtractor"].first(where: name.hasSuffix)
        guard let stem, let kind = Kind(rawValue: String(name.dropLast(stem.count))) else {
            let known = Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw settings.fault("\(field) \(name) is not known; this version has those of \(known)")
        }
        (self.kind, arithmetic) = (kind, stem == "ImageProcessorFast" ? .torch : .pillow)
        switch kind {
        case .viT: resample = 2
        case .deiT: (size, crops) = (.exact(256, 256), true)
        case .sigLIP: isSquare = false
        case .clip, .biT:
            (isSquare, size, crops) = (false, .short(224), true)
            (mean, deviation) = ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711])
        case .convNeXt: (isSquare, size) = (false, .short(384))
        case .mobileNetV2: (isSquare, size, crops, resample) = (false, .short(256), true, 2)
        case .dinoV3:
            (isSquare, resample) = (false, 2)
            (mean, deviation) = (ImageFrontEnd.imageNetMean, ImageFrontEnd.imageNetDeviation)
        case .efficientNet: (size, cropSize) = (.exact(346, 346), .exact(289, 289))
        }
    }
}

extension JSONObject {
    /// The size under `name`: a number, `{height, width}`, or `{shortest_edge}`.
    fileprivate func size(_ name: String, _ fallback: ProcessorSize, isSquare: Bool) throws -> ProcessorSize {
        guard has(name) else { return fallback }
        let size: ProcessorSize
        if fields[name] is [String: Any] {
            let object = try object(name)
            guard !object.has("longest_edge") else {
                throw fault("\(name).longest_edge is not known; this version has shortest_edge")
            }
            size =
                object.has("shortest_edge")
                ? .short(try object.int("shortest_edge")) : .exact(try object.int("height"), try object.int("width"))
        } else {
            let side = try int(name)
            size = isSquare ? .exact(side, side) : .short(side)
        }
        let sides: [Int] =
            switch size {
            case .short(let side): [side]
            case .exact(let height, let width): [height, width]
            }
        guard sides.allSatisfy({ (1...ImageFrontEnd.maxSide).contains($0) }) else {
            throw fault("\(name) must lie in 1 ... \(ImageFrontEnd.maxSide)")
        }
        return size
    }

    /// The filter under `resample`, which is one of Pillow's numbers.
    fileprivate func resampling(_ fallback: Int) throws -> ResizeFilter {
        let number = try int("resample", fallback)
        guard let filter = ResizeFilter.allCases.first(where: { $0.number == number }) else {
            let known = ResizeFilter.allCases.sorted { $0.number < $1.number }.map { "\($0.number) (\($0.rawValue))" }
            throw fault("resample \(number) is not known; Pillow has \(known.joined(separator: ", "))")
        }
        return filter
    }
}
