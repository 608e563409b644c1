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
        var met: Set<String> = ["split"]
        var rows: [(split: Split, cells: RowCells, name: String?)] = []
        for (split, file) in files {
            var reader = RowReader(file)
            try reader.read { row in
                let name = row.cells["file_name"].flatMap { $0.isEmpty ? nil : $0 }
                rows.append(
                    (
                        split, row.cells,
                        name.map { Paths.relative(file.deletingLastPathComponent().appendingPathComponent($0), to: base) }
                    ))
            }
            guard reader.faults.isEmpty else { throw BraidError(.badData, faults: reader.faults) }
            columns += reader.columns.filter { met.insert($0).inserted }
        }
        let header = (["split"] + columns).map(DelimitedText.quoted).joined(separator: ",")
        let lines = rows.map { row in
            ([row.split.rawValue]
                + columns.map { DelimitedText.quoted(($0 == "file_name" ? row.name : nil) ?? row.cells[$0] ?? "") }).joined(
                    separator: ",")
        }
        self.init(
            csv: ([header] + lines).map { $0 + "\n" }.joined(),
            notes: ["joined \(files.map { Paths.relative($0.file, to: base) }.joined(separator: " and "))"])
    }
}
