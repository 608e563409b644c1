internal import Foundation

/// Lines, points or bars over two axes, as SVG: for a page, which has its title and its legend beside it, or as a file of its own.
struct Plot {
    struct Point {
        let x: Double
        let y: Double
        /// The ends of its bar; nil: it has none.
        var interval: ClosedRange<Double>?
    }

    enum Form {
        case line
        case points(radius: Double)
        /// From zero up, as wide as a share of the axis.
        case bars(width: Double)
    }

    struct Series {
        let name: String
        var form = Form.line
        /// Whether points are marked on the line.
        var isMarked = false
        let points: [Point]

        init(_ name: String, form: Form = .line, isMarked: Bool = false, _ points: [Point]) {
            (self.name, self.form, self.isMarked, self.points) = (name, form, isMarked, points)
        }

        /// Values one after the other; those that are not finite are left out.
        init(_ name: String, x: [Double], _ values: [Double]) {
            self.init(name, zip(x, values).filter { $0.1.isFinite }.map { Point(x: $0.0, y: $0.1) })
        }
    }

    struct Axis {
        let title: String
        /// nil: as the values are.
        var range: ClosedRange<Double>?
        /// What no value lies beyond.
        var limits: ClosedRange<Double>?
        /// 100 for percentages.
        var scale = 1.0
        var isWhole = false
        var isLogarithmic = false
        /// Ticks by hand.
        var ticks: [(value: Double, name: String)]?
    }

    let title: String
    /// What the drawing says, for who cannot see it.
    let summary: String
    let x: Axis
    let y: Axis
    let series: [Series]
    /// Values of x that are marked by an upright line, and what stands beside it.
    var marks: [(x: Double, name: String)] = []
    /// Dashed lines from a point to another: what chance would give, or what is perfect.
    var guides: [(from: (Double, Double), to: (Double, Double))] = []
    /// A level to reach.
    var target: Double?

    private static let (width, height) = (400.0, 270.0)
    private static let (left, right, top, bottom) = (54.0, 12.0, 14.0, 44.0)
    private static let dashes: [String?] = [nil, "7 3", "2 3", "9 3 2 3", "12 4", "4 2", "1 4", "6 2 1 2 1 2"]

    /// In a page: the drawing with its title, its legend, and its figures where it has a table of them.
    func figure(_ figures: PageTable? = nil) -> Markup {
        let legend = series.count < 2 ? Markup.nothing : .tag("ul", ["class": "legend"], series.indices.map(entry))
        return .tag(
            "figure", .tag("figcaption", Markup(title)), svg(), legend,
            figures.map { Page.details("Figures", $0.markup) } ?? .nothing)
    }

    /// A file of its own.
    var file: String {
        let line = 18.0
        let names: [Markup] =
            series.count < 2
            ? []
            : series.indices.map { index -> Markup in
                let y = Self.height + 30 + Double(index) * line
                return Self.swatch(index, self.series[index], x: Self.left, y: y - 4)
                    + Self.text(Self.left + 34, y, Shown.name(self.series[index].name, atMost: 48), "strong")
            }
        let heading = Self.text(Self.left, 20, title, "title")
        let drawing = Markup.tag("g", ["transform": "translate(0 28)"], parts)
        return SVGFile.text(
            width: Self.width, height: Self.height + 40 + Double(series.count) * line, title: title, [heading, drawing] + names)
    }

    private func svg() -> Markup {
        .tag(
            "svg",
            [
                "viewBox": "0 0 \(Int(Self.width)) \(Int(Self.height))", "role": "img", "aria-label": "\(title). \(summary)",
                "style": "max-width:\(Int(Self.width * 1.25))px",
            ], parts)
    }

    private func entry(_ index: Int) -> Markup {
        .tag(
            "li",
            .tag(
                "svg", ["viewBox": "0 0 26 10", "aria-hidden": "true", "class": "swatch"],
                Self.swatch(index, series[index], x: 0, y: 5)),
            .tag("span", Markup(Shown.name(series[index].name))))
    }

    private static func kind(_ index: Int) -> String { "k\(index % ChartStyle.series)" }

