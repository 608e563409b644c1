// The protocol of MissBench (Pham et al. 2026, arXiv:2603.09874): modalities that go missing at rates of their own, beside a shared rate that hides as
// many.
internal import Foundation

/// How a model does where each modality goes missing at a rate of its own.
public struct ImbalancedRates: Sendable, Codable {
    /// A figure over several draws.
    public struct Figure: Sendable, Codable {
        /// The mean over the draws.
        public let mean: Double
        /// The standard deviation over the draws; 0 where there is one.
        public let deviation: Double
    }

    /// One head's figures.
    public struct Head: Sendable, Codable {
        /// The head's name; `label` where there is one head.
        public let name: String
        /// The metric's name.
        public let metric: String
        /// With nothing hidden; nil where the metric is undefined.
        public let full: Double?
        /// With each modality hidden at its own rate.
        public let imbalanced: Figure?
        /// With all hidden at the mean of the rates.
        public let shared: Figure?
        /// What each modality adds, the others missing at these rates; nil where too few rows have every modality.
        public let equity: ModalityEquity?
    }

    /// The share of samples that lose each modality, by its name; what is not named loses none.
    public let rates: [String: Double]
    /// The mean of the rates over all modalities.
    public let sharedRate: Double
    /// One a head, in the model's order.
    public let heads: [Head]

    private enum CodingKeys: String, CodingKey {
        case rates, heads
        case sharedRate = "shared_rate"
    }

    /// - Parameters:
    ///   - inference: The model, of two modalities or more, and the samples it is tried on.
    ///   - rates: By modality; those of others are 0.
    ///   - ablation: Of the same samples.
    ///   - draws: How often samples are drawn anew, always from the same seeds.
    /// - Throws: `BraidError` where the model does not take a modality that is named, or takes only one.
    public init(_ inference: Inference, rates: [Modality: Double], _ ablation: Ablation, draws: Int = 5) throws {
        let model = inference.model
        let names = model.modalities.map(\.rawValue).joined(separator: ", ")
        guard model.modalities.count > 1 else {
            throw BraidError(.usage, "--missing-rates needs a model of two modalities or more; this one takes only \(names)")
        }
        if let other = rates.keys.sorted().first(where: { !model.modalities.contains($0) }) {
            throw BraidError(.usage, "--missing-rates \(other)=…: the model takes only \(names)")
        }
        let own = model.modalities.map { rates[$0] ?? 0 }
        let mean = own.reduce(0, +) / Double(own.count)
        let metrics = model.targets.map { $0.task.standardMetrics[0] }
        func figures(_ rates: [Double]) throws -> [Figure?] {
            let found = try (0..<draws).map { draw in
                var random = RandomSource(seed: UInt64(draw) &* 1_000_003 &+ 17)
                let presence = inference.dataset.presence.map { Self.left(of: $0, rates, &random) }
                let predictions = try inference.predict(presence: presence)
                return try zip(predictions.heads, metrics).map { head, metric in try head.labelled().scores([metric])[metric] }
            }
            return metrics.indices.map { index in
                let interval = Interval(found.compactMap { $0[index] })
                return interval.count > 0 ? Figure(mean: interval.mean, deviation: interval.deviation ?? 0) : nil
            }
        }
        let (imbalanced, shared) = (try figures(own), try figures(own.map { _ in mean }))
        self.rates = Dictionary(uniqueKeysWithValues: zip(model.modalities.map(\.rawValue), own))
        sharedRate = mean
        heads = model.targets.indices.map { index in
            let head = ablation.heads[index]
            return Head(
                name: head.name, metric: metrics[index].name, full: head.full?.score(metrics[index]),
                imbalanced: imbalanced[index], shared: shared[index], equity: head.complete?.equity(rates: own))
        }
    }

    /// What a sample keeps, each modality lost with a chance of its own. Where all would be lost one stays, the likelier the rarer it is lost.
    static func left(of row: [Bool], _ rates: [Double], _ random: inout RandomSource) -> [Bool] {
        let left = zip(row, rates).map { $0 && Double.random(in: 0..<1, using: &random) >= $1 }
        guard !left.contains(true), row.contains(true) else { return left }
        let weights = zip(row, rates).map { $0 ? max(1 - $1, 1e-9) : 0 }
        var place = Double.random(in: 0..<1, using: &random) * weights.reduce(0, +)
        let kept = weights.firstIndex { weight in
            place -= weight
            return place < 0
        }
        let last = row.lastIndex(of: true)
        return row.indices.map { $0 == kept ?? last }
    }

    /// The figures, a line a way of missing.
    public var table: String {
        let named = rates.sorted { $0.key < $1.key }.map { "\($0.key) \(String(format: "%g", 100 * $0.value)) %" }
        return heads.map { head in
            let metric = Metric.registry[head.metric] ?? .accuracy
            let text = { (figure: Figure?) in figure.map { "\(metric.text($0.mean)) ± \(metric.text($0.deviation))" } ?? "n/a" }
            let rate = String(format: "%.4g", 100 * sharedRate)
            let lines = [
                "\(heads.count > 1 ? "\(head.name): " : "")\(metric.title) with modalities missing: \(named.joined(separator: ", "))",
                TextTable.leading("nothing hidden", 28) + (head.full.map(metric.text) ?? "n/a"),
                TextTable.leading("each at its own rate", 28) + text(head.imbalanced),
                TextTable.leading("all at \(rate) %, the mean", 28) + text(head.shared),
            ]
            return (lines + [head.equity.map { "At these rates: \($0.sentence)" }].compactMap { $0 }).joined(separator: "\n") + "\n"
        }.joined(separator: "\n") + MissingRates.note + "\n"
    }

    /// A line a way of missing.
    var csv: String {
        var lines = ["head,metric,missing,mean,deviation"]
        for head in heads {
            let name = DelimitedText.quoted(head.name)
            if let full = head.full { lines.append("\(name),\(head.metric),none,\(full),0") }
            for (kind, figure) in [("own rates", head.imbalanced), ("shared rate", head.shared)] {
                guard let figure else { continue }
                lines.append("\(name),\(head.metric),\(kind),\(figure.mean),\(figure.deviation)")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
