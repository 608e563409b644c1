public import Foundation
internal import Torch

/// Writes a sensible configuration from a manifest alone.
public enum ConfigurationProposal {
    /// The YAML text for `manifest`, whose path is written relative to `folder`.
    ///
    /// Looks at the first pictures, to propose an encoder that suits their size.
    ///
    /// - Parameters:
    ///   - manifest: The manifest's file.
    ///   - folder: Where the configuration will lie.
    ///   - told: Columns that are known already, by what they hold: `["label": "fault_code"]`.
    /// - Throws: `BraidError` where the manifest cannot be read, has no such column, or no column looks like a label or a medium.
    public static func yaml(for manifest: URL, relativeTo folder: URL, told: [String: String] = [:]) throws -> String {
        try yaml(for: manifest, relativeTo: folder, told: told, atHand: BundledWeights.names())
    }

    /// - Parameter atHand: The names that `bundled:` takes.
    static func yaml(
        for manifest: URL, relativeTo folder: URL, told: [String: String] = [:], atHand: [String]
    ) throws -> String {
        var reader = RowReader(manifest)
        var rows: [RawRow] = []
        var cells = 0
        try reader.read { row in
            // Of a table of very many columns fewer rows say enough.
            guard rows.count < 1000, rows.count < 10 || cells < Self.mostCells else { return }
            rows.append(row)
            cells += row.cells.count
        }
        guard reader.faults.isEmpty else { throw BraidError(.badData, faults: reader.faults) }
        let proposed = try ProposedColumns(reader.columns, rows, manifest, told: told)
        let columns = proposed.columns
        let modalities = Modality.allCases.filter { modality in
            guard ProposedEncoder.isProposed(modality) else { return false }
            return modality.kind.sources.contains { name in
                columns[name].map { column in rows.contains { $0.cells[column]?.isEmpty == false || $0.media[column] != nil } }
                    ?? false
            }
        }
        let taken = Set(columns.values).union(proposed.oneHot)
        let free = reader.columns.filter { !taken.contains($0) }
        let table = ProposedTable(free, rows, label: columns["label"])
        guard !modalities.isEmpty || table != nil else {
            throw BraidError(
                .badData,
                faults: [
                    Fault(
                        "none of the columns \(listed(reader.columns)) looks like an image, a text, a recording, a number or a category; write columns.image, columns.text or columns.audio yourself",
                        file: manifest.lastPathComponent, line: 1)
                ])
        }
        let task =
            proposed.oneHot.isEmpty
            ? ProposedTask(rows.compactMap { row in columns["label"].flatMap { row.cells[$0] } }) : ProposedTask(["|"])
        let proposals = modalities.compactMap { modality in
            ProposedEncoder(for: modality, media: media(modality, rows, columns, manifest), atHand: atHand).map { (modality, $0) }
        }
        let inTable = Set(table?.columns.all ?? [])
        return document(manifest, folder, free.filter { !inTable.contains($0) }, proposed, proposals, table, task)
    }

    /// Of how many cells a proposal is made.
    private static let mostCells = 1_000_000

    /// What the rows have of a modality, as far as it is well formed.
    private static func media(_ modality: Modality, _ rows: [RawRow], _ columns: [String: String], _ manifest: URL) -> [Medium] {
        rows.compactMap { row in
            let cell = { (known: String) in columns[known].flatMap { row.cells[$0] }.flatMap { $0.isEmpty ? nil : $0 } }
            var reader = CellReader(modality, folder: manifest.deletingLastPathComponent(), cells: cell) { known in
                columns[known].flatMap { row.media[$0] }
            }
            return modality.kind.read(&reader)
        }
    }

    /// The head that the first rows of a manifest ask for.
    static func head(for manifest: URL, _ columns: Columns) throws -> HeadSettings {
        var reader = RowReader(manifest)
        var labels: [String] = []
        let column = columns.name("label")
        let isDone = { labels.count >= 1000 }
        try reader.read(until: isDone) { row in if !isDone(), let label = row.cells[column] { labels.append(label) } }
        return ProposedTask(labels).head
    }

    private static func document(
        _ manifest: URL, _ folder: URL, _ ignored: [String], _ proposed: ProposedColumns,
        _ encoders: [(modality: Modality, proposal: ProposedEncoder)], _ table: ProposedTable?, _ task: ProposedTask
    ) -> String {
        let (columns, oneHot) = (proposed.columns, proposed.oneHot)
        var lines = [
            "# Written by braid init. Every key and its meaning: docs/configuration.md",
            "manifest: \(quote(relative(manifest, to: folder)))",
        ]
        let renamed = Columns.known.filter { columns[$0] != nil && columns[$0] != $0 }
        if !renamed.isEmpty || !ignored.isEmpty || !oneHot.isEmpty { lines.append("columns:") }
        if !oneHot.isEmpty { lines.append("  one_hot: [\(oneHot.map(quote).joined(separator: ", "))]") }
        for known in renamed { lines.append("  \(known): \(quote(columns[known] ?? known))") }
        if !ignored.isEmpty {
            lines.append("  # Left out, for nothing here says what they are: columns.<name> takes them in.")
            lines.append("  ignore: [\(ignored.map(quote).joined(separator: ", "))]")
        }
        if columns["split"] == nil { lines.append("splits: {val: 0.15, test: 0.15}") }
        lines.append("modalities:")
        for (modality, proposal) in encoders {
            lines += (proposal.reasons + PublishedWeights.lines(for: modality)).map { "  # \($0)" }
            lines.append("  \(modality): {weights: \(quote(proposal.weights)), train: none}")
        }
        if let table {
            lines.append(
                "  # Numbers and categories, by what stands in the columns: take out what is not known before the label is.")
            lines.append("  tabular:")
            for (name, list) in [("numbers", table.columns.numbers), ("categories", table.columns.categories)] where !list.isEmpty {
                lines.append("    \(name): [\(list.map(quote).joined(separator: ", "))]")
            }
        }
        lines.append(
            "# auto chooses by cross-validation on the train split and says why; training.preset: fast tries less, best more. docs/choosing.md"
        )
        lines.append(
            encoders.count + (table == nil ? 0 : 1) > 1 ? "fusion: {type: auto, modality_dropout: 0.2}" : "fusion: {type: auto}")
        let stopping = (task.kind.form == .number ? Metric.rmse : .macroF1).name
        lines.append(task.line)
        lines.append("training: {epochs: 40, early_stopping: {metric: \(stopping), patience: 8}, seed: 0}")
        return lines.joined(separator: "\n") + "\n"
    }

    private static func quote(_ text: String) -> String {
        "\"\(text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\""))\""
    }

    private static func relative(_ url: URL, to folder: URL) -> String {
        let (path, base) = (url.standardizedFileURL.path, folder.standardizedFileURL.path)
        return path.hasPrefix(base + "/") ? String(path.dropFirst(base.count + 1)) : path
    }
}
