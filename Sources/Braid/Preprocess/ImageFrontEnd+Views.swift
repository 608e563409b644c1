extension ImageFrontEnd {
    /// How many views of a picture there are, the one that is always shown among them: that and the four corners, each mirrored too.
    static let mostViews = 10

    /// What shows view number `number`, from 1: the mirrored one, the corners, and the mirrored corners (Krizhevsky et al. 2012's ten crops).
    func view(_ number: Int) -> DrawnAugmentation {
        let isMirrored = number == 1 || number > 5
        let corner = number == 1 ? nil : (number - 2) % 4
        var changes: [Augmentation.Change] = []
        if let corner {
            changes.append(
                .region { height, width, _ in
                    let size = cornerSize(height, width)
                    return Image.Region(
                        top: corner < 2 ? 0 : height - size.height, left: corner % 2 == 0 ? 0 : width - size.width,
                        height: size.height, width: size.width)
                })
        }
        if isMirrored { changes.append(.picture { picture, _ in picture.mirrored() }) }
        return DrawnAugmentation(changes, key: "")
    }

    /// Of a picture as much as the front end's own crop shows, in the same proportion, but never so much that corners are the whole.
    private func cornerSize(_ height: Int, _ width: Int) -> (height: Int, width: Int) {
        let resized = resizedSize(height, width)
        let shown = crop.map { (min($0.height, resized.height), min($0.width, resized.width)) } ?? resized
        let own = (
            height: Double(shown.0 * height) / Double(max(1, resized.height)),
            width: Double(shown.1 * width) / Double(max(1, resized.width))
        )
        let isWhole = own.height > Self.largestCorner * Double(height) && own.width > Self.largestCorner * Double(width)
        let scale = isWhole ? Self.largestCorner : 1
        let side = { (own: Double, full: Int) in min(full, max(1, Int((own * scale).rounded()))) }
        return (side(own.height, height), side(own.width, width))
    }

    /// The share of a side that a corner has where the front end shows the whole picture.
    private static let largestCorner = 0.875
}
