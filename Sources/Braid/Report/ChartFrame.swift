internal import Foundation

/// What drawings of two axes share: the frame with its titles, the rules across it, and the labels at its right edge.
struct ChartFrame {
    let title: String
    let xTitle: String
    let yTitle: String
    let height: Double
    let left: Double
    let width = 760.0
    let right = 150.0
    let top = 44.0
    let bottom = 56.0

    /// Where a share of the horizontal axis lies, 0 at its left end, which stands `margin` pixels within the frame.
    func x(_ share: Double, margin: Double = 0) -> Double { left + margin + (width - left - right - 2 * margin) * share }

    /// Where a share of the vertical axis lies, 0 at the bottom.
    func y(_ share: Double) -> Double { top + (height - top - bottom) * (1 - share) }

    /// The drawing, with `parts` in its frame.
    func svg(_ parts: [String]) -> String {
        """
        <svg xmlns="http://www.w3.org/2000/svg" width="\(Int(width))" height="\(Int(height))" viewBox="0 0 \(Int(width)) \(Int(height))" font-family="system-ui,sans-serif">
        <rect width="100%" height="100%" fill="#fff"/>
        \(Self.text(left, 24, title, size: 15, weight: "600"))
        \(Self.text((left + width - right) / 2, height - 14, xTitle, anchor: "middle"))
        <text transform="translate(16 \(Self.number((top + height - bottom) / 2))) rotate(-90)" text-anchor="middle" font-size="12" fill="#445">\(HTML.escape(yTitle))</text>
        \(parts.joined(separator: "\n"))
        </svg>

        """
    }

    /// A rule from left to right.
    func level(_ y: Double, _ colour: String = "#e6e8eb", dash: String = "none") -> String {
        "<line x1=\"\(Self.number(left))\" x2=\"\(Self.number(width - right))\" y1=\"\(Self.number(y))\" y2=\"\(Self.number(y))\" stroke=\"\(colour)\" stroke-dasharray=\"\(dash)\"/>"
    }

    /// A rule from top to bottom, with its name below.
    func column(_ x: Double, _ name: String) -> String {
        "<line x1=\"\(Self.number(x))\" x2=\"\(Self.number(x))\" y1=\"\(Self.number(top))\" y2=\"\(Self.number(height - bottom))\" stroke=\"#f0f1f3\"/>"
            + Self.text(x, height - bottom + 18, name, anchor: "middle")
    }

    /// Rules at round values between `low` and `high`, some six of them.
    ///
    /// - Parameter y: Where a value lies.
    func levels(_ low: Double, _ high: Double, y: (Double) -> Double) -> [String] {
        let raw = (high - low) / 6
        let unit = pow(10, floor(log10(raw)))
        let step = unit * ([1, 2, 5, 10].first { $0 * unit >= raw } ?? 10)
        return stride(from: (low / step).rounded(.up) * step, through: high, by: step).map { value in
            // Adding zero makes 0 of -0.
            let name = String(format: "%g", (value * 1e6).rounded() / 1e6 + 0)
            return level(y(value)) + Self.text(left - 8, y(value) + 4, name, anchor: "end")
        }
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

    static func text(
        _ x: Double, _ y: Double, _ content: String, size: Int = 12, weight: String = "400", anchor: String = "start",
        colour: String = "#445"
    ) -> String {
        "<text x=\"\(number(x))\" y=\"\(number(y))\" font-size=\"\(size)\" font-weight=\"\(weight)\" text-anchor=\"\(anchor)\" fill=\"\(colour)\">\(HTML.escape(content))</text>"
    }

    static func number(_ value: Double) -> String { String(format: "%.1f", value) }
}
