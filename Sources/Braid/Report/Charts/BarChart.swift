/// Named bars one below the other, each with its value and, where it is known, the interval around it.
struct BarChart {
    struct Bar {
        let name: String
        let value: Double
        /// The value in words.
        let text: String
        var interval: ClosedRange<Double>?
        /// Whether it stands out from the others.
        var isMain = false
    }

    let title: String
    let summary: String
    /// What bars measure, below the axis.
    let axis: String
    let bars: [Bar]
    /// 100 for percentages.
    var scale = 1.0
    /// What no value lies beyond.
    var limits: ClosedRange<Double>?

    private static let (width, row, left, right) = (400.0, 38.0, 2.0, 14.0)

    private var range: ClosedRange<Double> {
        let ends = bars.flatMap { [$0.value, $0.interval?.lowerBound ?? $0.value, $0.interval?.upperBound ?? $0.value] }
        let wanted = Ticks.range(ends + [0], within: limits, scale: scale)
        // Bars begin at zero, which is where they end too where nothing is below it.
        guard !ends.contains(where: { $0 < 0 }) else { return wanted }
        return 0...(limits?.upperBound ?? max(wanted.upperBound, .leastNormalMagnitude))
    }

    func figure(_ figures: PageTable? = nil) -> Markup {
        let range = range
        let height = Self.row * Double(bars.count) + 44
        let place = { (value: Double) -> Double in
            let share = (value - range.lowerBound) / (range.upperBound - range.lowerBound)
            return Self.left + (Self.width - Self.left - Self.right) * min(1, max(0, share.isFinite ? share : 0))
        }
        let low = Self.row * Double(bars.count) + 6
        let ticks = Ticks(range, scale: scale)
        let rules = zip(ticks.values, ticks.names).map { value, name in
            Markup.void("path", ["class": "rule", "d": "M\(Plot.n(place(value))) 0V\(Plot.n(low))"])
                + Plot.text(
                    place(value), low + 15, name,
                    anchor: place(value) < 10 ? "start" : place(value) > Self.width - 20 ? "end" : "middle")
        }
        let drawn = bars.enumerated().map { number, bar -> Markup in
            let top = Self.row * Double(number) + 4
            let (from, to) = (place(min(max(0, range.lowerBound), range.upperBound)), place(bar.value))
            let text =
                Plot.text(Self.left, top + 12, Shown.name(bar.name, atMost: 36), "strong")
                + Plot.text(Self.width - Self.right, top + 12, bar.text, "strong", anchor: "end")
            let shape = Markup.void(
                "rect",
                [
                    "class": "bar \(bar.isMain ? "k0" : "mute")", "x": Plot.n(min(from, to)), "y": Plot.n(top + 17),
                    "width": Plot.n(max(0.5, abs(to - from))), "height": "11", "rx": "1.5",
                ])
            guard let interval = bar.interval else { return text + shape }
            let (start, end, middle) = (place(interval.lowerBound), place(interval.upperBound), top + 22.5)
            let line =
                "M\(Plot.n(start)) \(Plot.n(middle))H\(Plot.n(end))M\(Plot.n(start)) \(Plot.n(middle - 4))v8M\(Plot.n(end)) \(Plot.n(middle - 4))v8"
            return text + shape + .void("path", ["class": "halo", "d": line]) + .void("path", ["class": "over", "d": line])
        }
        let svg = Markup.tag(
            "svg",
            [
                "viewBox": "0 0 \(Int(Self.width)) \(Int(bounded: height))", "role": "img", "aria-label": "\(title). \(summary)",
                "style": "max-width:\(Int(Self.width * 1.25))px",
            ], rules + drawn + [Plot.text((Self.width - Self.right) / 2, height - 6, axis, anchor: "middle")])
        return .tag(
            "figure", .tag("figcaption", Markup(title)), svg, figures.map { Page.details("Figures", $0.markup) } ?? .nothing)
    }
}
