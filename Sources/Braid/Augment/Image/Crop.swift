internal import Foundation

extension AugmentationKind {
    /// A part of the picture, of a size, a proportion and a place drawn, in place of the front end's crop.
    static let crop = AugmentationKind(
        name: "crop", modality: .image, paper: "Szegedy et al. 2015, arXiv:1409.4842"
    ) { reader, keys in
        let least = keys.double(
            &reader, "crop", .init(none: 1, light: 0.5, strong: 0.2), 0.01...1,
            "The least share of a picture's area that a random crop keeps; its proportion is 3:4 to 4:3, stretched to what the encoder takes. 1: the front end's own crop."
        )
        guard least < 1 else { return nil }
        return Augmentation(
            "crop", "crop of \(least) to 1",
            .region { height, width, draws in RandomArea(share: least...1, ratio: 3.0 / 4...4.0 / 3).region(height, width, &draws) }
        )
    }
}

/// A rectangle of a drawn area and proportion, as torchvision's `RandomResizedCrop` and `RandomErasing` draw it.
struct RandomArea {
    /// Of the picture's area.
    let share: ClosedRange<Double>
    /// Of width to height.
    let ratio: ClosedRange<Double>

    /// How often is drawn before the middle is taken: some proportions do not fit into some pictures.
    private static let tries = 10

    /// A rectangle that fits; nil where none of those drawn does.
    func fitting(_ height: Int, _ width: Int, _ draws: inout Draws) -> Image.Region? {
        let logarithms = log(ratio.lowerBound)...log(ratio.upperBound)
        for _ in 0..<Self.tries {
            let area = Double(height * width) * draws.uniform(share)
            let proportion = exp(draws.uniform(logarithms))
            let w = Int(bounded: (area * proportion).squareRoot().rounded())
            let h = Int(bounded: (area / proportion).squareRoot().rounded())
            guard (1...width).contains(w), (1...height).contains(h) else { continue }
            return Image.Region(top: draws.below(height - h + 1), left: draws.below(width - w + 1), height: h, width: w)
        }
        return nil
    }

    /// The same, or the middle, as much of it as has a proportion of the range.
    func region(_ height: Int, _ width: Int, _ draws: inout Draws) -> Image.Region {
        if let fitting = fitting(height, width, &draws) { return fitting }
        let own = Double(width) / Double(height)
        let w = own > ratio.upperBound ? Int((Double(height) * ratio.upperBound).rounded()) : width
        let h = own < ratio.lowerBound ? Int((Double(width) / ratio.lowerBound).rounded()) : height
        let (h1, w1) = (min(max(1, h), height), min(max(1, w), width))
        return Image.Region(top: (height - h1) / 2, left: (width - w1) / 2, height: h1, width: w1)
    }
}
