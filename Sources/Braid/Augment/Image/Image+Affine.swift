internal import Foundation

/// Moves of a whole picture, each pixel taken from the nearest, black where there is none: torchvision's `affine` and `rotate` with
/// `InterpolationMode.NEAREST`.
extension Image {
    /// Moved by whole pixels.
    func moved(x: Int, y: Int) -> Image { sampled([1, 0, Double(-x), 0, 1, Double(-y)]) }

    /// Slanted about the upper left corner: a row by `horizontally` times its distance from the top, a column by `vertically` times its
    /// distance from the left.
    func sheared(horizontally: Double, vertically: Double) -> Image {
        let (x, y) = (-Double(width) / 2, -Double(height) / 2)
        // The inverse, which says where each pixel comes from.
        let (a, b, c, d) = (1.0, -horizontally, -vertically, 1 + horizontally * vertically)
        let inverse = [d, -b, -c, a]
        return sampled([
            inverse[0], inverse[1], x - inverse[0] * x - inverse[1] * y, inverse[2], inverse[3],
            y - inverse[2] * x - inverse[3] * y,
        ])
    }

    /// Turned about the middle, against the clock.
    func rotated(degrees: Double) -> Image {
        let angle = -degrees * .pi / 180
        return sampled([cos(angle), sin(angle), 0, -sin(angle), cos(angle), 0])
    }

    /// - Parameter matrix: Where a pixel comes from, two rows of three, counted from the middle.
    private func sampled(_ matrix: [Double]) -> Image {
        var result = [UInt8](repeating: 0, count: pixels.count)
        let (middleX, middleY) = (Double(width - 1) / 2, Double(height - 1) / 2)
        for y in 0..<height {
            for x in 0..<width {
                let (fromMiddleX, fromMiddleY) = (Double(x) - middleX, Double(y) - middleY)
                let fromX = matrix[0] * fromMiddleX + matrix[1] * fromMiddleY + matrix[2] + middleX
                let fromY = matrix[3] * fromMiddleX + matrix[4] * fromMiddleY + matrix[5] + middleY
                let (column, row) = (Int(fromX.rounded(.toNearestOrEven)), Int(fromY.rounded(.toNearestOrEven)))
                guard (0..<width).contains(column), (0..<height).contains(row) else { continue }
                let (from, to) = (3 * (row * width + column), 3 * (y * width + x))
                for channel in 0..<3 { result[to + channel] = pixels[from + channel] }
            }
        }
        return Image(width: width, height: height, pixels: result)
    }
}
