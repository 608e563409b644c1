internal import Foundation

/// Round values along an axis, and what stands beside them.
struct Ticks {
    let values: [Double]
    let names: [String]

    /// - Parameters:
    ///   - range: What the axis shows.
    ///   - scale: What a value is multiplied by to be shown: 100 for percentages.
    ///   - isWhole: Whether nothing lies between whole numbers.
    ///   - most: About how many.
    init(_ range: ClosedRange<Double>, scale: Double = 1, isWhole: Bool = false, most: Double = 5) {
        let step = Self.step(range, scale: scale, isWhole: isWhole, most: most)
        let (low, high) = (range.lowerBound * scale, range.upperBound * scale)
        let places = min(12, max(0, -Int(bounded: floor(log10(step) + 1e-9))))
        let shown =
            step.isFinite && step > 0
            ? Array(stride(from: (low / step - 1e-6).rounded(.up) * step, through: high + step * 1e-6, by: step)) : []
        values = shown.map { $0 / scale }
        names = shown.map { abs($0) >= 1e6 || places > 6 ? Shown.short($0, digits: 3) : Shown.number($0, digits: places) }
    }

    private static func step(_ range: ClosedRange<Double>, scale: Double, isWhole: Bool, most: Double) -> Double {
        let raw = max((range.upperBound - range.lowerBound) * scale / most, .leastNormalMagnitude)
        let unit = pow(10, floor(log10(raw)))
        let step = unit * ([1, 2, 5, 10].first { $0 * unit >= raw * (1 - 1e-9) } ?? 10)
        return isWhole ? max(1, step.rounded()) : step
    }

    /// A range that holds all of `values` and ends at round ones, within `limits`.
    static func range(_ values: [Double], within limits: ClosedRange<Double>? = nil, scale: Double = 1) -> ClosedRange<Double> {
        let known = values.filter(\.isFinite)
        let (low, high) = (known.min() ?? 0, known.max() ?? 1)
        let margin = max((high - low) * 0.04, abs(high) * 1e-3, 1e-9)
        let around = (low - margin)...(high + margin)
        let step = step(around, scale: scale, isWhole: false, most: 5) / scale
        let from = (around.lowerBound / step).rounded(.down) * step
        let to = (around.upperBound / step).rounded(.up) * step
        guard let limits else { return from...max(to, from + step) }
        let (lower, upper) = (max(from, limits.lowerBound), min(to, limits.upperBound))
        return upper > lower ? lower...upper : limits
    }
}
