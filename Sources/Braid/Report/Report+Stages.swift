internal import Foundation

extension Report {
    /// The matrix of a chain of trainings, shaded, and what follows of it.
    func table(_ report: StageReport) -> String {
        let header = report.stages.map { "<th class=n>stage \($0.number)</th>" }.joined()
        let rows = zip(report.stages, report.matrix).map { stage, row in
            let cells = row.map { value -> String in
                guard let value else { return "<td class=n>-</td>" }
                let shade = String(format: "%.2f", min(0.6, max(0, value) * 0.6))
                return "<td class=n style=\"background:rgba(37,99,168,\(shade))\">\(StageReport.text(value))</td>"
            }
            return "<tr><th>after stage \(stage.number)</th>\(cells.joined())</tr>"
        }
        let figures = report.figures.map { figure in
            "<tr><td>\(HTML.escape(figure.name))</td><td class=n>\(figure.value.map(StageReport.text) ?? "-")</td><td>\(figure.meaning)</td></tr>"
        }
        let brought = report.stages.map { stage in
            let classes = stage.classes.sorted { $0.key < $1.key }.flatMap(\.value)
            let shown = classes.prefix(12).joined(separator: ", ") + (classes.count > 12 ? ", …" : "")
            return "Stage \(stage.number)\(stage.manifest.map { " (\($0))" } ?? ""): "
                + (classes.isEmpty ? "no new class" : "classes \(shown)") + "."
        }
        return HTML.note("\(report.scenario); \(report.metric) on the test rows of each stage")
            + "<table><tr><th></th>\(header)</tr>\(rows.joined())</table><table>\(figures.joined())</table>"
            + (brought + report.remarks).map(HTML.note).joined()
    }
}
