internal import Foundation

/// How a model does as modalities go missing at random: each one alone, and all together.
public struct MissingRates: Sendable {
    /// What goes missing.
    public struct Curve: Sendable, Codable {
        /// A modality's name, or `all`.
        public let missing: String
        /// The mean over the draws, in the order of the rates.
        public let values: [Double]
        /// Their standard deviation.
        public let deviations: [Double]
    }

    /// One head's curves.
    public struct Head: Sendable, Codable {
        /// The head's name; `label` where there is one head.
        public let name: String
        /// The name of the metric that the head's task goes by.
        public let metric: String
        /// A curve a modality, in the model's order, and the one of all together last.
        public let curves: [Curve]
        /// The shares of samples that lack a modality, from 0 to 1: where curves have their values.
        public let rates: [Double]
    }

    /// The shares of samples that lack a modality, from 0 to 1, as they were asked for.
    public let rates: [Double]
    /// One a head, in the model's order.
    public let heads: [Head]

    init(rates: [Double], heads: [Head]) { (self.rates, self.heads) = (rates, heads) }

    static let note =
        "Each sample loses a modality with the chance given, whatever else it loses; one always stays. Means of several draws."

    /// - Parameters:
    ///   - inference: The model, of two modalities or more, and the samples it is tried on.
    ///   - rates: Shares of samples, from 0 to 1.
    ///   - draws: How often samples are drawn anew, always from the same seeds.
    public init(_ inference: Inference, rates: [Double], draws: Int = 5) throws {
        self.rates = rates
        let model = inference.model
        let names = model.modalities.count > 1 ? model.modalities.map(\.rawValue) + ["all"] : []
        guard !names.isEmpty else {
            throw BraidError(.usage, "--missing-rates needs a model of two modalities or more; this one takes only one")
        }
        let metrics = model.targets.map { $0.task.standardMetrics[0] }
        // Values by head, curve, rate and draw.
        var values = metrics.map { _ in names.map { _ in rates.map { _ in [Double]() } } }
        for (curve, name) in names.enumerated() {
            for (column, rate) in rates.enumerated() {
                for draw in 0..<(rate == 0 ? 1 : draws) {
                    let presence = Self.presence(inference, name, rate, seed: UInt64(draw))
                    let predictions = try inference.predict(presence: presence)
                    for (index, head) in predictions.heads.enumerated() {
                        let score = try head.labelled().scores([metrics[index]])[metrics[index]]
                        if let score { values[index][curve][column].append(score) }
                    }
                }
            }
        }
        heads = zip(model.targets, metrics).enumerated().map { index, pair in
            let curves = zip(names, values[index]).map { name, rows in
                let intervals = rows.map(Interval.init)
                return Curve(missing: name, values: intervals.map(\.mean), deviations: intervals.map { $0.deviation ?? 0 })
            }
            return Head(name: pair.0.name, metric: pair.1.name, curves: curves, rates: rates)
        }
    }

    private static func presence(_ inference: Inference, _ name: String, _ rate: Double, seed: UInt64) -> [[Bool]] {
        var random = RandomSource(seed: seed &* 1_000_003 &+ UInt64(rate * 1000))
        let modalities = inference.model.modalities
        return inference.dataset.presence.map { row in
            if name == "all" { return row.hidden(chance: rate, &random) }
            let isHit = Double.random(in: 0..<1, using: &random) < rate
            let left = zip(row, modalities).map { $0 && !(isHit && $1.rawValue == name) }
            return left.contains(true) ? left : row
        }
    }
}

extension MissingRates {
    /// A row a rate, a column a modality.
    public var table: String {
        heads.map { head in
            let metric = Metric.registry[head.metric] ?? .accuracy
            var lines = [
                (heads.count > 1 ? "\(head.name): " : "") + "\(metric.title) against the share of samples that lack a modality"
            ]
            lines.append(TextTable.leading("missing", 10) + head.curves.map { TextTable.trailing($0.missing, 12) }.joined())
            for (column, rate) in rates.enumerated() {
                let cells = head.curves.map { TextTable.trailing(metric.text($0.values[column]), 12) }
                lines.append(TextTable.leading(String(format: "%.0f %%", 100 * rate), 10) + cells.joined())
            }
            return lines.joined(separator: "\n") + "\n"
        }.joined(separator: "\n") + Self.note + "\n"
    }

    var csv: String {
        var lines = ["head,metric,missing,rate,mean,deviation"]
        for head in heads {
            for curve in head.curves {
                for (column, rate) in rates.enumerated() {
                    let name = DelimitedText.quoted(head.name)
                    lines.append(
                        "\(name),\(head.metric),\(curve.missing),\(rate),\(curve.values[column]),\(curve.deviations[column])")
                }
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
