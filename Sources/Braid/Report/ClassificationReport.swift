internal import Foundation

extension ConfusionMatrix {
    /// The table people know from scikit-learn's `classification_report(digits=4, zero_division=0)`.
    public var report: String {
        let table = ReportTable(labels + ["weighted avg"])
        let lines =
            table.header(labels, classes) + [table.line("accuracy", ["", "", ReportTable.number(accuracy), "\(total)"])]
            + [table.row("macro avg", macro), table.row("weighted avg", weighted)]
        return lines.joined(separator: "\n") + "\n"
    }
}

extension MultilabelScores {
    /// The same of classes that do not exclude each other.
    public var report: String {
        let table = ReportTable(labels + ["weighted avg"])
        let averages = [("micro avg", micro), ("macro avg", macro), ("weighted avg", weighted), ("samples avg", samples)]
        return (table.header(labels, classes) + averages.map(table.row)).joined(separator: "\n") + "\n"
    }
}

/// The rows of such a table.
private struct ReportTable {
    private let width: Int

    init(_ names: [String]) { width = max(names.map { Printable.name($0).unicodeScalars.count }.max() ?? 0, 4) }

    func header(_ labels: [String], _ classes: [ConfusionMatrix.ClassScores]) -> [String] {
        [line("", ["precision", "recall", "f1-score", "support"]), ""] + zip(labels, classes).map(row) + [""]
    }

    func row(_ name: String, _ scores: ConfusionMatrix.ClassScores) -> String {
        line(
            Printable.name(name),
            [Self.number(scores.precision), Self.number(scores.recall), Self.number(scores.f1), "\(scores.support)"])
    }

    func line(_ name: String, _ cells: [String]) -> String {
        Self.pad(name, width) + " " + cells.map { " " + Self.pad($0, 9) }.joined()
    }

    static func number(_ value: Double) -> String { String(format: "%.4f", value) }

    /// Right-aligned, counted in code points as Python does.
    private static func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.unicodeScalars.count)) + text
    }
}
