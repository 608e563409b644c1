internal import Foundation

/// Changes of colours, on bytes: what torchvision's `transforms.v2.functional` does with a uint8 tensor.
extension Image {
    /// Every value times `factor`.
    func brightened(_ factor: Double) -> Image { mapped(table: (0..<256).map { Self.byte(Float($0) * Float(factor)) }) }

    /// Each pixel away from the mean grey of the picture, or towards it.
    func contrasted(_ factor: Double) -> Image {
        let greys = greys
        let mean = Float(greys.reduce(0) { $0 + Double($1) } / Double(max(1, greys.count)))
        return mapped(table: (0..<256).map { Self.blend(Float($0), mean, factor) })
    }

    /// Each pixel away from its own grey, or towards it.
    func saturated(_ factor: Double) -> Image {
        let greys = greys
        return with(pixels.indices.map { Self.blend(Float(pixels[$0]), greys[$0 / 3], factor) })
    }

    /// Hues turned by a share of the circle.
    func hueTurned(_ turn: Double) -> Image {
        var turned: [UInt8] = []
        turned.reserveCapacity(pixels.count)
        for place in stride(from: 0, to: pixels.count, by: 3) {
            let (r, g, b) = (Float(pixels[place]) / 255, Float(pixels[place + 1]) / 255, Float(pixels[place + 2]) / 255)
            for value in Self.turned(r, g, b, by: Float(turn)) { turned.append(UInt8(value * (256 - 1e-3))) }
        }
        return with(turned)
    }

    /// Each pixel away from what is around it, or towards it; the outermost stay.
    func sharpened(_ factor: Double) -> Image {
        guard width > 2, height > 2 else { return self }
        var result = pixels
        let line = 3 * width
        for y in 1..<height - 1 {
            for place in (y * line + 3)..<(y * line + line - 3) {
                var sum: Float = 0
                for row in [place - line, place, place + line] {
                    sum += Float(pixels[row - 3]) / 13 + Float(pixels[row]) / 13 + Float(pixels[row + 3]) / 13
                }
                let blurred = (sum + Float(pixels[place]) * 4 / 13).rounded(.toNearestOrEven)
                let value = Float(pixels[place])
                result[place] = Self.byte(value + (blurred - value) * Float(1 - factor))
            }
        }
        return with(result)
    }

    /// Only the highest `bits` of each value.
    func posterized(bits: Int) -> Image {
        guard bits < 8 else { return self }
        let mask = UInt8(truncatingIfNeeded: 0xFF << (8 - max(0, bits)))
        return with(pixels.map { $0 & mask })
    }

    /// What is as bright as `threshold`, or brighter, turned to its negative.
    func solarized(from threshold: Double) -> Image { with(pixels.map { Float($0) >= Float(threshold) ? 255 - $0 : $0 }) }

    /// Each channel stretched over all values.
    func autoContrasted() -> Image {
        mapped { channel in
            guard let low = channel.min(), let high = channel.max(), low < high else { return (0..<256).map { UInt8($0) } }
            let scale = (Float(high) - Float(low)) * (1 / 255)
            return (0..<256).map { Self.byte((Float($0) - Float(low)) / scale) }
        }
    }

    /// Each channel's values made equally frequent, as Pillow does.
    func equalized() -> Image {
        mapped { channel in
            var counts = [Int](repeating: 0, count: 256)
            for value in channel { counts[Int(value)] += 1 }
            let step = (channel.count - (counts.last { $0 > 0 } ?? 0)) / 255
            guard step > 0 else { return (0..<256).map { UInt8($0) } }
            var below = 0
            return counts.map { count in
                defer { below += count }
                return UInt8(min(255, (below + step / 2) / step))
            }
        }
    }

    // MARK: parts

    private func with(_ pixels: [UInt8]) -> Image { Image(width: width, height: height, pixels: pixels) }

    private func mapped(table: [UInt8]) -> Image { with(pixels.map { table[Int($0)] }) }

    /// Each channel by the table that `table` makes of its values.
    private func mapped(_ table: ([UInt8]) -> [UInt8]) -> Image {
        let tables = (0..<3).map { channel in table(stride(from: channel, to: pixels.count, by: 3).map { pixels[$0] }) }
        return with(pixels.indices.map { tables[$0 % 3][Int(pixels[$0])] })
    }

    /// The grey of each pixel, a whole number.
    private var greys: [Float] {
        stride(from: 0, to: pixels.count, by: 3).map {
            let red = Float(pixels[$0]) * 0.2989
            return red.addingProduct(Float(pixels[$0 + 1]), 0.587).addingProduct(Float(pixels[$0 + 2]), 0.114).rounded(.down)
        }
    }

    /// Rounded where torch rounds: what is cut off afterwards would show it.
    private static func blend(_ value: Float, _ other: Float, _ ratio: Double) -> UInt8 {
        byte((value * Float(ratio)).addingProduct(other, Float(1 - ratio)))
    }

    /// Cut off, as torch converts, and not rounded.
    private static func byte(_ value: Float) -> UInt8 { UInt8(min(max(value, 0), 255)) }

    /// By way of hue, saturation and value; each from 0 to 1.
    private static func turned(_ r: Float, _ g: Float, _ b: Float, by turn: Float) -> [Float] {
        let (high, low) = (max(r, g, b), min(r, g, b))
        guard high > low else { return [high, high, high] }
        let (range, saturation) = (high - low, (high - low) / high)
        let (rc, gc, bc) = ((high - r) / range, (high - g) / range, (high - b) / range)
        let sector = high == r ? bc - gc : high == g ? rc + 2 - bc : gc + 4 - rc
        let hue = (sector / 6 + 1).truncatingRemainder(dividingBy: 1)
        let moved = (hue + turn) - (hue + turn).rounded(.down)
        let place = moved * 6
        let fraction = place - place.rounded(.down)
        let q = min(max((1 - saturation * fraction) * high, 0), 1)
        let t = min(max((1 - saturation * (1 - fraction)) * high, 0), 1)
        let p = min(max((1 - saturation) * high, 0), 1)
        switch Int(place.rounded(.down)) % 6 {
        case 0: return [high, t, p]
        case 1: return [q, high, p]
        case 2: return [p, high, t]
        case 3: return [p, q, high]
        case 4: return [t, p, high]
        default: return [high, p, q]
        }
    }
}
