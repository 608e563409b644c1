internal import Foundation

/// What early stopping and comparisons go by. scikit-learn's definitions, but for ECE (Guo et al. 2017).
public enum MetricName: String, CaseIterable, Sendable {
    case accuracy
    case macroF1 = "macro_f1"
    case microF1 = "micro_f1"
    case weightedF1 = "weighted_f1"
    case auroc
    case averagePrecision = "average_precision"
    case brier
    case ece
    case mae
    case rmse
    case r2
    case spearman
    case loss

    public var isBetterWhenHigher: Bool {
        switch self {
        case .accuracy, .macroF1, .microF1, .weightedF1, .auroc, .averagePrecision, .r2, .spearman: true
        case .brier, .ece, .mae, .rmse, .loss: false
        }
    }

    /// Whether it is read as points of a hundred.
    public var isShare: Bool {
        switch self {
        case .accuracy, .macroF1, .microF1, .weightedF1, .auroc, .averagePrecision: true
        default: false
        }
    }

    func applies(to task: TaskKind) -> Bool {
        switch self {
        case .loss: true
        case .accuracy, .macroF1, .microF1, .weightedF1, .auroc, .averagePrecision, .brier, .ece: task.isClassification
        case .mae, .rmse, .r2, .spearman: !task.isClassification
        }
    }

    static func standard(for task: TaskKind) -> MetricName { task.isClassification ? .macroF1 : .rmse }
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
