internal import Foundation

/// Turns rows into samples, and collects what is wrong with them.
struct SampleBuilder {
    /// Built, and not taken away.
    private(set) var samples: [Sample] = []
    /// How many were built.
    private(set) var count = 0
    private(set) var faults: [Fault] = []
    private(set) var missingFiles: [BadSample] = []
    /// Rows that have no medium, which are never built.
    private(set) var emptyRows: [Fault] = []
    private(set) var hasSplits = false

    private let manifest: URL
    private let folder: URL
    private let columns: Columns
    private let needsLabels: Bool
    private let ignored: Set<String>
    private let longestName = Limit.nameBytes.value
    private var layout: RowLayout
    private let unreachable: [String: String]
    /// Whether the column that would say how much a row counts is one of a table's.
    private let isWeightInTable: Bool
    private var rows = 0
    /// Lines of JSON objects that lack a key which others may have.
    private var rowsWithoutSplit: [Int] = []
    private var rowsWithoutLabel: [Int] = []
    private var ids = SampleIDs()
    private var splitOfGroup: [String: (split: Split, line: Int)] = [:]

    /// - Parameter unreachable: Why files could not be fetched, by address.
    init(manifest: URL, columns: Columns, needsLabels: Bool, unreachable: [String: String] = [:]) {
        self.unreachable = unreachable
        self.manifest = manifest
        folder = manifest.deletingLastPathComponent()
        self.columns = columns
        self.needsLabels = needsLabels
        ignored = Set(columns.ignored)
        layout = RowLayout(columns, ignored)
        isWeightInTable = columns.inTables.contains(columns.name("weight"))
    }

    /// Faults that show once all rows are read: columns that are not there, and keys that only some rows have.
    func columnFaults(_ columnNames: [String]) -> [Fault] {
        guard !columnNames.isEmpty else { return [] }
        let header = Set(columnNames).subtracting(ignored)
        var faults =
            hasSplits ? rowsWithoutSplit.map { fault($0, columns.name("split"), "is not given, while other rows have it") } : []
        let labels = columns.labels.map(columns.name)
        if labels.contains(where: header.contains) {
            faults += rowsWithoutLabel.map { fault($0, labels.joined(separator: ", "), "is not given; expected a label") }
        }
        let sources = columns.modalities.flatMap(\.sources)
        if !(sources.map(columns.name) + columns.inTables).contains(where: header.contains) {
            faults.append(
                fault(1, nil, "has none of the columns \(sources.joined(separator: ", ")); map yours with columns.<name>"))
        }
        for known in columns.labels
        where needsLabels && !header.contains(columns.name(known)) && (known != "label" || columns.oneHot.isEmpty) {
            let remedy = known == "label" ? "map yours with columns.label" : "name another with heads.….column"
            faults.append(fault(1, columns.name(known), "there is no such column; \(remedy)"))
        }
        return faults
    }

    mutating func add(_ row: RawRow) {
        rows += 1
        layout.take(row)
        let row = layout.known(row)
        let before = faults.count
        let cell = { [columns] (known: String) -> String? in row.cells[columns.name(known)].flatMap { $0.isEmpty ? nil : $0 } }
        let given = cell("id")
        let id = given ?? String(rows)
        if let first = ids.note(given, row: rows, line: row.line) {
            report(row, "id", "\"\(id)\" is the id of line \(first) already; ids must be unique")
        }
        if Self.breaksLines(id) {
            report(row, "id", "must not hold line breaks or control characters")
        }
        checkLength(given, row, "id")
        checkLength(cell("group"), row, "group")

        let sample = Sample(
            id: id, line: row.line, split: split(row, cell("split")), group: cell("group"), media: media(row, cell),
            labels: labels(row, cell), weight: weight(row, isWeightInTable ? nil : cell("weight")))
        if sample.media.isEmpty && faults.count == before {
            let names = Self.choice(columns.modalities.map(\.rawValue))
            emptyRows.append(fault(row.line, nil, "has no \(names); a sample needs at least one"))
            return
        }
        checkGroup(sample, row)
        for (modality, medium) in sample.media.count > 1 ? sample.media.sorted(by: { $0.key < $1.key }) : Array(sample.media) {
            guard let url = medium.url, let reason = MediaFile.fault(of: url) else { continue }
            // Where a modality has several columns, a file is named by the last of them.
            let column = modality.sources.last { cell($0) != nil } ?? modality.rawValue
            let foreign = cell(column).flatMap { [unreachable] written in
                (unreachable[written] ?? CellReader.foreign(written)).map { "\(written): \($0)" }
            }
            missingFiles.append(
                BadSample(sample, manifest: manifest, field: columns.name(column), message: foreign ?? "\(url.path): \(reason)"))
        }
        guard faults.count == before else { return }
        samples.append(sample)
        count += 1
    }

