internal import Foundation

/// What an augmentation draws from: numbers that follow from a text alone, the same on every machine, in every process and by any number of
/// workers.
public struct Draws {
    private var source: RandomSource

    /// The draws that belong to `text`: of a sample, its seed, epoch, modality and id, and the augmentation's name.
    public init(_ text: String) { source = RandomSource(seed: Fingerprint.number(text)) }

    /// A number from 0 up to 1, which is never reached.
    public mutating func unit() -> Double { Double(source.next() >> 11) * 0x1p-53 }

    /// A number of a range, all of it alike.
    public mutating func uniform(_ range: ClosedRange<Double>) -> Double {
        range.lowerBound + unit() * (range.upperBound - range.lowerBound)
    }

    /// True with this chance.
    public mutating func chance(_ probability: Double) -> Bool { unit() < probability }

    /// A whole number from 0 up to `count`, which is never reached; 0 where `count` is none.
    public mutating func below(_ count: Int) -> Int { min(Int(unit() * Double(count)), max(0, count - 1)) }

    /// The numbers below `count` in an order drawn.
    public mutating func order(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        for place in stride(from: count - 1, to: 0, by: -1) { order.swapAt(place, below(place + 1)) }
        return order
    }

    /// A number of Beta(α, α), from 0 to 1, as the quotient of two of the gamma distribution (Marsaglia and Tsang 2000).
    public mutating func beta(_ alpha: Double) -> Double {
        let (first, second) = (gamma(alpha), gamma(alpha))
        // Where α is small both may be too small for a number: then one end is as likely as the other.
        return first + second > 0 ? first / (first + second) : unit().rounded()
    }

    private mutating func gamma(_ shape: Double) -> Double {
        guard shape >= 1 else {
            let boost = pow(1 - unit(), 1 / shape)
            return gamma(shape + 1) * boost
        }
        let d = shape - 1.0 / 3
        while true {
            let x = normal()
            let v = pow(1 + x / (9 * d).squareRoot(), 3)
            if v > 0, log(1 - unit()) < 0.5 * x * x + d - d * v + d * log(v) { return d * v }
        }
    }

    /// Box and Muller's method; the second number of each pair is left.
    private mutating func normal() -> Double { (-2 * log(1 - unit())).squareRoot() * cos(2 * .pi * unit()) }
}