    private static func swatch(_ index: Int, _ series: Series, x: Double, y: Double) -> Markup {
        switch series.form {
        case .line:
            .void(
                "path",
                ["class": "line \(kind(index))", "d": "M\(n(x)) \(n(y))h26", "stroke-dasharray": dashes[index % dashes.count]])
        case .points: .void("circle", ["class": "dot \(kind(index))", "cx": n(x + 13), "cy": n(y), "r": "4"])
        case .bars: .void("rect", ["class": "bar \(kind(index))", "x": n(x + 6), "y": n(y - 5), "width": "14", "height": "10"])
        }
    }

    /// Where values lie.
    private struct Scales {
        let x: ClosedRange<Double>
        let y: ClosedRange<Double>
        let isLogarithmic: Bool

        func place(x value: Double) -> Double {
            let (low, high) = isLogarithmic ? (log(x.lowerBound), log(x.upperBound)) : (x.lowerBound, x.upperBound)
            let share = ((isLogarithmic ? log(max(value, .leastNormalMagnitude)) : value) - low) / (high - low)
            return Plot.left + (Plot.width - Plot.left - Plot.right) * min(1, max(0, share.isFinite ? share : 0.5))
        }

        func place(y value: Double) -> Double {
            let share = (value - y.lowerBound) / (y.upperBound - y.lowerBound)
            return Plot.top + (Plot.height - Plot.top - Plot.bottom) * (1 - min(1, max(0, share.isFinite ? share : 0.5)))
        }
    }

    private var scales: Scales {
        let points = series.flatMap(\.points)
        let wanted =
            points.flatMap { [$0.y, $0.interval?.lowerBound ?? $0.y, $0.interval?.upperBound ?? $0.y] } + [target].compactMap { $0 }
        let places = points.map(\.x).filter(\.isFinite)
        let (first, last) = (places.min() ?? 0, places.max() ?? 1)
        let wide: ClosedRange<Double> =
            x.isLogarithmic
            ? max(first, 1e-12) / 1.15...max(last, 1e-12) * 1.15 : last > first ? first...last : (first - 0.5)...(first + 0.5)
        return Scales(
            x: x.range ?? wide, y: y.range ?? Ticks.range(wanted, within: y.limits, scale: y.scale), isLogarithmic: x.isLogarithmic)
    }

    private var parts: [Markup] {
        let scales = scales
        let (low, high) = (Self.height - Self.bottom, Self.width - Self.right)
        let rules = ticks(y, scales.y).map { value, name in
            let at = scales.place(y: value)
            return Markup.void("path", ["class": "rule", "d": "M\(Self.n(Self.left)) \(Self.n(at))H\(Self.n(high))"])
                + Self.text(Self.left - 7, at + 4, name, anchor: "end")
        }
        // Of ticks by hand what would stand on the one before is left out.
        var last = -Double.infinity
        let columns = ticks(x, scales.x).compactMap { value, name -> Markup? in
            let at = scales.place(x: value)
            guard at - last > 8 + 6 * Double(name.count) else { return nil }
            last = at
            return Markup.void("path", ["class": "axis", "d": "M\(Self.n(at)) \(Self.n(low))v4"])
                + Self.text(at, low + 17, name, anchor: at > high - 12 ? "end" : "middle")
        }
        let axes = Markup.void("path", ["class": "axis", "d": "M\(Self.n(Self.left)) \(Self.n(low))H\(Self.n(high))"])
        let titles = [
            Self.text((Self.left + high) / 2, Self.height - 8, x.title, anchor: "middle"),
            Markup.tag(
                "text", ["transform": "translate(13 \(Self.n((Self.top + low) / 2))) rotate(-90)", "text-anchor": "middle"],
                Markup(y.title)),
        ]
        let lines = guides.map { guide in
            Markup.void(
                "path",
                [
                    "class": "guide",
                    "d":
                        "M\(Self.n(scales.place(x: guide.from.0))) \(Self.n(scales.place(y: guide.from.1)))L\(Self.n(scales.place(x: guide.to.0))) \(Self.n(scales.place(y: guide.to.1)))",
                ])
        }
        let goal = target.map { level in
            Markup.void(
                "path", ["class": "target", "d": "M\(Self.n(Self.left)) \(Self.n(scales.place(y: level)))H\(Self.n(high))"])
        }
        return rules + columns + [axes] + titles + lines + [goal].compactMap { $0 } + series.indices.map { draw($0, scales) }
            + marks.map { mark($0.x, $0.name, scales) }
    }