    /// Whether a text holds line breaks or control characters. Plain ASCII, the rule, is seen without tables.
    private static func breaksLines(_ text: String) -> Bool {
        guard !text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else { return false }
        return text.unicodeScalars.contains {
            [.control, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
        }
    }

    /// How much is wrong: where bad samples are skipped, they are no part of it.
    func faultCount(_ onBadSample: BadSample.Policy) -> Int {
        faults.count + (onBadSample == .fail ? missingFiles.count + emptyRows.count : 0)
    }

    /// What became of rows that are no samples.
    var notes: [String] {
        guard let first = emptyRows.first else { return [] }
        return [
            "\(manifest.lastPathComponent): \(emptyRows.count) of \(rows) rows have no medium and are left out, the first in line \(first.line ?? 0)"
        ]
    }

    /// Gives away the samples that were built since the last time.
    mutating func take() -> [Sample] {
        defer { samples = [] }
        return samples
    }

    private mutating func split(_ row: RawRow, _ cell: String?) -> Split? {
        guard row.cells[columns.name("split")] != nil else {
            rowsWithoutSplit.append(row.line)
            return nil
        }
        hasSplits = true
        guard let cell else {
            report(row, "split", "is empty; expected train, val or test in every row, or no split column")
            return nil
        }
        guard let split = Split(named: cell.withoutBlanks) else {
            report(row, "split", "\"\(cell)\" is none of train, val (or validation, valid, dev), test")
            return nil
        }
        return split
    }

    /// What the row has of each modality.
    private mutating func media(_ row: RawRow, _ cell: @escaping (String) -> String?) -> [Modality: Medium] {
        var media: [Modality: Medium] = [:]
        for (modality, kind) in layout.kinds {
            let listed = columns.tables[modality].map { (columns: $0, cells: row.cells) }
            var reader = CellReader(modality, folder: folder, listed: listed, cells: cell) { [columns] in
                row.media[columns.name($0)]
            }
            media[modality] = kind.read(&reader)
            for (column, message) in reader.faults { report(row, column, message) }
            faults += reader.ownFaults.map { fault(row.line, $0.column, $0.message) }
        }
        return media
    }

    /// `a, b or c`.
    private static func choice(_ names: [String]) -> String {
        names.dropLast().joined(separator: ", ") + (names.count > 1 ? " or " : "") + (names.last ?? "")
    }

    /// Each head's label. A row may leave some empty, but not all.
    private mutating func labels(_ row: RawRow, _ cell: (String) -> String?) -> [String: String] {
        var labels: [String: String] = [:]
        for known in columns.labels {
            // Blanks around a name are nobody's intention.
            let label = cell(known)?.withoutBlanks
            labels[known] = label?.isEmpty == false ? label : nil
            // Which of these stands between names is the task's: no name is longer than what stands between any.
            checkLength(label, row, known, separators: "|,;")
        }
        if !columns.oneHot.isEmpty { labels["label"] = oneHot(row) }
        guard labels.isEmpty && needsLabels else { return labels }
        let names = columns.oneHot.isEmpty ? columns.labels.map(columns.name) : columns.oneHot
        if names.contains(where: { row.cells[$0] != nil }) {
            report(
                row, columns.labels[0], names.count == 1 ? "is empty; expected a label" : "is empty, and so are all other labels")
        } else {
            rowsWithoutLabel.append(row.line)
        }
        return labels
    }

    /// The classes whose columns say 1, as a list; nil where all are empty.
    private mutating func oneHot(_ row: RawRow) -> String? {
        var names: [String] = []
        var isGiven = false
        for column in columns.oneHot {
            switch row.cells[column]?.withoutBlanks.lowercased() {
            case nil, "": continue
            case "1", "1.0", "true", "yes": names.append(column)
            case "0", "0.0", "false", "no": break
            case let other?: faults.append(fault(row.line, column, "\"\(other)\" is neither 1 nor 0"))
            }
            isGiven = true
        }
        return isGiven ? NameList.text(names) : nil
    }

    private mutating func weight(_ row: RawRow, _ cell: String?) -> Double {
        guard let cell else { return 1 }
        guard let value = Double(cell), value.isFinite, value >= 0 else {
            report(row, "weight", "\"\(cell)\" is not a number, 0 or more")
            return 1
        }
        // Sums of weights are of single precision.
        guard value <= 1e12 else {
            report(row, "weight", "\"\(cell)\" is beyond any weight; expected a number from 0 to 1e12")
            return 1
        }
        return value
    }

    private mutating func checkGroup(_ sample: Sample, _ row: RawRow) {
        guard let group = sample.group, let split = sample.split else { return }
        let first = splitOfGroup[group] ?? (split, row.line)
        splitOfGroup[group] = first
        guard first.split != split else { return }
        report(
            row, "group",
            "\(group) is in \(split.rawValue) here and in \(first.split.rawValue) in line \(first.line); a group must not cross splits"
        )
    }

    /// Reports a name, or one of several in a cell, that is longer than any is: a text in the wrong column.
    private mutating func checkLength(_ cell: String?, _ row: RawRow, _ known: String, separators: String = "") {
        guard let cell, cell.utf8.count > longestName else { return }
        let longest = cell.utf8.split { separators.utf8.contains($0) }.map(\.count).max() ?? 0
        guard longest > longestName else { return }
        faults.append(
            Limit.nameBytes.fault(
                "is a name of \(longest) bytes", file: manifest.lastPathComponent, line: row.line, field: columns.name(known)))
    }

    private mutating func report(_ row: RawRow, _ known: String?, _ message: String) {
        faults.append(fault(row.line, known.map(columns.name), message))
    }

    private func fault(_ line: Int, _ field: String?, _ message: String) -> Fault {
        Fault(message, file: manifest.lastPathComponent, line: line, field: field)
    }
}

extension String {
    /// Without blanks at its ends; a text that has none there, the rule, is seen by two bytes.
    fileprivate var withoutBlanks: String {
        let isPlain = { (byte: UInt8?) in byte.map { (0x21..<0x7F).contains($0) } ?? true }
        return isPlain(utf8.first) && isPlain(utf8.last) ? self : trimmingCharacters(in: .whitespaces)
    }
}
