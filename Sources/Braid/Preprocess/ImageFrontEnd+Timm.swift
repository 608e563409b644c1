internal import Torch

extension ImageFrontEnd {
    /// timm's evaluation transform, from a `pretrained_cfg`.
    init(timm settings: JSONObject) throws {
        let input = try settings.ints("input_size", [3, 224, 224])
        guard input.count == 3, input[0] == 3, input[1] > 0, input[2] > 0, max(input[1], input[2]) <= Self.maxSide else {
            throw settings.fault("input_size must be [3, height, width], each side at most \(Self.maxSide)")
        }
        let fraction = try settings.double("crop_pct", 0.875)
        guard (0.05...1).contains(fraction) else { throw settings.fault("crop_pct must lie in 0.05 ... 1") }
        let height = Int(bounded: Double(input[1]) / fraction)
        let width = Int(bounded: Double(input[2]) / fraction)
        interpolation = try settings.interpolation("interpolation", "bicubic")
        let means = try settings.doubles("mean", Self.imageNetMean)
        mean = means.map(Float.init)
        deviation = try settings.doubles("std", Self.imageNetDeviation).map(Float.init)
        var crop = Crop(height: input[1], width: input[2])
        let mode = try settings.string("crop_mode", "center")
        switch mode {
        case "center": resize = height == width ? .short(height) : .cover(height: height, width: width)
        case "squash": resize = .exact(height: height, width: width)
        case "border":
            resize = .contain(height: height, width: width)
            crop.fill = means.map { Float((255 * $0).rounded(.toNearestOrEven)) }
        default: throw settings.fault("crop_mode \(mode) is not known; this version has center, squash and border")
        }
        self.crop = crop
        guard let level = UInt8(exactly: try settings.int("background", 255)) else {
            throw settings.fault("background must be a grey level, 0 to 255")
        }
        background = level
        try check(settings, "mean", "std")
    }

    /// The settings as a `pretrained_cfg`; for those of `torchvision`, which come without a file.
    var fields: [String: Any] {
        let crop = crop ?? Crop(height: 224, width: 224)
        guard case .short(let side) = resize else { return [:] }
        return [
            "input_size": [3, crop.height, crop.width], "crop_pct": Double(crop.height) / Double(side),
            "interpolation": interpolation.rawValue, "mean": mean, "std": deviation, "background": Int(background),
        ]
    }

    func check(_ settings: JSONObject, _ meanName: String, _ deviationName: String) throws {
        guard mean.count == 3, deviation.count == 3, deviation.allSatisfy({ $0 > 0 }), mean.allSatisfy(\.isFinite) else {
            throw settings.fault("\(meanName) and \(deviationName) must hold three numbers, \(deviationName) above 0")
        }
    }
}

extension JSONObject {
    fileprivate func interpolation(_ name: String, _ fallback: String) throws -> ResizeFilter {
        let text = try string(name, fallback)
        guard let filter = ResizeFilter(rawValue: text) else {
            let known = ResizeFilter.allCases.map(\.rawValue).joined(separator: ", ")
            throw fault("\(name) \(text) is not one of \(known)")
        }
        return filter
    }
}