    /// At most some six, where they are not given by hand.
    private func ticks(_ axis: Axis, _ range: ClosedRange<Double>) -> [(value: Double, name: String)] {
        if let given = axis.ticks { return given }
        let ticks = Ticks(range, scale: axis.scale, isWhole: axis.isWhole)
        return Array(zip(ticks.values, ticks.names)).map { (value: $0, name: $1) }
    }

    private func mark(_ value: Double, _ name: String, _ scales: Scales) -> Markup {
        let at = scales.place(x: value)
        let isRight = at > (Self.left + Self.width - Self.right) / 2
        return .void(
            "path",
            [
                "class": "over", "d": "M\(Self.n(at)) \(Self.n(Self.top))V\(Self.n(Self.height - Self.bottom))",
                "stroke-dasharray": "3 3",
            ])
            + Self.text(at + (isRight ? -5 : 5), Self.top + 2, name, "strong", anchor: isRight ? "end" : "start")
    }

    private func draw(_ index: Int, _ scales: Scales) -> Markup {
        let one = series[index]
        let kind = Self.kind(index)
        // Where intervals of several series stand at one place they would cover each other.
        let shift = one.points.contains { $0.interval != nil } ? (Double(index) - Double(series.count - 1) / 2) * 3 : 0
        let places = one.points.filter { $0.x.isFinite && $0.y.isFinite }.map { point in
            (x: scales.place(x: point.x) + shift, y: scales.place(y: point.y), point: point)
        }
        let whiskers = places.compactMap { place in
            place.point.interval.map { interval in
                Markup.void(
                    "path",
                    [
                        "class": "whisker \(kind)",
                        "d":
                            "M\(Self.n(place.x)) \(Self.n(scales.place(y: interval.lowerBound)))V\(Self.n(scales.place(y: interval.upperBound)))",
                    ])
            }
        }
        let dots = { (radius: String) in
            places.map { Markup.void("circle", ["class": "dot \(kind)", "cx": Self.n($0.x), "cy": Self.n($0.y), "r": radius]) }
        }
        switch one.form {
        case .points(let radius): return (whiskers + dots(Self.n(radius))).joined
        case .bars(let width):
            let wide = (Self.width - Self.left - Self.right) * width
            let ground = scales.place(y: max(0, scales.y.lowerBound))
            return
                (places.map {
                    Markup.void(
                        "rect",
                        [
                            "class": "bar \(kind)", "x": Self.n($0.x - wide / 2), "y": Self.n(min($0.y, ground)),
                            "width": Self.n(wide),
                            "height": Self.n(abs(ground - $0.y)),
                        ])
                } + whiskers).joined
        case .line:
            let path = places.enumerated().map { "\($0 == 0 ? "M" : "L")\(Self.n($1.x)) \(Self.n($1.y))" }.joined()
            let line = Markup.void(
                "path", ["class": "line \(kind)", "d": path, "stroke-dasharray": Self.dashes[index % Self.dashes.count]])
            // A line of one point is none.
            return ([line] + whiskers + (one.isMarked || places.count == 1 ? dots("3") : [])).joined
        }
    }

    static func text(_ x: Double, _ y: Double, _ content: String, _ kind: String? = nil, anchor: String? = nil) -> Markup {
        .tag("text", ["x": n(x), "y": n(y), "class": kind, "text-anchor": anchor], Markup(content))
    }

    static func n(_ value: Double) -> String { Shown.number(value, digits: 1) }
}

/// A drawing that is a file of its own.
enum SVGFile {
    static func text(width: Double, height: Double, title: String, _ parts: [Markup]) -> String {
        let ground = Markup.void("rect", ["width": "100%", "height": "100%", "style": "fill:var(--card)"])
        let style = Markup(trusted: "<style>\(ChartStyle.variables)\(ChartStyle.rules)</style>")
        return Markup.tag(
            "svg",
            [
                "xmlns": "http://www.w3.org/2000/svg", "width": "\(Int(bounded: width))", "height": "\(Int(bounded: height))",
                "viewBox": "0 0 \(Int(bounded: width)) \(Int(bounded: height))", "role": "img", "aria-label": title,
            ], [style, ground] + parts
        ).source + "\n"
    }
}
