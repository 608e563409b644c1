internal import Foundation

/// Named points with error bars as an SVG file, the x axis logarithmic.
struct ScatterChart {
    struct Point {
        let name: String
        let x: Double
        let y: Double
        /// Half the length of its bar.
        let error: Double?
        let isHollow: Bool
    }

    let title: String
    let xTitle: String
    let yTitle: String
    let points: [Point]
    /// What no value can lie beyond: the axis and the bars end there.
    var limits = -Double.infinity...Double.infinity

    private var frame: ChartFrame { ChartFrame(title: title, xTitle: xTitle, yTitle: yTitle, height: 460, left: 70) }

    var svg: String {
        let shown = points.filter { $0.x > 0 && $0.x.isFinite && $0.y.isFinite }
        let edges = shown.flatMap { [limited($0.y - ($0.error ?? 0)), limited($0.y + ($0.error ?? 0))] }
        let (low, high) = (edges.min() ?? 0, edges.max() ?? 1)
        let margin = max((high - low) * 0.06, 1e-6)
        let vertical = Axis(limited(low - margin), limited(high + margin))
        let horizontal = Axis(log10((shown.map(\.x).min() ?? 1) * 0.8), log10((shown.map(\.x).max() ?? 10) * 1.25))
        let heights = ChartFrame.labelHeights(shown.map { y($0.y, vertical) })
        let marks = shown.indices.map { index in
            mark(shown[index], "k\(index % ChartStyle.series)", x(shown[index].x, horizontal), vertical, label: heights[index])
        }
        return frame.svg(
            frame.levels(vertical.low, vertical.high) { y($0, vertical) } + logTicks(horizontal) + marks,
            lowest: heights.max() ?? 0)
    }

    private func limited(_ value: Double) -> Double { min(max(value, limits.lowerBound), limits.upperBound) }

    private struct Axis {
        let low: Double
        let high: Double

        init(_ low: Double, _ high: Double) { (self.low, self.high) = (low, high) }

        func share(_ value: Double) -> Double { high > low ? (value - low) / (high - low) : 0.5 }
    }

    private func x(_ value: Double, _ axis: Axis) -> Double { frame.x(axis.share(log10(value))) }
    private func y(_ value: Double, _ axis: Axis) -> Double { frame.y(axis.share(value)) }

    /// At 1, 2 and 5 of each decade.
    private func logTicks(_ axis: Axis) -> [Markup] {
        let decades = Int(bounded: floor(axis.low))...Int(bounded: ceil(axis.high))
        let values = decades.flatMap { decade -> [Double] in
            let unit = pow(10, Double(decade))
            return [unit, 2 * unit, 5 * unit]
        }
        return values.filter { log10($0) >= axis.low && log10($0) <= axis.high }
            .map { frame.column(x($0, axis), Shown.short($0)) }
    }

    private func mark(_ point: Point, _ kind: String, _ x: Double, _ axis: Axis, label: Double) -> Markup {
        let number = Plot.n
        let place = y(point.y, axis)
        let bar = point.error.map { error in
            Markup.void(
                "path",
                [
                    "class": "whisker \(kind)",
                    "d": "M\(number(x)) \(number(y(limited(point.y - error), axis)))V\(number(y(limited(point.y + error), axis)))",
                ])
        }
        let dot = Markup.void(
            "circle", ["class": "\(point.isHollow ? "ring" : "dot") \(kind)", "cx": number(x), "cy": number(place), "r": "5"])
        let end = frame.width - frame.right + 10
        let leader = Markup.void(
            "path", ["class": "rule", "d": "M\(number(x + 7)) \(number(place))L\(number(end - 3)) \(number(label))"])
        return leader + (bar ?? .nothing) + dot + Plot.text(end, label + 4, Shown.name(point.name, atMost: 24), "strong")
    }
}
