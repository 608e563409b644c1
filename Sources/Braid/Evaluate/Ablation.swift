internal import Foundation

/// How one trained model does with each subset of its modalities, the others hidden as if they were missing.
public struct Ablation: Sendable {
    /// One subset's figures.
    public struct Entry: Sendable, Codable {
        /// The modalities that the model was shown.
        public let modalities: [Modality]
        /// Labelled samples that have any of them.
        public let samples: Int
        /// By metric.
        public let scores: [String: Double]
        /// The 95 % interval of the figure that subsets are ranked by; nil where it is undefined, or too many rows would have to be drawn anew.
        public let interval: FigureInterval?

        /// The figure of `metric`; nil where it was not computed, or is undefined.
        public func score(_ metric: Metric) -> Double? { scores[metric.name] }
    }

    /// One head's figures.
    public struct Head: Sendable, Encodable {
        /// The head's name; `label` where there is one head.
        public let name: String
        /// What `head.task` calls what it learns.
        public let task: String
        /// From single modalities to all of them.
        public let entries: [Entry]
        /// All modalities against the best single one by the metric that the task goes by, on the samples that have that one; nil with a
        /// single modality.
        public let verdict: Verdict?
        /// What each modality adds whichever of the others are missing, each as likely as not; nil with a single modality, or where fewer than
        /// two rows have all of them.
        public let equity: ModalityEquity?
        /// Whether fewer modalities ever do better than more; nil with a single modality.
        public let monotonicity: Monotonicity?
        /// How much better all modalities are than the best single one. Positive is better.
        public var gain: Double? { verdict.flatMap { $0.judgement == .undefined ? nil : $0.gain } }

        /// What tables show, the figure that subsets are ranked by first.
        let metrics: [Metric]
        /// The figure that subsets are ranked by.
        public var metric: Metric { metrics[0] }
        /// With every modality the model takes.
        public var full: Entry? { entries.last }
        /// The best single modality.
        public var bestSingle: Entry? { Ablation.best(entries, metric) }

        /// What is known of the rows that have every modality; nil where `equity` is.
        let complete: Complete?

        private enum CodingKeys: String, CodingKey { case name, task, entries, verdict, equity, monotonicity }
    }

    /// One head's figures of the rows that have every modality, by what the model was shown of them.
    struct Complete: Sendable {
        let metric: Metric
        let names: [String]
        let rows: Int
        /// By the numbers of the modalities; of none, what an answer is worth that sees nothing.
        let values: [Set<Int>: Double]

        func equity(rates: [Double]) -> ModalityEquity {
            ModalityEquity(metric, rows: rows, names, rates: rates) { values[$0] ?? .nan }
        }
    }

    /// In the model's order.
    public let heads: [Head]

    /// The first head's figures.
    public var primary: Head { heads[0] }

    init(heads: [Head]) { self.heads = heads }

    /// Evaluates every subset of the model's modalities on the samples of `inference`.
    ///
    /// - Throws: `BraidError` where a sample has a label that the model does not know; `TorchError` where libtorch fails.
    public init(_ inference: Inference) throws { try self.init(inference.model, inference.dataset) }

    init(_ model: FusionModel, _ dataset: BatchSource) throws {
        let modalities = model.modalities
        let predictions = try modalities.subsets.map { subset in
            // A sample that has nothing of the subset says nothing about it.
            (
                subset,
                try model.predict(dataset, hiding: Set(modalities).subtracting(subset)).keeping { subset.contains(where: $0.has) }
            )
        }
        heads = try model.targets.indices.map { index in
            let target = model.targets[index]
            let metrics = target.task.standardMetrics
            let task = model.settings.heads[index].kind.name
            let entries = try predictions.map { subset, predictions in
                let head = predictions.heads[index].labelled()
                let scores = try head.scores(metrics).map { ($0.key.name, $0.value) }
                return Entry(
                    modalities: subset, samples: head.samples.count, scores: Dictionary(uniqueKeysWithValues: scores),
                    interval: head.samples.isEmpty ? nil : FigureInterval(metrics[0], try head.answers()))
            }
            var verdict: Verdict?
            if modalities.count > 1, let single = Self.best(entries, metrics[0]), let full = predictions.last,
                let alone = predictions.first(where: { $0.0 == single.modalities })
            {
                verdict = try Verdict.compare([full.1.heads[index].labelled()], [alone.1.heads[index].labelled()], metrics[0])
            }
            let answers = predictions.map { (modalities: $0.0, head: $0.1.heads[index].labelled()) }
            let complete = try Self.complete(answers, modalities, target)
            return Head(
                name: target.name, task: task, entries: entries, verdict: verdict,
                equity: complete?.equity(rates: modalities.map { _ in 0.5 }),
                monotonicity: modalities.count > 1 ? try Monotonicity(answers, target.rowMetric) : nil, metrics: metrics,
                complete: complete)
        }
    }

