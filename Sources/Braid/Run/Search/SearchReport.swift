public import Foundation

extension Search.Outcome {
    /// What a person reads: the best recipes that were trained in full, the given one among them, and what to do next.
    public var table: String {
        guard let best = finalists.first else { return "Nothing was tried.\n" }
        var lines = [
            TextTable.trailing("trial", 5) + TextTable.trailing(metric.title, 14) + TextTable.trailing("s", 8) + "  settings"
        ]
        lines.append(String(repeating: "─", count: 90))
        for result in finalists.prefix(10) {
            lines.append(
                TextTable.trailing("\(result.trial)", 5) + TextTable.trailing(text(result.score), 14)
                    + TextTable.trailing(String(format: "%.1f", result.seconds), 8) + "  \(Self.text(result))")
        }
        let basis = folds > 0 ? "\(rows) train rows, held out in \(folds) folds" : "\(rows) val rows"
        lines.append("")
        let given = finalists.first { $0.trial == 0 }
        let against =
            best.trial == 0
            ? "nothing was better than the configuration as it is"
            : "trial \(best.trial) is best, \(text(best.score)) against \(text(given?.score)) of the configuration as it is"
        lines.append("By \(metric.title) on \(basis), \(against).")
        lines.append(
            "The best of \(Set(results.map(\.trial)).count) on the rows that chose it is lucky as well as good; the test split was not looked at. To judge it: braid train best.yaml"
        )
        return lines.joined(separator: "\n") + "\n"
    }

    /// A row a result.
    public var csv: String {
        let keys = Set(results.flatMap(\.settings.keys)).sorted()
        var lines = [
            (["trial", "epochs", metric.name, "error", "seconds"] + keys).map(DelimitedText.quoted).joined(separator: ",")
        ]
        for result in results {
            let figures = [
                "\(result.trial)", "\(result.epochs)", result.score.map { "\($0)" } ?? "", result.error.map { "\($0)" } ?? "",
                String(format: "%.3f", result.seconds),
            ]
            lines.append((figures + keys.map { result.settings[$0] ?? "" }).map(DelimitedText.quoted).joined(separator: ","))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Writes `search.txt`, `search.csv` and `best.yaml`, the best recipe.
    public func write(to folder: URL) throws {
        try AtomicFile.write(Printable.text(table), to: folder.appendingPathComponent("search.txt"))
        try AtomicFile.write(csv, to: folder.appendingPathComponent("search.csv"))
        try AtomicFile.write(best, to: folder.appendingPathComponent("best.yaml"))
    }

    private func text(_ score: Double?) -> String { score.map(metric.text) ?? "undefined" }

    private static func text(_ result: SearchResult) -> String {
        let settings = result.settings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return ((result.trial == 0 ? ["as given"] : []) + settings).joined(separator: " ")
    }
}
