internal import Torch

extension AugmentationKind {
    /// A rectangle of the normalised picture set to 0, the mean colour of what the weights were trained on.
    static let erasing = AugmentationKind(
        name: "erasing", modality: .image, paper: "Zhong et al. 2017, arXiv:1708.04896"
    ) { reader, keys in
        let chance = keys.double(
            &reader, "erasing", .init(none: 0, light: 0, strong: 0.25), 0...1,
            "The chance that a rectangle of 2 to 33 % of a picture is erased: set to the mean colour.")
        guard chance > 0 else { return nil }
        let area = RandomArea(share: 0.02...0.33, ratio: 0.3...3.3)
        return Augmentation(
            "erasing", "erasing \(chance)",
            .prepared { picture, draws in
                guard draws.chance(chance), picture.shape.count == 3,
                    let region = area.fitting(picture.shape[1], picture.shape[2], &draws)
                else { return picture }
                return try picture.erased(region)
            })
    }
}

extension Tensor {
    /// A picture `[3, H, W]` with a part of it set to 0, laid out in memory as before.
    func erased(_ region: Image.Region) throws -> Tensor {
        let (height, width) = (shape[1], shape[2])
        let rows = (0..<height).map { Float(($0 >= region.top && $0 < region.top + region.height) ? 1 : 0) }
        let columns = (0..<width).map { Float(($0 >= region.left && $0 < region.left + region.width) ? 1 : 0) }
        let inside = try Tensor(rows, shape: [height, 1]) * Tensor(columns, shape: [1, width])
        return try self * inside.scaled(by: -1).adding(1)
    }
}