    private static func complete(
        _ answers: [(modalities: [Modality], head: HeadPredictions)], _ modalities: [Modality], _ target: Target
    ) throws -> Complete? {
        guard modalities.count > 1 else { return nil }
        var (values, rows) = ([Set<Int>: Double](), 0)
        for (shown, head) in answers {
            let kept = head.keeping { sample in modalities.allSatisfy(sample.has) }
            guard kept.samples.count > 1 else { return nil }
            let answers = try kept.answers()
            guard let value = target.rowMetric.compute(answers), let blind = answers.blind(target.rowMetric) else { return nil }
            values[Set(shown.compactMap(modalities.firstIndex))] = value
            (values[[]], rows) = (blind, kept.samples.count)
        }
        return Complete(metric: target.rowMetric, names: modalities.map(\.rawValue), rows: rows, values: values)
    }

    fileprivate static func best(_ entries: [Entry], _ metric: Metric) -> Entry? {
        let singles = entries.filter { $0.modalities.count == 1 && $0.samples > 0 && $0.score(metric) != nil }
        return singles.max { left, right in
            let (a, b) = (left.score(metric) ?? 0, right.score(metric) ?? 0)
            return metric.isBetterWhenHigher ? a < b : a > b
        }
    }

    /// The tables, and what fusion adds.
    public var table: String {
        heads.map { (heads.count > 1 ? "\($0.name) (\($0.task))\n" : "") + $0.table }.joined(separator: "\n")
            + Self.note + "\n"
    }

    /// How the figures were made.
    static let note = "One model, trained once; what is left out is hidden from it as missing."

    /// A line a subset and metric; the interval is of the figure that subsets are ranked by.
    var csv: String {
        var lines = ["head,modalities,samples,metric,value,lower,upper"]
        for head in heads {
            for entry in head.entries {
                let names = entry.modalities.map(\.rawValue).joined(separator: "+")
                for metric in head.metrics {
                    guard let value = entry.score(metric) else { continue }
                    let ends = metric == head.metric ? entry.interval.map { "\($0.lower),\($0.upper)" } : nil
                    lines.append(
                        "\(DelimitedText.quoted(head.name)),\(DelimitedText.quoted(names)),\(entry.samples),\(metric.name),\(value),\(ends ?? ",")"
                    )
                }
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension Ablation.Head {
    /// Whether fusing helps, in a sentence; nil with a single modality.
    var conclusion: String? {
        guard let verdict, let bestSingle else { return nil }
        return verdict.sentence("Fusion", against: "the best single modality (\(bestSingle.modalities[0]))") + "."
    }

    /// On monotonicity and equity, a sentence each.
    var remarks: [String] { [monotonicity?.sentence, equity?.sentence].compactMap { $0 } }

    fileprivate var table: String {
        let metrics = Array(metrics.prefix(2))
        let names = entries.map { $0.modalities.map(\.rawValue).joined(separator: " + ") }
        let width = max(10, names.map(\.count).max() ?? 0)
        let header = metrics.map { "   " + TextTable.trailing($0.title, 8) }.joined()
        var lines = [TextTable.leading("modalities", width) + "   samples" + header]
        lines.append(String(repeating: "─", count: width + 33))
        for (name, entry) in zip(names, entries) {
            let figures = metrics.map { "   " + TextTable.trailing(entry.score($0).map($0.text) ?? "n/a", max(8, $0.title.count)) }
            lines.append(TextTable.leading(name, width) + String(format: "%10d", entry.samples) + figures.joined())
        }
        if let conclusion { lines += ["", conclusion] }
        lines += remarks
        return lines.joined(separator: "\n") + "\n"
    }
}
