extension Image {
    /// A rectangle of a picture, in pixels.
    public struct Region: Sendable, Equatable {
        /// The rows above it.
        public let top: Int
        /// The columns left of it.
        public let left: Int
        /// Its rows.
        public let height: Int
        /// Its columns.
        public let width: Int

        /// Makes one from its parts.
        public init(top: Int, left: Int, height: Int, width: Int) {
            (self.top, self.left, self.height, self.width) = (top, left, height, width)
        }
    }

    /// A part of the picture, as far as it lies within it.
    public func cut(_ region: Region) -> Image {
        let (top, left) = (max(0, min(region.top, height)), max(0, min(region.left, width)))
        let (bottom, right) = (
            max(top, min(region.top + region.height, height)), max(left, min(region.left + region.width, width))
        )
        guard (bottom - top, right - left) != (height, width) else { return self }
        var part: [UInt8] = []
        part.reserveCapacity(3 * (bottom - top) * (right - left))
        for row in top..<bottom { part += pixels[3 * (row * width + left)..<3 * (row * width + right)] }
        return Image(width: right - left, height: bottom - top, pixels: part)
    }

    /// The picture with left and right exchanged.
    public func mirrored() -> Image {
        var mirrored = [UInt8](repeating: 0, count: pixels.count)
        for row in 0..<height {
            for column in 0..<width {
                let (from, to) = (3 * (row * width + column), 3 * (row * width + width - 1 - column))
                for channel in 0..<3 { mirrored[to + channel] = pixels[from + channel] }
            }
        }
        return Image(width: width, height: height, pixels: mirrored)
    }
}
