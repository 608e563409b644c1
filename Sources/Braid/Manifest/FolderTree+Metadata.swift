internal import Foundation

extension FolderTree {
    private static let metadataNames = ["metadata.csv", "metadata.jsonl"]

    /// The files that say what lies in the folders `train`, `val` and `test`, as data sets on the Hugging Face hub have them; none where there
    /// are none.
    static func metadataOfSplits(in folder: URL) -> [(split: Split, file: URL)] {
        let entries = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return entries.sorted { $0.path < $1.path }.compactMap { entry in
            guard let split = Split(named: entry.lastPathComponent) else { return nil }
            let file = metadataNames.map(entry.appendingPathComponent).first { FileManager.default.fileExists(atPath: $0.path) }
            return file.map { (split, $0) }
        }
    }

    /// Joins such files: each row with its split, and its `file_name` as the manifest names it.
    ///
    /// - Throws: `BraidError` with the faults of the files.
    init(joining files: [(split: Split, file: URL)], relativeTo base: URL) throws {
        var columns: [String] = []
        var rows: [(split: Split, cells: [String: String])] = []
        for (split, file) in files {
            var reader = RowReader(file)
            try reader.read { row in
                var cells = row.cells
                if let name = cells["file_name"], !name.isEmpty {
                    cells["file_name"] = Paths.relative(file.deletingLastPathComponent().appendingPathComponent(name), to: base)
                }
                rows.append((split, cells))
            }
            guard reader.faults.isEmpty else { throw BraidError(.badData, faults: reader.faults) }
            columns += reader.columns.filter { !columns.contains($0) && $0 != "split" }
        }
        let header = (["split"] + columns).map(DelimitedText.quoted).joined(separator: ",")
        let lines = rows.map { row in
            ([row.split.rawValue] + columns.map { DelimitedText.quoted(row.cells[$0] ?? "") }).joined(separator: ",")
        }
        self.init(
            csv: ([header] + lines).map { $0 + "\n" }.joined(),
            notes: ["joined \(files.map { Paths.relative($0.file, to: base) }.joined(separator: " and "))"])
    }
}
