internal import Foundation

extension Report {
    /// The matrix of a chain of trainings, shaded, and what follows of it.
    func table(_ report: StageReport) -> Markup {
        let rows = zip(report.stages, report.matrix).map { stage, row in
            [PageTable.Cell("after stage \(stage.number)")]
                + row.map { value in .init(value.map(StageReport.text) ?? "n/a", shade: value.map { min(1, max(0, $0)) }) }
        }
        let matrix = PageTable(
            "\(report.metric) on the test rows of each stage", ["after"] + report.stages.map { "stage \($0.number)" }, rows)
        let figures = PageTable(
            "What follows of the stages", ["figure", "value", "meaning"], words: [2],
            report.figures.map { [.init($0.name), .init($0.value.map(StageReport.text) ?? "n/a"), .init($0.meaning)] })
        let brought = report.stages.map { stage in
            let classes = stage.classes.sorted { $0.key < $1.key }.flatMap(\.value).map { Shown.name($0, atMost: 40) }
            let shown = classes.prefix(12).joined(separator: ", ") + (classes.count > 12 ? ", …" : "")
            return "Stage \(stage.number)\(stage.manifest.map { " (\($0))" } ?? ""): "
                + (classes.isEmpty ? "no new class" : "classes \(shown)") + "."
        }
        return Page.note("\(report.scenario); \(report.metric) on the test rows of each stage") + matrix.markup + figures.markup
            + Page.notes(brought + report.remarks)
    }
}
