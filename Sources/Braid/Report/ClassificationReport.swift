internal import Foundation

extension ConfusionMatrix {
    /// The table people know from scikit-learn's `classification_report(digits=4, zero_division=0)`.
    public var report: String {
        let width = max((labels + ["weighted avg"]).map(\.unicodeScalars.count).max() ?? 0, 4)
        var lines = [Self.line("", ["precision", "recall", "f1-score", "support"], width), ""]
        for (label, scores) in zip(labels, classes) { lines.append(Self.row(label, scores, width)) }
        lines.append("")
        lines.append(Self.line("accuracy", ["", "", Self.number(accuracy), "\(total)"], width))
        lines.append(Self.row("macro avg", macro, width))
        lines.append(Self.row("weighted avg", weighted, width))
        return lines.joined(separator: "\n") + "\n"
    }

    private static func row(_ name: String, _ scores: ClassScores, _ width: Int) -> String {
        line(name, [number(scores.precision), number(scores.recall), number(scores.f1), "\(scores.support)"], width)
    }

    private static func line(_ name: String, _ cells: [String], _ width: Int) -> String {
        pad(name, width) + " " + cells.map { " " + pad($0, 9) }.joined()
    }

    private static func number(_ value: Double) -> String { String(format: "%.4f", value) }

    /// Right-aligned, counted in code points as Python does.
    private static func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.unicodeScalars.count)) + text
    }
}
