internal import Foundation

/// A small line chart as SVG: axes, ticks, one line a series, a legend.
struct LineChart {
    let title: String
    let x: [Double]
    let series: [(name: String, values: [Double])]
    /// What the ends of the axis say.
    var axis: (Double) -> String = { "epoch \(Int($0))" }

    private let width = 440.0
    private let height = 240.0
    private let left = 46.0
    private let bottom = 30.0
    private let top = 30.0
    private static let colours = [
        "#2563a8", "#c44230", "#2f8f4e", "#b07800", "#6b3fa0", "#0f8b8d", "#d4569b", "#4a4e57", "#8c564b",
    ]

    var svg: String {
        let values = series.flatMap(\.values).filter(\.isFinite)
        let low = values.min() ?? 0
        let high = max(values.max() ?? 1, low + 1e-9)
        let lines = series.enumerated().map { index, one in line(one.values, Self.colour(index), low, high) }
        let legend = series.enumerated().map { index, one in
            "<text x=\"\(format(width - Double(series.count - index) * 82))\" y=\"16\" fill=\"\(Self.colour(index))\" font-size=\"12\">― \(one.name)</text>"
        }
        let ticks = (0...4).map { step -> String in
            let value = low + (high - low) * Double(step) / 4
            let y = self.y(value, low, high)
            return
                "<line x1=\"\(format(left))\" x2=\"\(format(width))\" y1=\"\(format(y))\" y2=\"\(format(y))\" stroke=\"#eceef0\"/>"
                + "<text x=\"\(format(left - 6))\" y=\"\(format(y + 4))\" text-anchor=\"end\" font-size=\"11\" fill=\"#667\">\(String(format: "%.3g", value))</text>"
        }
        let ends = [(x.first ?? 0, "start"), (x.last ?? 1, "end")].map { value, anchor in
            "<text x=\"\(format(place(value)))\" y=\"\(format(height - 10))\" text-anchor=\"\(anchor)\" font-size=\"11\" fill=\"#667\">\(axis(value))</text>"
        }
        let heading = "<text x=\"0\" y=\"16\" font-size=\"13\" font-weight=\"600\">\(title)</text>"
        let parts = [heading] + legend + ticks + ends + lines
        return
            "<svg width=\"\(Int(width))\" height=\"\(Int(height))\" viewBox=\"0 0 \(Int(width)) \(Int(height))\">\(parts.joined())</svg>"
    }

    static func colour(_ index: Int) -> String { colours[index % colours.count] }

    private func line(_ values: [Double], _ colour: String, _ low: Double, _ high: Double) -> String {
        let points = zip(x, values).filter { $1.isFinite }.map { "\(format(place($0))),\(format(y($1, low, high)))" }
        return "<polyline fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\" points=\"\(points.joined(separator: " "))\"/>"
    }

    private func place(_ value: Double) -> Double {
        let (first, last) = (x.first ?? 0, x.last ?? 1)
        return left + (width - left - 4) * (last > first ? (value - first) / (last - first) : 0.5)
    }

    private func y(_ value: Double, _ low: Double, _ high: Double) -> Double {
        top + (height - top - bottom) * (1 - (value - low) / (high - low))
    }

    private func format(_ value: Double) -> String { String(format: "%.1f", value) }
}
