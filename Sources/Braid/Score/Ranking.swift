/// Measures how well scores put what is true before what is not, as scikit-learn does.
public enum Ranking {
    /// The area under the ROC curve, scikit-learn's `roc_auc_score`; ties count half. nil where all truths are alike.
    public static func auroc(scores: [Double], truth: [Bool]) -> Double? {
        let positives = truth.reduce(0) { $0 + ($1 ? 1 : 0) }
        let negatives = truth.count - positives
        guard positives > 0, negatives > 0 else { return nil }
        // Mann and Whitney: the ranks of the positives, less what they would be behind everything else.
        let ranks = averageRanks(scores)
        let sum = zip(ranks, truth).reduce(0) { $0 + ($1.1 ? $1.0 : 0) }
        return (sum - Double(positives) * Double(positives + 1) / 2) / (Double(positives) * Double(negatives))
    }

    /// The average precision, scikit-learn's `average_precision_score`; nil where nothing is true.
    ///
    /// It is the sum over thresholds of the precision there, times what recall rises by.
    public static func averagePrecision(scores: [Double], truth: [Bool]) -> Double? {
        let positives = truth.reduce(0) { $0 + ($1 ? 1 : 0) }
        guard positives > 0 else { return nil }
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        var (sum, hits, before) = (0.0, 0, 0)
        for (place, index) in order.enumerated() {
            if truth[index] { hits += 1 }
            // A threshold lies only between different scores.
            let isLast = place == order.count - 1 || scores[order[place + 1]] != scores[index]
            guard isLast else { continue }
            sum += Double(hits - before) / Double(positives) * Double(hits) / Double(place + 1)
            before = hits
        }
        return sum
    }

    /// The mean of `auroc` over the columns of `[N][C]` for which it is defined; nil where there is none.
    ///
    /// Of a classifier's probabilities this is scikit-learn's `roc_auc_score(multi_class="ovr")`.
    public static func macroAUROC(scores: [[Double]], truth: [[Bool]]) -> Double? { macro(scores, truth, auroc) }

    /// The mean of `averagePrecision` over the columns of `[N][C]` for which it is defined; nil where there is none.
    public static func macroAveragePrecision(scores: [[Double]], truth: [[Bool]]) -> Double? {
        macro(scores, truth, averagePrecision)
    }

    private static func macro(
        _ scores: [[Double]], _ truth: [[Bool]], _ figure: ([Double], [Bool]) -> Double?
    ) -> Double? {
        let values = (0..<(scores.first?.count ?? 0)).compactMap { column in
            figure(scores.map { $0[column] }, truth.map { $0[column] })
        }
        return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    /// Ranks from 1, equal values sharing the mean of theirs.
    static func averageRanks(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = [Double](repeating: 0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start + 1
            while end < order.count && values[order[end]] == values[order[start]] { end += 1 }
            for place in start..<end { ranks[order[place]] = Double(start + end + 1) / 2 }
            start = end
        }
        return ranks
    }
}
