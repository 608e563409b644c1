internal import Foundation

/// Writes what a comparison with the training's data found: `report.txt`, `report.html`, `drift.json` and `drift.csv`.
public struct DriftReport {
    private let drift: Drift
    private let title: String
    private let command: String

    /// - Parameters:
    ///   - drift: What was found.
    ///   - title: The heading of the page.
    ///   - command: What transfers again, for whoever reads that it is time to.
    public init(_ drift: Drift, title: String, command: String) { (self.drift, self.title, self.command) = (drift, title, command) }

    /// The tables and the verdict, with the command where something has moved.
    public var text: String { drift.table + (drift.hasMoved ? "\n    \(command)\n" : "") }

    /// Writes the files into the folder of `run`, which is made where there is none.
    ///
    /// - Throws: `FileWriteError` where the folder cannot be made or a file cannot be written.
    public func write(to run: RunFolder) throws {
        try FileFault.makeFolder(run.url)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(encoder.encode(drift), to: run.file("drift.json"))
        try AtomicFile.write(drift.csv, to: run.file("drift.csv"))
        try AtomicFile.write(Printable.text(text), to: run.file("report.txt"))
        try AtomicFile.write(html, to: run.file("report.html"))
    }

    private var html: String {
        let verdict = Markup.tag(
            "div", ["class": "summary"],
            Page.tiles([Page.tile(drift.hasMoved ? "transfer again" : "no drift seen", drift.conclusion)]))
        var sections: [Page.Section] = []
        if drift.hasMoved { sections.append(.init("What closes the loop", Page.code(command))) }
        sections += [.init("Embeddings", embeddings), .init("Missing modalities", missing)]
        sections += drift.classes.map { .init("Classes of \(Shown.name($0.name))", classes($0)) }
        return Page.document(
            title, "Braid \(Version.current) · \(counted(drift.rows.new, "new row"))", opening: [verdict], sections)
    }

    private var embeddings: Markup {
        let rows = drift.embeddings.map { one in
            [
                PageTable.Cell(one.name), .init("\(one.referenceRows)"), .init("\(one.newRows)"),
                .init(Drift.percent(one.classifierAccuracy)), .init(Drift.number(one.classifierAdjustedP)),
                .init(Drift.percent(one.kernelAccuracy)), .init(Drift.number(one.kernelAdjustedP)), .init(one.state.rawValue),
            ]
        }
        let known = drift.embeddings.filter { $0.accuracy.isFinite }
        let chart = BarChart(
            title: "Old and new rows told apart",
            summary: known.map { "\($0.name) \(Drift.percent($0.accuracy))" }.joined(separator: ", "),
            axis: "accuracy above chance, % (0: chance, 100: all rows)",
            bars: known.map {
                .init(
                    name: $0.name, value: max(0, 2 * $0.accuracy - 1), text: Drift.percent($0.accuracy), isMain: $0.state == .moved)
            },
            scale: 100, limits: 0...1)
        let table = PageTable(
            "Embeddings before and now",
            ["embedding", "kept rows", "new rows", "classifier", "classifier, p", "kernel", "kernel, p", "state"], words: [7], rows)
        return (known.isEmpty ? .nothing : Page.columns([chart.figure()])) + table.markup
            + Page.note(
                "Rows told apart by a classifier and by a kernel that have not seen them; chance is 50 %. p: by permutation, corrected for all tests (Holm)."
            )
            + Page.notes(drift.embeddings.compactMap { one in one.reason.map { "\(one.name): not compared: \($0)." } })
    }

    private var missing: Markup {
        let rows = drift.missing.map { one in
            [
                PageTable.Cell(one.name), .init(Drift.percent(one.before)), .init(Drift.percent(one.after)),
                .init(Drift.number(one.adjustedP)), .init(one.state.rawValue),
            ]
        }
        return PageTable("Missing modalities before and now", ["modality", "before", "now", "p", "state"], words: [4], rows).markup
            + Page.note("p: Fisher's exact test, corrected likewise.")
    }

    private func classes(_ head: ClassDrift) -> Markup {
        let rows = head.shares.map { share in
            [
                PageTable.Cell(Shown.name(share.name)), .init(Drift.percent(share.before)), .init(Drift.percent(share.after)),
                .init("\(Drift.percent(share.lower)) to \(Drift.percent(share.upper))"),
            ]
        }
        let table =
            rows.isEmpty
            ? Markup.nothing : PageTable("Shares of classes", ["class", "before", "now", "95 % interval"], rows).markup
        return (head.reason.map { Page.note("Not known: \($0).") } ?? .nothing) + table
            + Page.note(
                "Predicted otherwise than before: p \(Drift.number(head.adjustedP)), \(head.state.rawValue). Shares are estimated without labels (BBSE); they hold where classes look as they did."
            )
    }
}
