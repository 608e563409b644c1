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

    private let width = 760.0
    private let height = 420.0
    private let left = 62.0
    private let right = 150.0
    private let top = 44.0
    private let bottom = 56.0

    var svg: String {
        let all = series.flatMap(\.points).filter { $0.x > 0 && $0.y.isFinite }
        let edges = all.flatMap { [limited($0.y - ($0.error ?? 0)), limited($0.y + ($0.error ?? 0))] } + [target].compactMap { $0 }
        let margin = max(((edges.max() ?? 1) - (edges.min() ?? 0)) * 0.05, 1e-6)
        let scale = Scale(
            low: (edges.min() ?? 0) - margin, high: (edges.max() ?? 1) + margin,
            first: log(max(all.map(\.x).min() ?? 1, 1e-9)), last: log(max(all.map(\.x).max() ?? 1, 1e-9)))
        let series = series.filter { !$0.points.isEmpty }
        let labels = heights(series.map { y($0.points.last?.y ?? 0, scale) })
        let lines = series.indices.map { draw(series[$0], LineChart.colour($0), scale, label: labels[$0], shift: shift($0)) }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(Int(width))" height="\(Int(height))" viewBox="0 0 \(Int(width)) \(Int(height))" font-family="system-ui,sans-serif">
            <rect width="100%" height="100%" fill="#fff"/>
            \(text(left, 24, title, size: 15, weight: "600"))
            \(text((left + width - right) / 2, height - 14, "labels a class (logarithmic)", anchor: "middle"))
            <text transform="translate(16 \(number((top + height - bottom) / 2))) rotate(-90)" text-anchor="middle" font-size="12" fill="#445">\(HTML.escape(yTitle))</text>
            \((grid(scale) + lines).joined(separator: "\n"))
            </svg>

            """
    }

    private struct Scale {
        let low: Double
        let high: Double
        let first: Double
        let last: Double
    }

    private func x(_ value: Double, _ scale: Scale) -> Double {
        let share = scale.last > scale.first ? (log(value) - scale.first) / (scale.last - scale.first) : 0.5
        return left + 14 + (width - left - right - 28) * share
    }

    private func limited(_ value: Double) -> Double { min(max(value, limits.lowerBound), limits.upperBound) }

    private func y(_ value: Double, _ scale: Scale) -> Double {
        top + (height - top - bottom) * (1 - (value - scale.low) / (scale.high - scale.low))
    }

    /// Bars at the same place would cover each other.
    private func shift(_ index: Int) -> Double { (Double(index) - Double(series.count - 1) / 2) * 3 }

    private func grid(_ scale: Scale) -> [String] {
        let raw = (scale.high - scale.low) / 6
        let unit = pow(10, floor(log10(raw)))
        let step = unit * ([1, 2, 5, 10].first { $0 * unit >= raw } ?? 10)
        let levels = stride(from: (scale.low / step).rounded(.up) * step, through: scale.high, by: step).map { value in
            rule(y(value, scale), "#e6e8eb")
                + text(left - 8, y(value, scale) + 4, String(format: "%g", (value * 1e6).rounded() / 1e6 + 0), anchor: "end")
        }
        let columns = ticks.map { tick in
            let place = number(x(tick.x, scale))
            return
                "<line x1=\"\(place)\" x2=\"\(place)\" y1=\"\(number(top))\" y2=\"\(number(height - bottom))\" stroke=\"#f0f1f3\"/>"
                + text(x(tick.x, scale), height - bottom + 18, tick.name, anchor: "middle")
        }
        return levels + columns + (target.map { [rule(y($0, scale), "#c44230", dash: "2 4")] } ?? [])
    }

    private func rule(_ place: Double, _ colour: String, dash: String = "none") -> String {
        "<line x1=\"\(number(left))\" x2=\"\(number(width - right))\" y1=\"\(number(place))\" y2=\"\(number(place))\" stroke=\"\(colour)\" stroke-dasharray=\"\(dash)\"/>"
    }

    /// From the top down, each label at least a line below the one before.
    private func heights(_ wanted: [Double]) -> [Double] {
        var (heights, last) = (wanted, -Double.infinity)
        for index in wanted.indices.sorted(by: { wanted[$0] < wanted[$1] }) {
            heights[index] = max(wanted[index], last + 15)
            last = heights[index]
        }
        return heights
    }

    private func draw(_ one: Series, _ colour: String, _ scale: Scale, label: Double, shift: Double) -> String {
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
        return line + marks.joined() + text(width - right + 8, label + 4, one.name, colour: colour)
    }

    private func text(
        _ x: Double, _ y: Double, _ content: String, size: Int = 12, weight: String = "400", anchor: String = "start",
        colour: String = "#445"
    ) -> String {
        "<text x=\"\(number(x))\" y=\"\(number(y))\" font-size=\"\(size)\" font-weight=\"\(weight)\" text-anchor=\"\(anchor)\" fill=\"\(colour)\">\(HTML.escape(content))</text>"
    }

    private func number(_ value: Double) -> String { String(format: "%.1f", value) }
}
