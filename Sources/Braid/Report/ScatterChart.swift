internal import Foundation

/// Named points with error bars as SVG, the x axis logarithmic.
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

    private let width = 760.0
    private let height = 460.0
    private let left = 70.0
    private let right = 150.0
    private let top = 44.0
    private let bottom = 56.0

    var svg: String {
        let shown = points.filter { $0.x > 0 && $0.x.isFinite && $0.y.isFinite }
        let edges = shown.flatMap { [$0.y - ($0.error ?? 0), $0.y + ($0.error ?? 0)] }
        let (low, high) = (edges.min() ?? 0, edges.max() ?? 1)
        let margin = max((high - low) * 0.06, 1e-6)
        let vertical = Axis(low - margin, high + margin)
        let horizontal = Axis(log10((shown.map(\.x).min() ?? 1) * 0.8), log10((shown.map(\.x).max() ?? 10) * 1.25))
        let heights = labelHeights(shown.map { y($0.y, vertical) })
        let marks = shown.indices.map { index in
            mark(shown[index], LineChart.colour(index), x(shown[index].x, horizontal), vertical, label: heights[index])
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(Int(width))" height="\(Int(height))" viewBox="0 0 \(Int(width)) \(Int(height))" font-family="system-ui,sans-serif">
            <rect width="100%" height="100%" fill="#fff"/>
            \(text(left, 24, title, size: 15, weight: "600"))
            \(text((left + width - right) / 2, height - 14, xTitle, anchor: "middle"))
            <text transform="translate(16 \(number((top + height - bottom) / 2))) rotate(-90)" text-anchor="middle" font-size="12" fill="#445">\(HTML.escape(yTitle))</text>
            \((ticks(vertical) + logTicks(horizontal) + marks).joined(separator: "\n"))
            </svg>

            """
    }

    private struct Axis {
        let low: Double
        let high: Double

        init(_ low: Double, _ high: Double) { (self.low, self.high) = (low, high) }

        func share(_ value: Double) -> Double { high > low ? (value - low) / (high - low) : 0.5 }
    }

    private func x(_ value: Double, _ axis: Axis) -> Double { left + (width - left - right) * axis.share(log10(value)) }
    private func y(_ value: Double, _ axis: Axis) -> Double { top + (height - top - bottom) * (1 - axis.share(value)) }

    private func ticks(_ axis: Axis) -> [String] {
        let raw = (axis.high - axis.low) / 6
        let unit = pow(10, floor(log10(raw)))
        let step = unit * ([1, 2, 5, 10].first { $0 * unit >= raw } ?? 10)
        return stride(from: (axis.low / step).rounded(.up) * step, through: axis.high, by: step).map { value in
            let place = y(value, axis)
            return
                "<line x1=\"\(number(left))\" x2=\"\(number(width - right))\" y1=\"\(number(place))\" y2=\"\(number(place))\" stroke=\"#e6e8eb\"/>"
                + text(left - 8, place + 4, String(format: "%g", (value * 1e6).rounded() / 1e6), anchor: "end")
        }
    }

    /// At 1, 2 and 5 of each decade.
    private func logTicks(_ axis: Axis) -> [String] {
        let decades = Int(floor(axis.low))...Int(ceil(axis.high))
        let values = decades.flatMap { decade -> [Double] in
            let unit = pow(10, Double(decade))
            return [unit, 2 * unit, 5 * unit]
        }
        return values.filter { log10($0) >= axis.low && log10($0) <= axis.high }.map { value -> String in
            let place = number(x(value, axis))
            let line =
                "<line x1=\"\(place)\" x2=\"\(place)\" y1=\"\(number(top))\" y2=\"\(number(height - bottom))\" stroke=\"#f0f1f3\"/>"
            return line + text(x(value, axis), height - bottom + 18, String(format: "%g", value), anchor: "middle")
        }
    }

    /// Where labels go so that none covers another: from the top down, each at least a line below the one before.
    private func labelHeights(_ wanted: [Double]) -> [Double] {
        var heights = wanted
        var last = -Double.infinity
        for index in wanted.indices.sorted(by: { wanted[$0] < wanted[$1] }) {
            heights[index] = max(wanted[index], last + 15)
            last = heights[index]
        }
        return heights
    }

    private func mark(_ point: Point, _ colour: String, _ x: Double, _ axis: Axis, label: Double) -> String {
        let place = y(point.y, axis)
        let bar = point.error.map { error in
            "<line x1=\"\(number(x))\" x2=\"\(number(x))\" y1=\"\(number(y(point.y - error, axis)))\" y2=\"\(number(y(point.y + error, axis)))\" stroke=\"\(colour)\" stroke-width=\"2\"/>"
        }
        let dot =
            "<circle cx=\"\(number(x))\" cy=\"\(number(place))\" r=\"5\" stroke=\"\(colour)\" stroke-width=\"2\" fill=\"\(point.isHollow ? "#fff" : colour)\"/>"
        let end = width - right + 10
        let leader =
            "<line x1=\"\(number(x + 7))\" y1=\"\(number(place))\" x2=\"\(number(end - 3))\" y2=\"\(number(label))\" stroke=\"\(colour)\" stroke-opacity=\"0.25\"/>"
        return leader + (bar ?? "") + dot + text(end, label + 4, point.name, colour: colour)
    }

    private func text(
        _ x: Double, _ y: Double, _ content: String, size: Int = 12, weight: String = "400", anchor: String = "start",
        colour: String = "#445"
    ) -> String {
        "<text x=\"\(number(x))\" y=\"\(number(y))\" font-size=\"\(size)\" font-weight=\"\(weight)\" text-anchor=\"\(anchor)\" fill=\"\(colour)\">\(HTML.escape(content))</text>"
    }

    private func number(_ value: Double) -> String { String(format: "%.1f", value) }
}
