internal import Foundation

/// Whether one recipe is better than another on the same rows.
public struct Verdict: Sendable, Codable, Equatable {
    /// What the comparison allows to say.
    public enum Judgement: String, Sendable, Codable {
        /// The first is better, beyond chance.
        case better
        /// The first is worse, beyond chance.
        case worse
        /// The rows and seeds do not tell.
        case unproven
        /// The metric is undefined on these rows.
        case undefined
    }

    /// The metric compared.
    public let metric: String
    /// How much better the first is, in the metric's unit; positive is better, whichever way the metric goes. 0 where it is undefined.
    public let gain: Double
    /// Half the 95 % interval's width of `gain`; nil where it cannot be told.
    public let halfWidth: Double?
    /// The two-sided p-value; nil where it cannot be told.
    public let p: Double?
    /// How `p` was found.
    public let test: String
    /// The rows that both were judged on.
    public let items: Int
    /// The trainings of each.
    public let seeds: Int
    /// What follows at a level of 5 %.
    public let judgement: Judgement

    private enum CodingKeys: String, CodingKey {
        case metric, gain, p, test, items, seeds, judgement
        case halfWidth = "half_width"
    }

    /// Differences with a p-value below this are told from chance.
    static let level = 0.05
}

extension Verdict {
    /// Judges two recipes by what each seed's training says of the rows.
    ///
    /// Accuracies and mean errors are compared row by row: by the crossed mean of the differences and, for right or wrong answers, by the exact
    /// test of signs as well (McNemar's, with one seed); the larger p-value counts. Other metrics are resampled over rows and seeds.
    ///
    /// - Parameters:
    ///   - first: By seed, of labelled samples.
    ///   - second: The same of the other recipe.
    ///   - metric: What is compared.
    static func compare(_ first: [HeadPredictions], _ second: [HeadPredictions], _ metric: Metric) throws -> Verdict {
        let shared = Set(first[0].samples.map(\.id)).intersection(second[0].samples.map(\.id))
        let pairs = try zip(first, second).map { pair in
            (try pair.0.ordered(shared).answers(), try pair.1.ordered(shared).answers())
        }
        let (items, seeds, sign) = (shared.count, pairs.count, metric.isBetterWhenHigher ? 1.0 : -1)
        if items > 0, let rows = pairs.map({ metric.differences($0.0, $0.1) }) as? [[Double]] {
            let isWhole = rows.joined().allSatisfy { $0 == $0.rounded() && abs($0) <= 1 }
            let found = CrossedMean(rows, pseudo: isWhole ? [1, -1] : [])
            let sums = rows[0].indices.map { item in Int(rows.reduce(0) { $0 + $1[item] }) }
            let exact = isWhole ? SignFlip.p(sums) : nil
            let p = [found.p, exact].compactMap { $0 }.max()
            let test =
                exact == nil
                ? "rows and seeds crossed" : seeds == 1 ? "McNemar's exact test" : "exact test of signs, rows and seeds crossed"
            return Verdict(
                metric, gain: sign * found.mean, halfWidth: found.halfWidth, p: p, test: test, items: items, seeds: seeds)
        }
        guard let sample = Resampling(pairs, metric) else {
            return Verdict(metric, gain: .nan, halfWidth: nil, p: nil, test: "none", items: items, seeds: seeds)
        }
        return Verdict(
            metric, gain: sign * sample.mean, halfWidth: sample.halfWidth, p: sample.p, test: "bootstrap over rows and seeds",
            items: items, seeds: seeds)
    }

    private init(_ metric: Metric, gain: Double, halfWidth: Double?, p: Double?, test: String, items: Int, seeds: Int) {
        self.init(
            metric: metric.name, gain: gain.isFinite ? gain : 0, halfWidth: halfWidth, p: p, test: test, items: items, seeds: seeds,
            judgement: !gain.isFinite ? .undefined : (p ?? 1) >= Self.level ? .unproven : gain > 0 ? .better : .worse)
    }
}

extension Verdict {
    /// A sentence: the gain with its interval, the rows, and what follows.
    ///
    /// - Parameters:
    ///   - first: What the first recipe is called.
    ///   - second: What the second is called.
    public func sentence(_ first: String, against second: String) -> String {
        let metric = Metric.registry[metric] ?? .accuracy
        let rows = "on these \(items) test row\(items == 1 ? "" : "s")" + (seeds > 1 ? " and \(seeds) seeds" : "")
        guard judgement != .undefined else {
            return "\(metric.title) is undefined \(rows): no verdict on \(first) against \(second)"
        }
        let number = { (value: Double) in metric.isShare ? String(format: "%.2f", 100 * value) : String(format: "%.4f", value) }
        let amount = (gain < 0 ? "-" : "+") + number(abs(gain)) + (halfWidth.map { " ± \(number($0))" } ?? "")
        let chance = p.map { " (\($0 < 0.0001 ? "p < 0.0001" : String(format: "p = %.4f", $0)), \(test))" } ?? ""
        let conclusion =
            switch judgement {
            case .better: "so fusing helps"
            case .worse: "so fusing hurts"
            default: "which is no proof that fusing helps"
            }
        return
            "\(first): \(amount)\(metric.isShare ? " points" : "") of \(metric.title) against \(second) \(rows), \(conclusion)\(chance)"
    }
}

extension HeadPredictions {
    /// Those of the samples with some ids, in the order of the ids, so that two recipes' rows lie side by side.
    func ordered(_ ids: Set<String>) -> HeadPredictions {
        let kept = samples.indices.filter { ids.contains(samples[$0].id) }.sorted { samples[$0].id < samples[$1].id }
        return HeadPredictions(target: target, samples: kept.map { samples[$0] }, source: source, values: kept.map { values[$0] })
    }
}

extension Metric {
    /// What each row adds to the mean that the metric is, `[N]`; nil where it is no mean over rows.
    func rows(_ answers: Answers) -> [Double]? {
        switch (self, answers) {
        case (.accuracy, .classes(let answers)): zip(answers.values, answers.truth).map { $0.likeliest == $1 ? 1 : 0 }
        case (.accuracy, .flags(let answers)): zip(answers.values, answers.truth).map { $0.map { $0 > 0.5 } == $1 ? 1 : 0 }
        case (.mae, .number(let scores)): zip(scores.truth, scores.predicted).map { abs($0 - $1) }
        default: nil
        }
    }

    /// The differences of two recipes' rows, `[N]`; nil where the metric is no mean over rows.
    fileprivate func differences(_ first: Answers, _ second: Answers) -> [Double]? {
        guard let first = rows(first), let second = rows(second) else { return nil }
        return zip(first, second).map { $0 - $1 }
    }
}
