internal import Torch

extension ImageFrontEnd {
    /// OpenCLIP's evaluation transform, from an `open_clip_config.json`: pictures as large as the picture tower takes them.
    init(openCLIP config: JSONObject) throws {
        let settings = try config.object("preprocess_cfg")
        let vision = try config.object("model_cfg").object("vision_cfg")
        let own = settings.has("size")
        let size = try own ? settings.sides("size", 224) : vision.sides("image_size", 224)
        guard size.height == size.width, (1...Self.maxSide).contains(size.height) else {
            throw (own ? settings : vision).fault("pictures must be squares of at most \(Self.maxSide) pixels in this version")
        }
        let side = size.height
        let mode = try settings.string("resize_mode", "shortest")
        switch mode {
        case "shortest": (resize, crop) = (.short(side), Crop(height: side, width: side))
        case "squash": (resize, crop) = (.exact(height: side, width: side), nil)
        default: throw settings.fault("resize_mode \(mode) is not known; this version has shortest and squash")
        }
        let filter = try settings.string("interpolation", "bicubic")
        guard filter == "bicubic" || filter == "bilinear", let known = ResizeFilter(rawValue: filter) else {
            throw settings.fault("interpolation \(filter) is not known; this version has bicubic and bilinear")
        }
        interpolation = known
        mean = try settings.doubles("mean", [0.48145466, 0.4578275, 0.40821073]).map(Float.init)
        deviation = try settings.doubles("std", [0.26862954, 0.26130258, 0.27577711]).map(Float.init)
        try check(settings, "mean", "std")
    }
}
