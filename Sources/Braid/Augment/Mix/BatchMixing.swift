internal import Torch

/// What is mixed with what in a batch, and how much of each stays.
struct BatchMixing: Equatable {
    /// Of a sample itself; the rest is its partner's.
    let share: Double
    /// The middle of the rectangle that cutmix pastes, from 0 to 1; nil where pictures are seen at once.
    let middle: (y: Double, x: Double)?
    /// The place in the batch of each sample's partner.
    let partners: [Int]

    static func == (left: BatchMixing, right: BatchMixing) -> Bool {
        left.share == right.share && left.partners == right.partners && left.middle?.x == right.middle?.x
            && left.middle?.y == right.middle?.y
    }

    /// With the share that a rectangle of whole pixels leaves of a picture; without pictures, everything is mixed by the share drawn.
    func fitted(height: Int, width: Int) -> (mixing: BatchMixing, region: Image.Region?) {
        guard let middle else { return (self, nil) }
        let half = 0.5 * (1 - share).squareRoot()
        // As torchvision's CutMix: what lies outside the picture is cut off.
        func side(_ middle: Double, _ size: Int) -> Range<Int> {
            let (center, reach) = (Int(bounded: middle * Double(size)), Int(bounded: half * Double(size)))
            return max(0, center - reach)..<min(size, center + reach)
        }
        let (rows, columns) = (side(middle.y, height), side(middle.x, width))
        let region = Image.Region(
            top: rows.lowerBound, left: columns.lowerBound, height: rows.count, width: columns.count)
        let pasted = Double(rows.count * columns.count) / Double(height * width)
        return (BatchMixing(share: 1 - pasted, middle: middle, partners: partners), region)
    }

    /// Prepared pictures `[3, H, W]` of the samples that have one, mixed.
    ///
    /// - Parameters:
    ///   - places: The samples' places in the batch, in the order of the pictures.
    ///   - region: The rectangle that is pasted; nil: pictures are seen at once.
    func pictures(_ pictures: [Tensor], places: [Int], region: Image.Region?) throws -> [Tensor] {
        let number = Dictionary(uniqueKeysWithValues: places.enumerated().map { ($1, $0) })
        return try zip(places, pictures).map { place, picture in
            guard let other = number[partners[place]], partners[place] != place else { return picture }
            guard let region else {
                return try picture.scaled(by: share) + pictures[other].scaled(by: 1 - share)
            }
            // What is pasted and what stays, each with zeros where the other is.
            let pasted = try pictures[other] - pictures[other].erased(region)
            return try picture.erased(region) + pasted
        }
    }
}
