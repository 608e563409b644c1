// After MissBench (Pham et al. 2026, arXiv:2603.09874), whose Modality Equity Index says how evenly modalities contribute whichever of them are
// missing. The paper's abstract was at hand, not its formula: what is computed here is said in docs/transfer-drift.md, and is ours.
internal import Foundation

/// What each modality adds where it is there, whichever of the others are missing, and how evenly that is shared.
public struct ModalityEquity: Sendable, Codable {
    /// One modality's share.
    public struct Contribution: Sendable, Codable {
        /// The modality's name.
        public let name: String
        /// How much better the model is with it than without it, in the metric's unit, in the mean over what else may be there.
        public let value: Double
    }

    /// The metric's name.
    public let metric: String
    /// The rows that it is of: those that have every modality.
    public let rows: Int
    /// In the model's order.
    public let contributions: [Contribution]
    /// The entropy of the contributions' shares over the largest there could be: 1 where all add as much, 0 where a single one adds anything;
    /// nil where none does. What is below 0 counts as 0.
    public let index: Double?

    /// - Parameters:
    ///   - metric: What is compared.
    ///   - rows: How many rows the figures are of.
    ///   - names: The modalities.
    ///   - rates: How often each is missing, from 0 to 1.
    ///   - value: The figure of a set of modalities, by number; of none, that of an answer which sees nothing.
    init(_ metric: Metric, rows: Int, _ names: [String], rates: [Double], value: (Set<Int>) -> Double) {
        let sign = metric.isBetterWhenHigher ? 1.0 : -1
        let added = names.indices.map { own in
            let others = names.indices.filter { $0 != own }
            return (0..<1 << others.count).reduce(0.0) { sum, bits in
                let there = others.enumerated().filter { bits >> $0.offset & 1 == 1 }.map(\.element)
                let chance = others.reduce(1.0) { $0 * (there.contains($1) ? 1 - rates[$1] : rates[$1]) }
                guard chance > 0 else { return sum }
                return sum + chance * sign * (value(Set(there + [own])) - value(Set(there)))
            }
        }
        (self.metric, self.rows) = (metric.name, rows)
        contributions = zip(names, added).map { Contribution(name: $0, value: $1) }
        index = Self.evenness(added)
    }

    /// The entropy of shares over that of equal ones.
    static func evenness(_ values: [Double]) -> Double? {
        let parts = values.map { max(0, $0) }
        let sum = parts.reduce(0, +)
        guard sum > 0, parts.count > 1 else { return nil }
        let entropy = parts.filter { $0 > 0 }.reduce(0) { $0 - $1 / sum * log($1 / sum) }
        return min(1, max(0, entropy / log(Double(parts.count))))
    }

    /// A sentence.
    var sentence: String {
        let metric = Metric.registry[self.metric] ?? .accuracy
        let parts = contributions.map { "\($0.name) \($0.value < 0 ? "-" : "+")\(metric.text(abs($0.value)))" }.joined(
            separator: ", ")
        return
            "Modality equity (MEI): \(index.map { String(format: "%.3f", $0) } ?? "undefined") on \(rows) rows with every modality (1: all add as much; \(metric.title) added: \(parts))."
    }
}

/// Whether a model ever does better with fewer modalities than with more.
public struct Monotonicity: Sendable, Codable {
    /// A set of modalities that does better than one that holds it.
    public struct Violation: Sendable, Codable {
        /// The smaller set.
        public let smaller: [Modality]
        /// The larger one.
        public let larger: [Modality]
        /// How much better the smaller one is, in the metric's unit.
        public let gain: Double
        /// One-sided, corrected for all pairs (Holm).
        public let p: Double

        private enum CodingKeys: String, CodingKey {
            case smaller, larger, gain
            case p = "p_holm"
        }
    }

    /// The metric's name.
    public let metric: String
    /// How many pairs of sets, one within the other, were compared.
    public let pairs: Int
    /// Those in which the smaller set is better beyond chance.
    public let violations: [Violation]

    /// - Parameter predictions: Of labelled samples, by what the model was shown of them.
    init(_ predictions: [(modalities: [Modality], head: HeadPredictions)], _ metric: Metric) throws {
        var found: [(smaller: [Modality], larger: [Modality], verdict: Verdict)] = []
        for small in predictions {
            for large in predictions where Set(small.modalities).isStrictSubset(of: large.modalities) && !small.head.samples.isEmpty
            {
                found.append((small.modalities, large.modalities, try .compare([small.head], [large.head], metric)))
            }
        }
        let adjusted = Holm.adjusted(found.map { one in one.verdict.p.map { one.verdict.gain > 0 ? $0 / 2 : 1 - $0 / 2 } ?? 1 })
        (self.metric, pairs) = (metric.name, found.count)
        violations = zip(found, adjusted).filter { $0.1 < Verdict.level && $0.0.verdict.gain > 0 }.map { one, p in
            Violation(smaller: one.smaller, larger: one.larger, gain: one.verdict.gain, p: p)
        }
    }

    /// A sentence.
    var sentence: String {
        let metric = Metric.registry[self.metric] ?? .accuracy
        guard !violations.isEmpty else {
            return
                "Monotonicity: in none of \(counted(pairs, "pair")) is a smaller set of modalities better beyond chance (paired tests, Holm)."
        }
        let name = { (set: [Modality]) in set.map(\.rawValue).joined(separator: " + ") }
        let parts = violations.map {
            "\(name($0.smaller)) over \(name($0.larger)) by \(metric.text($0.gain)) (p \(String(format: "%.4f", $0.p)))"
        }
        return "Monotonicity: NOT KEPT in \(violations.count) of \(counted(pairs, "pair")): \(parts.joined(separator: "; "))."
    }
}

extension Target {
    /// The figure that is a mean over rows, so that rows can be paired.
    var rowMetric: Metric { form == .number ? .mae : .accuracy }
}

extension Answers {
    /// The figure of an answer that sees nothing: how often each class is the true one, or the mean number.
    func blind(_ metric: Metric) -> Double? {
        let shares = { (flags: [[Bool]]) -> [Float] in
            (flags.first ?? []).indices.map { column in Float(flags.count { $0[column] }) / Float(max(1, flags.count)) }
        }
        switch self {
        case .classes(let answers):
            let same = Array(repeating: shares(answers.flags), count: answers.truth.count)
            return metric.compute(
                .classes(
                    ClassAnswers(
                        labels: answers.confusion.labels, truth: answers.truth, values: same, positive: answers.positive)))
        case .flags(let answers):
            let same = Array(repeating: shares(answers.truth), count: answers.truth.count)
            return metric.compute(.flags(FlagAnswers(labels: answers.scores.labels, truth: answers.truth, values: same)))
        case .number(let scores):
            let mean = scores.truth.reduce(0, +) / Double(max(1, scores.truth.count))
            return metric.compute(
                .number(RegressionScores(truth: scores.truth, predicted: scores.truth.map { _ in mean })))
        }
    }
}
