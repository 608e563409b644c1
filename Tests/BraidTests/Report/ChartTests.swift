import Foundation
import Testing

@testable import Braid

/// Axes, and what stands beside them.
@Suite struct ChartTests {
    private func numbers(_ svg: String) -> [Double] {
        svg.matches(of: /<text[^>]*>([^<]*)<\/text>/).compactMap { Double($0.1) }
    }

    @Test func ticksAreRoundAndNoneIsMinusNothing() {
        #expect(Ticks(-0.4...0.4).names == ["-0.4", "-0.2", "0.0", "0.2", "0.4"])
        #expect(Ticks(0...1, scale: 100).names == ["0", "20", "40", "60", "80", "100"])
        #expect(Ticks(1...3, isWhole: true).names == ["1", "2", "3"])
        #expect(Ticks(1...2000, isWhole: true).values == [500, 1000, 1500, 2000])
        for exponent in -9...9 {
            let size = pow(10.0, Double(exponent))
            let ticks = Ticks(-3.1 * size...2.7 * size)
            #expect((3...8).contains(ticks.values.count) && Set(ticks.names).count == ticks.names.count, "\(ticks.names)")
            #expect(ticks.names.allSatisfy { !$0.hasPrefix("-") || $0.contains { "123456789".contains($0) } })
        }
        #expect(Shown.number(-0.0000001, digits: 2) == "0.00" && Shown.number(-0.01, digits: 2) == "-0.01")
        #expect(Shown.short(-0.0) == "0")
    }

    @Test func rangesHoldTheirValuesWithinLimits() {
        for values in [[0.2, 0.21], [5, 5], [-3, 1e9], [0.0, 0.0], []] as [[Double]] {
            let range = Ticks.range(values)
            #expect(values.allSatisfy(range.contains) && range.lowerBound < range.upperBound, "\(values)")
        }
        #expect(Ticks.range([0.5, 0.999], within: 0...1).upperBound == 1)
        #expect(Ticks.range([.nan, .infinity], within: 0...1) == 0...1)
    }

    /// Bars of comparisons end where shares end, and so does the axis.
    @Test func comparisonsStayWithinAHundredPercent() {
        let points = [
            ScatterChart.Point(name: "concat", x: 2, y: 99.4, error: 90, isHollow: false),
            .init(name: "gated & <new>", x: 5, y: 0.5, error: 30, isHollow: true),
        ]
        let free = ScatterChart(title: "t", xTitle: "x", yTitle: "y", points: points)
        #expect(numbers(free.svg).contains { $0 > 100 || $0 < 0 })
        let chart = ScatterChart(title: "t", xTitle: "x", yTitle: "y", points: points, limits: 0...100)
        #expect(numbers(chart.svg).allSatisfy { (0...100).contains($0) }, "\(numbers(chart.svg))")
        #expect(chart.svg.contains("gated &amp; &lt;new&gt;") && chart.svg.contains("role=\"img\""))
    }

    @Test func aCurveFileNamesItsSeries() {
        let plot = Plot(
            title: "accuracy", summary: "", x: .init(title: "labels", isLogarithmic: true, ticks: [(1, "1"), (10, "10")]),
            y: .init(title: "accuracy, %", limits: 0...1, scale: 100),
            series: ["transfer", "scratch"].map {
                .init($0, isMarked: true, [.init(x: 1, y: 0.9, interval: 0.8...1.1), .init(x: 10, y: 0.99)])
            },
            target: 0.95)
        #expect(plot.file.contains(">transfer<") && plot.file.contains(">scratch<") && plot.file.contains("xmlns"))
        #expect(numbers(plot.file).allSatisfy { (0...100).contains($0) })
        #expect(!plot.file.contains("nan") && !plot.file.contains("inf"))
    }

    @Test func markupEscapesByType() {
        let text = "<b>\"&"
        #expect(
            Markup.tag("p", ["title": text], "a \(text)").source == "<p title=\"&lt;b&gt;&quot;&amp;\">a &lt;b&gt;&quot;&amp;</p>")
        #expect(Markup.void("img", ["alt": "x", "class": nil]).source == "<img alt=\"x\"/>")
    }
}
