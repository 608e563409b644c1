internal import Foundation

extension MissingRates.Head {
    var chart: LineChart {
        LineChart(
            title: Metric.registry[metric]?.title ?? metric, x: rates, series: curves.map { ($0.missing, $0.values) },
            axis: { String(format: "%.0f %% missing", 100 * $0) })
    }
}
