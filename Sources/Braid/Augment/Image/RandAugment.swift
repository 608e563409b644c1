internal import Foundation

extension AugmentationKind {
    /// Some operations drawn from fourteen, all of one magnitude.
    static let randAugment = AugmentationKind(
        name: "randaugment", modality: .image, paper: "Cubuk et al. 2019, arXiv:1909.13719"
    ) { reader, keys in
        let count = keys.int(
            &reader, "randaugment", .init(none: 0, light: 0, strong: 2), 0...14,
            "How many operations of RandAugment a picture goes through, of torchvision's fourteen; 0: none.")
        let magnitude = keys.int(
            &reader, "randaugment_magnitude", .init(none: 9, light: 9, strong: 9), 0...30, "How far they go, of 30.",
            with: ("randaugment above 0", count > 0))
        guard count > 0 else { return nil }
        return Augmentation(
            "randaugment", "RandAugment \(count), magnitude \(magnitude)",
            .picture { picture, draws in
                (0..<count).reduce(picture) { picture, _ in
                    let operation = PictureOperation.allCases[draws.below(PictureOperation.allCases.count)]
                    let isNegative = draws.chance(0.5)
                    return operation(picture, magnitude: magnitude, isNegative: isNegative)
                }
            })
    }
}

/// The operations of RandAugment with torchvision's magnitudes, on bytes.
enum PictureOperation: String, CaseIterable {
    case identity, shearX, shearY, translateX, translateY, rotate, brightness, saturation, contrast, sharpness, posterize, solarize
    case autoContrast, equalize

    /// The greatest magnitude, 30.
    static let steps = 30

    /// - Parameters:
    ///   - magnitude: 0 to 30.
    ///   - isNegative: Whether an operation that has two directions goes the other way.
    func callAsFunction(_ picture: Image, magnitude: Int, isNegative: Bool) -> Image {
        let share = Double(magnitude) / Double(Self.steps)
        let sign = isNegative ? -1.0 : 1
        // As torch's `linspace` has it, in single precision and from the nearer end.
        let step = Float(0.9) / Float(Self.steps)
        let strength = magnitude * 2 < Self.steps ? step * Float(magnitude) : 0.9 - step * Float(Self.steps - magnitude)
        let factor = 1 + sign * Double(strength)
        switch self {
        case .identity: return picture
        case .shearX: return picture.sheared(horizontally: sign * 0.3 * share, vertically: 0)
        case .shearY: return picture.sheared(horizontally: 0, vertically: sign * 0.3 * share)
        case .translateX: return picture.moved(x: Int(bounded: sign * 150.0 / 331 * Double(picture.width) * share), y: 0)
        case .translateY: return picture.moved(x: 0, y: Int(bounded: sign * 150.0 / 331 * Double(picture.height) * share))
        case .rotate: return picture.rotated(degrees: sign * 30 * share)
        case .brightness: return picture.brightened(factor)
        case .saturation: return picture.saturated(factor)
        case .contrast: return picture.contrasted(factor)
        case .sharpness: return picture.sharpened(factor)
        case .posterize: return picture.posterized(bits: 8 - Int(bounded: (4 * share).rounded(.toNearestOrEven)))
        case .solarize: return picture.solarized(from: 255 * (1 - share))
        case .autoContrast: return picture.autoContrasted()
        case .equalize: return picture.equalized()
        }
    }
}
