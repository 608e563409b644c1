extension MissingRates.Head {
    /// The metric against the share of rows that lack a modality; bars are one standard deviation over the draws.
    var figure: Markup {
        let metric = Metric.registry[metric] ?? .accuracy
        let scale = metric.isPercentage ? 100.0 : 1
        let plot = Plot(
            title: "\(HeadPage.capitalised(metric.title)) with modalities missing",
            summary: curves.map { curve in
                "\(curve.missing): \(curve.values.first.map { Shown.figure(metric, $0) } ?? "n/a") at \(Shown.percent(rates.first ?? 0, digits: 0)), \(curve.values.last.map { Shown.figure(metric, $0) } ?? "n/a") at \(Shown.percent(rates.last ?? 1, digits: 0))"
            }.joined(separator: "; "),
            x: .init(title: "rows that lack the modality, %", scale: 100),
            y: .init(
                title: metric.isPercentage ? "\(metric.title), %" : metric.title, limits: metric.isShare ? 0...1 : nil, scale: scale
            ),
            series: curves.map { curve in
                .init(
                    curve.missing, isMarked: true,
                    rates.indices.map { place in
                        let (value, half) = (curve.values[place], curve.deviations[place])
                        return .init(x: rates[place], y: value, interval: half > 0 ? (value - half)...(value + half) : nil)
                    })
            })
        let rows = rates.indices.map { place in
            [PageTable.Cell(Shown.percent(rates[place], digits: 0))]
                + curves.map { curve in
                    .init(Shown.figure(metric, curve.values[place]), detail: "± \(Shown.figure(metric, curve.deviations[place]))")
                }
        }
        return plot.figure(PageTable(plot.title, ["missing"] + curves.map(\.missing), rows))
    }
}
