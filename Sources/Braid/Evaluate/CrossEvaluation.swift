internal import Foundation

/// What repeated k-fold cross-validation says of a recipe: every row of train and val answered by models that have not seen it. The fusion is
/// chosen anew in each fold, where it is chosen; the test split is not looked at.
public struct CrossEvaluation: Sendable, Codable, Equatable {
    /// One head's figures.
    public struct Head: Sendable, Codable, Equatable {
        /// The head's name.
        public let name: String
        /// By metric, over rows and repeats.
        public let figures: [String: Estimate]
    }

    /// In how many parts rows were divided.
    public let folds: Int
    /// How many times.
    public let repeats: Int
    /// How many rows there were.
    public let rows: Int
    /// In the order of the heads.
    public let heads: [Head]
    /// How many of the folds took which fusion.
    public let fusions: [String: Int]

    /// What a person reads.
    public var table: String {
        var lines = [basis, ""]
        for head in heads {
            for metric in Metric.registry.all {
                guard let text = head.figures[metric.name]?.text(metric) else { continue }
                lines.append("    " + TextTable.leading(heads.count > 1 ? "\(head.name) \(metric.title)" : metric.title, 24) + text)
            }
        }
        return (lines + ["", remark]).joined(separator: "\n") + "\n"
    }

    /// What the figures are of.
    var basis: String {
        "Cross-validation, \(folds) folds × \(repeats) on the \(rows) rows of train and val, the test split left alone."
    }

    /// How to read them.
    var remark: String {
        let taken = fusions.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }.joined(
            separator: ", ")
        return "± 95 % over rows and repeats. Fusions taken, by fold: \(taken)."
    }
}
