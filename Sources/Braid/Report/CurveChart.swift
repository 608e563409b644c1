internal import Foundation

/// Lines with error bars as SVG over a logarithmic axis whose ticks are given.
struct CurveChart {
    struct Point {
        let x: Double
        let y: Double
        /// Half the length of its bar.
        let error: Double?
    }

    struct Series {
        let name: String
        let isDashed: Bool
        let points: [Point]
    }

    let title: String
    let yTitle: String
    let series: [Series]
    let ticks: [(x: Double, name: String)]
    /// A level to reach; nil: none.
    let target: Double?
    /// What no value can lie beyond: bars end there.
    let limits: ClosedRange<Double>

    private var frame: ChartFrame {
        ChartFrame(title: title, xTitle: "labels a class (logarithmic)", yTitle: yTitle, height: 420, left: 62)
    }

    var svg: String {
        let all = series.flatMap(\.points).filter { $0.x > 0 && $0.y.isFinite }
        let edges = all.flatMap { [limited($0.y - ($0.error ?? 0)), limited($0.y + ($0.error ?? 0))] } + [target].compactMap { $0 }
        let margin = max(((edges.max() ?? 1) - (edges.min() ?? 0)) * 0.05, 1e-6)
        let scale = Scale(
            low: (edges.min() ?? 0) - margin, high: (edges.max() ?? 1) + margin,
            first: log(max(all.map(\.x).min() ?? 1, 1e-9)), last: log(max(all.map(\.x).max() ?? 1, 1e-9)))
        let series = series.filter { !$0.points.isEmpty }
        let labels = ChartFrame.labelHeights(series.map { y($0.points.last?.y ?? 0, scale) })
        let lines = series.indices.map { draw(series[$0], LineChart.colour($0), scale, label: labels[$0], shift: shift($0)) }
        return frame.svg(grid(scale) + lines)
    }

    private struct Scale {
        let low: Double
        let high: Double
        let first: Double
        let last: Double
    }

    private func x(_ value: Double, _ scale: Scale) -> Double {
        frame.x(scale.last > scale.first ? (log(value) - scale.first) / (scale.last - scale.first) : 0.5, margin: 14)
    }

    private func limited(_ value: Double) -> Double { min(max(value, limits.lowerBound), limits.upperBound) }

    private func y(_ value: Double, _ scale: Scale) -> Double { frame.y((value - scale.low) / (scale.high - scale.low)) }

    /// Bars at the same place would cover each other.
    private func shift(_ index: Int) -> Double { (Double(index) - Double(series.count - 1) / 2) * 3 }

    private func grid(_ scale: Scale) -> [String] {
        frame.levels(scale.low, scale.high) { y($0, scale) } + ticks.map { frame.column(x($0.x, scale), $0.name) }
            + (target.map { [frame.level(y($0, scale), "#c44230", dash: "2 4")] } ?? [])
    }

    private func draw(_ one: Series, _ colour: String, _ scale: Scale, label: Double, shift: Double) -> String {
        let number = ChartFrame.number
        let places = one.points.map { (x: x($0.x, scale) + shift, y: y($0.y, scale), point: $0) }
        let path = places.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
        let line =
            "<polyline fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\" stroke-dasharray=\"\(one.isDashed ? "6 4" : "none")\" points=\"\(path)\"/>"
        let marks = places.map { place -> String in
            let bar = place.point.error.map { error in
                "<line x1=\"\(number(place.x))\" x2=\"\(number(place.x))\" y1=\"\(number(y(limited(place.point.y - error), scale)))\" y2=\"\(number(y(limited(place.point.y + error), scale)))\" stroke=\"\(colour)\" stroke-opacity=\"0.6\"/>"
            }
            return (bar ?? "") + "<circle cx=\"\(number(place.x))\" cy=\"\(number(place.y))\" r=\"3.5\" fill=\"\(colour)\"/>"
        }
        return line + marks.joined() + ChartFrame.text(frame.width - frame.right + 8, label + 4, one.name, colour: colour)
    }
}
