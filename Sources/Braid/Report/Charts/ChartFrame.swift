internal import Foundation

/// The frame of a drawing with its titles, the rules across it, and the labels at its right edge.
struct ChartFrame {
    let title: String
    let xTitle: String
    let yTitle: String
    let height: Double
    let left: Double
    let width = 780.0
    let right = 170.0
    let top = 44.0
    let bottom = 56.0

    /// Where a share of the horizontal axis lies, 0 at its left end.
    func x(_ share: Double) -> Double { left + (width - left - right) * share }

    /// Where a share of the vertical axis lies, 0 at the bottom.
    func y(_ share: Double) -> Double { top + (height - top - bottom) * (1 - share) }

    /// The drawing, with `parts` in its frame.
    ///
    /// - Parameter lowest: How far down labels go, which may be below the frame.
    func svg(_ parts: [Markup], lowest: Double) -> String {
        let titles = [
            Plot.text(left, 24, title, "title"),
            Plot.text((left + width - right) / 2, height - 14, xTitle, anchor: "middle"),
            Markup.tag(
                "text",
                ["transform": "translate(16 \(Plot.n((top + height - bottom) / 2))) rotate(-90)", "text-anchor": "middle"],
                Markup(yTitle)),
        ]
        return SVGFile.text(width: width, height: max(height, lowest + 14), title: title, titles + parts)
    }

    /// A rule from left to right, with its name.
    private func level(_ y: Double, _ name: String) -> Markup {
        .void("path", ["class": "rule", "d": "M\(Plot.n(left)) \(Plot.n(y))H\(Plot.n(width - right))"])
            + Plot.text(left - 8, y + 4, name, anchor: "end")
    }

    /// A rule from top to bottom, with its name below.
    func column(_ x: Double, _ name: String) -> Markup {
        .void("path", ["class": "rule", "d": "M\(Plot.n(x)) \(Plot.n(top))V\(Plot.n(height - bottom))"])
            + Plot.text(x, height - bottom + 18, name, anchor: "middle")
    }

    /// Rules at round values between `low` and `high`, some six of them.
    ///
    /// - Parameter y: Where a value lies.
    func levels(_ low: Double, _ high: Double, y: (Double) -> Double) -> [Markup] {
        guard high > low else { return [level(y(low), Shown.short(low))] }
        let ticks = Ticks(low...high, most: 6)
        return zip(ticks.values, ticks.names).map { level(y($0), $1) }
    }

    /// Where labels go so that none covers another: from the top down, each at least a line below the one before.
    static func labelHeights(_ wanted: [Double]) -> [Double] {
        var (heights, last) = (wanted, -Double.infinity)
        for index in wanted.indices.sorted(by: { wanted[$0] < wanted[$1] }) {
            heights[index] = max(wanted[index], last + 15)
            last = heights[index]
        }
        return heights
    }
}
