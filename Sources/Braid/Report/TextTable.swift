internal import Foundation

/// Columns of text.
enum TextTable {
    /// `text` at the left of `width` places.
    static func leading(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }

    /// `text` at the right of `width` places.
    static func trailing(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}

extension MetricName {
    /// How tables call it.
    public var title: String {
        switch self {
        case .macroF1: "macro F1"
        case .microF1: "micro F1"
        case .weightedF1: "weighted F1"
        case .averagePrecision: "average precision"
        case .auroc, .mae, .rmse, .ece: rawValue.uppercased()
        case .r2: "R²"
        case .brier: "Brier score"
        case .accuracy, .spearman, .loss: rawValue
        }
    }

    /// A value as tables show it.
    func text(_ value: Double) -> String {
        self == .accuracy ? String(format: "%.2f %%", 100 * value) : String(format: "%.4f", value)
    }
}
