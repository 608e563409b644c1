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

    private var frame: ChartFrame { ChartFrame(title: title, xTitle: xTitle, yTitle: yTitle, height: 460, left: 70) }

    var svg: String {
        let shown = points.filter { $0.x > 0 && $0.x.isFinite && $0.y.isFinite }
        let edges = shown.flatMap { [$0.y - ($0.error ?? 0), $0.y + ($0.error ?? 0)] }
        let (low, high) = (edges.min() ?? 0, edges.max() ?? 1)
        let margin = max((high - low) * 0.06, 1e-6)
        let vertical = Axis(low - margin, high + margin)
        let horizontal = Axis(log10((shown.map(\.x).min() ?? 1) * 0.8), log10((shown.map(\.x).max() ?? 10) * 1.25))
        let heights = ChartFrame.labelHeights(shown.map { y($0.y, vertical) })
        let marks = shown.indices.map { index in
            mark(shown[index], LineChart.colour(index), x(shown[index].x, horizontal), vertical, label: heights[index])
        }
        return frame.svg(frame.levels(vertical.low, vertical.high) { y($0, vertical) } + logTicks(horizontal) + marks)
    }

    private struct Axis {
        let low: Double
        let high: Double

        init(_ low: Double, _ high: Double) { (self.low, self.high) = (low, high) }

        func share(_ value: Double) -> Double { high > low ? (value - low) / (high - low) : 0.5 }
    }

    private func x(_ value: Double, _ axis: Axis) -> Double { frame.x(axis.share(log10(value))) }
    private func y(_ value: Double, _ axis: Axis) -> Double { frame.y(axis.share(value)) }

    /// At 1, 2 and 5 of each decade.
    private func logTicks(_ axis: Axis) -> [String] {
        let decades = Int(floor(axis.low))...Int(ceil(axis.high))
        let values = decades.flatMap { decade -> [Double] in
            let unit = pow(10, Double(decade))
            return [unit, 2 * unit, 5 * unit]
        }
        return values.filter { log10($0) >= axis.low && log10($0) <= axis.high }
            .map { frame.column(x($0, axis), String(format: "%g", $0)) }
    }

    private func mark(_ point: Point, _ colour: String, _ x: Double, _ axis: Axis, label: Double) -> String {
        let number = ChartFrame.number
        let place = y(point.y, axis)
        let bar = point.error.map { error in
            "<line x1=\"\(number(x))\" x2=\"\(number(x))\" y1=\"\(number(y(point.y - error, axis)))\" y2=\"\(number(y(point.y + error, axis)))\" stroke=\"\(colour)\" stroke-width=\"2\"/>"
        }
        let dot =
            "<circle cx=\"\(number(x))\" cy=\"\(number(place))\" r=\"5\" stroke=\"\(colour)\" stroke-width=\"2\" fill=\"\(point.isHollow ? "#fff" : colour)\"/>"
        let end = frame.width - frame.right + 10
        let leader =
            "<line x1=\"\(number(x + 7))\" y1=\"\(number(place))\" x2=\"\(number(end - 3))\" y2=\"\(number(label))\" stroke=\"\(colour)\" stroke-opacity=\"0.25\"/>"
        return leader + (bar ?? "") + dot + ChartFrame.text(end, label + 4, point.name, colour: colour)
    }
}
