internal import Foundation

/// Which column of a foreign file holds what, by its name and by what is in it.
struct ProposedColumns {
    /// Known names to the file's columns.
    let columns: [String: String]
    /// Columns of 0 and 1 that together are the label, where there is none else.
    let oneHot: [String]

    /// Names that people give their columns, in lower case.
    private static let synonyms: [String: [String]] = [
        "id": ["uid", "sample_id", "key", "index"], "split": ["set", "subset", "fold", "partition"],
        "group": ["speaker", "patient", "user", "subject", "author", "group_id"],
        "image": ["image_path", "img", "img_path", "picture", "photo", "image_file", "filename_image"],
        "text": ["sentence", "caption", "description", "transcript", "transcription", "utterance", "comment", "content", "title"],
        "text_path": ["text_file"],
        "audio": ["audio_path", "wav", "wav_path", "sound", "recording", "speech", "audio_file", "clip"],
        "audio_start": ["start", "begin", "onset"], "audio_end": ["end", "stop", "offset"],
        "label": ["class", "category", "target", "y", "labels", "label_name", "class_name"], "weight": ["sample_weight"],
    ]
    /// What a file's name ends in, by the column it is for.
    private static let endings: [(known: String, endings: Set<String>)] = [
        ("image", FileEndings.pictures), ("audio", FileEndings.recordings), ("text_path", FileEndings.texts),
    ]

    /// What the last word of a label's column often is, as in `fault_code`, where its values are few classes.
    private static let classWords: Set<String> = [
        "label", "class", "category", "target", "code", "type", "kind", "diagnosis", "status", "outcome", "result", "species",
        "fault", "defect", "genre", "sentiment", "verdict",
    ]

    /// - Parameters:
    ///   - header: The file's columns.
    ///   - rows: The first rows.
    ///   - manifest: The file, for errors.
    ///   - told: Columns that are known, by what they hold.
    /// - Throws: `BraidError` where a column that is told is not there, or nothing looks like a label.
    init(_ header: [String], _ rows: [RawRow], _ manifest: URL, told: [String: String] = [:]) throws {
        for (known, column) in told.sorted(by: { $0.key < $1.key }) where !header.contains(column) {
            let near = nearest(to: column, in: header).map { "; did you mean \($0)?" } ?? "."
            let fault = "--\(known) \(column): there is no such column\(near) There are \(listed(header))"
            throw BraidError(.badData, faults: [Fault(fault, file: manifest.lastPathComponent, line: 1)])
        }
        var columns = told
        func isFree(_ column: String) -> Bool { !columns.values.contains(column) }
        func free() -> [String] { header.filter(isFree) }
        let there = Set(header)
        let alike = Dictionary(grouping: header) { $0.lowercased() }
        for known in Columns.known where columns[known] == nil && there.contains(known) && isFree(known) { columns[known] = known }
        for known in Columns.known where columns[known] == nil {
            let names = [known] + (Self.synonyms[known] ?? [])
            columns[known] = names.lazy.compactMap { name in alike[name]?.first(where: isFree) }.first
        }
        // A name such as file_name says nothing of what the file is; its values do.
        for (known, endings) in Self.endings where columns[known] == nil {
            columns[known] = free().first { column in Self.areFiles(rows.compactMap { Self.fileName($0, column) }, endings) }
        }
        let classes = columns["label"] == nil ? Self.ofClasses(free(), rows) : []
        columns["label"] = columns["label"] ?? Self.likeliest(classes)
        let flags = columns["label"] == nil ? free().filter { Self.areFlags(rows, $0) } : []
        oneHot = flags.count > 1 ? flags : []
        guard columns["label"] != nil || !oneHot.isEmpty else {
            let found =
                classes.isEmpty
                ? "no column looks like a label among \(listed(header)); say which one is with --label COLUMN, or rename it to label"
                : "any of the columns \(listed(classes)) may be the label; say which one is with --label COLUMN"
            throw BraidError(.badData, faults: [Fault(found, file: manifest.lastPathComponent, line: 1)])
        }
        self.columns = columns
    }

    /// What a cell names; of content that lies in the manifest a name that ends as such a file would.
    private static func fileName(_ row: RawRow, _ column: String) -> String? {
        guard let data = row.media[column] else { return row.cells[column] }
        return PictureFormat(data) != nil ? "content.png" : "content.wav"
    }

    /// Whether nearly all of the first values that are there are names of such files.
    private static func areFiles(_ values: [String], _ endings: Set<String>) -> Bool {
        let first = values.filter { !$0.isEmpty }.prefix(50).map { ($0 as NSString).pathExtension.lowercased() }
        let count = first.count { endings.contains($0) }
        return count > 0 && count * 10 >= first.count * 9
    }

    private static func areFlags(_ rows: [RawRow], _ column: String) -> Bool {
        let values = Set(rows.compactMap { $0.cells[column]?.lowercased() })
        return !values.isEmpty && values.isSubset(of: ["0", "1", "0.0", "1.0", "true", "false"])
    }

    /// Columns of classes: few different short values, several rows each.
    private static func ofClasses(_ free: [String], _ rows: [RawRow]) -> [String] {
        free.filter { column in
            let values = rows.compactMap { $0.cells[column] }.filter { !$0.isEmpty }
            let distinct = Set(values)
            let areNumbers = distinct.contains { Double($0) != nil && Double($0) != Double($0)?.rounded() }
            return (2...100).contains(distinct.count) && distinct.count * 3 <= values.count && !areNumbers
                && distinct.allSatisfy { $0.count <= 40 }
        }
    }

    /// The only one, or the only one whose name's last word says that it is one; nil where nothing tells them apart.
    private static func likeliest(_ candidates: [String]) -> String? {
        if candidates.count == 1 { return candidates[0] }
        let named = candidates.filter { column in
            let words = column.replacing(/([a-z])([A-Z])/) { "\($0.output.1)_\($0.output.2)" }.lowercased()
            return words.split(whereSeparator: { !$0.isLetter }).last.map { classWords.contains(String($0)) } ?? false
        }
        return named.count == 1 ? named[0] : nil
    }
}
