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
        let verdict =
            "<div class=tiles><div class=tile><b>\(drift.hasMoved ? "transfer again" : "no drift seen")</b><span>\(HTML.escape(drift.conclusion))</span></div></div>"
        var sections = [verdict]
        if drift.hasMoved { sections.append(HTML.section("What closes the loop", "<pre>\(HTML.escape(command))</pre>")) }
        sections.append(HTML.section("Embeddings", embeddings))
        sections.append(HTML.section("Missing", missing))
        sections += drift.classes.map { HTML.section("Classes of \($0.name)", classes($0)) }
        return HTML.page(title, "Braid \(Version.current) · \(counted(drift.rows.new, "new row"))", sections)
    }

    private static func bar(_ share: Double) -> String {
        "<td class=bar><i style=\"width:\(String(format: "%.1f", 100 * min(1, max(0, share))))%\"></i></td>"
    }

    private static func table(_ header: [String], _ rows: [String]) -> String {
        "<table><tr>\(header.map { "<th class=n>\($0)</th>" }.joined())<th></th></tr>\(rows.joined())</table>"
    }

    private static func row(_ name: String, _ cells: [String], _ end: String) -> String {
        "<tr><td>\(HTML.escape(name))</td>\(cells.map { "<td class=n>\($0)</td>" }.joined())\(end)</tr>"
    }

    private var embeddings: String {
        let rows = drift.embeddings.map { one in
            // From chance to all rows.
            Self.row(
                one.name,
                [
                    "\(one.referenceRows)", "\(one.newRows)", Drift.percent(one.classifierAccuracy),
                    Drift.number(one.classifierAdjustedP), Drift.percent(one.kernelAccuracy), Drift.number(one.kernelAdjustedP),
                    one.state.rawValue,
                ], Self.bar(2 * one.accuracy - 1))
        }
        let header = ["", "kept", "new", "classifier", "p", "kernel", "p", ""]
        return Self.table(header, rows)
            + HTML.note(
                "Rows told apart by who has not seen them, the bar from 50 % (chance) to 100 %. p: by permutation, corrected for all tests (Holm)."
            )
            + drift.embeddings.compactMap { one in one.reason.map { HTML.note("\(one.name): not compared: \($0).") } }.joined()
    }

    private var missing: String {
        let rows = drift.missing.map { one in
            Self.row(
                one.name,
                [Drift.percent(one.before), Drift.percent(one.after), Drift.number(one.adjustedP), one.state.rawValue],
                Self.bar(one.after))
        }
        return Self.table(["", "before", "now", "p", ""], rows) + HTML.note("p: Fisher's exact test, corrected likewise.")
    }

    private func classes(_ head: ClassDrift) -> String {
        let rows = head.shares.map { share in
            Self.row(
                share.name,
                [
                    Drift.percent(share.before), Drift.percent(share.after),
                    "\(Drift.percent(share.lower)) to \(Drift.percent(share.upper))",
                ], Self.bar(share.after))
        }
        let table = rows.isEmpty ? "" : Self.table(["", "before", "now", "95 %"], rows)
        return (head.reason.map { HTML.note("Not known: \($0).") } ?? "") + table
            + HTML.note(
                "Predicted otherwise than before: p \(Drift.number(head.adjustedP)), \(head.state.rawValue). Shares are estimated without labels (BBSE), right where classes look as they did."
            )
    }
}
