internal import Foundation

extension Predictions {
    /// Every head's report; with several heads each under its name.
    public func report() throws -> String {
        try heads.map { (heads.count > 1 ? "\($0.target.name)\n\n" : "") + (try $0.labelled().report()) }
            .joined(separator: "\n")
    }
}

extension HeadPredictions {
    /// What a person reads of a head: scikit-learn's `classification_report` and the figures that judge probabilities, or a
    /// regression's errors.
    public func report() throws -> String {
        guard !samples.isEmpty else { return "no sample is labelled\n" }
        switch try answers() {
        case .classes(let answers): return try answers.confusion.report + "\n" + figures([.auroc, .averagePrecision, .brier, .ece])
        case .flags(let answers):
            return try answers.scores.report + "\n" + figures([.accuracy, .auroc, .averagePrecision, .brier, .ece])
        case .number: return try figures([.mae, .rmse, .r2, .spearman]) + "samples \(samples.count)\n"
        }
    }

    /// One figure a line; those that are undefined say so.
    private func figures(_ metrics: [Metric]) throws -> String {
        let scores = try scores(metrics)
        let width = metrics.map(\.title.count).max() ?? 0
        return metrics.map { metric in
            TextTable.leading(metric.title, width) + "  " + (scores[metric].map(metric.text) ?? "undefined: a class is absent")
                + "\n"
        }.joined()
    }
}
