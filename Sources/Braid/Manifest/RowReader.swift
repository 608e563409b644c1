internal import Foundation

/// A row of a manifest before its cells mean anything: cells by column name, and where they stand.
struct RawRow {
    let line: Int
    let cells: [String: String]
    /// The content of media that lie in the manifest itself, by column name.
    var media: [String: Data] = [:]
}

/// Reads a manifest file row by row, by extension: `.csv`, `.tsv`, `.jsonl` or `.ndjson`, perhaps with `.gz` or `.zst` behind it; `.parquet`.
///
/// Rows whose form is wrong become faults; the reader goes on with the next.
struct RowReader {
    let url: URL
    private(set) var faults: [Fault] = []
    /// What is allowed, and most likely a mistake.
    private(set) var notes: [String] = []
    /// The column names of a delimited file; of JSON Lines, every key met.
    private(set) var columns: [String] = []

    /// Whether only the header of a delimited file is wanted.
    private var stopsAtHeader = false

    init(_ url: URL) { self.url = url }

    /// The columns of a file: of a delimited one its header alone is read; of JSON Lines any row may have another.
    static func columns(of url: URL) throws -> [String] {
        var reader = RowReader(url)
        reader.stopsAtHeader = true
        try reader.read { _ in }
        return reader.columns
    }

    mutating func read(_ body: (RawRow) -> Void) throws {
        if let reason = MediaFile.fault(of: url) {
            throw BraidError(.noInput, "\(url.path): the manifest cannot be read: \(reason)")
        }
        switch ManifestFile.ending(of: url) {
        case "csv": try readDelimited(ManifestFile(url), ",", body)
        case "tsv": try readDelimited(ManifestFile(url), "\t", body)
        case "jsonl", "ndjson": try readLines(ManifestFile(url), body)
        case "parquet":
            let rows = try ParquetRows(url)
            columns = rows.columns
            if !stopsAtHeader { try rows.read(body) }
        case let other:
            let message =
                "a manifest is .csv, .tsv, .jsonl or .ndjson, perhaps with .gz or .zst behind it, or .parquet, not \(other.isEmpty ? "a file without extension" : ".\(other)")"
            throw BraidError(.badData, faults: [Fault(message, file: url.path)])
        }
        if columns.isEmpty && faults.isEmpty {
            faults.append(fault("the manifest is empty; expected a header row, or a JSON object a line"))
        }
    }

    private mutating func readDelimited(_ file: ManifestFile, _ separator: Character, _ body: (RawRow) -> Void) throws {
        var chunk = try file.read(upToCount: 1 << 16)
        guard !isUTF16(chunk) else { return }
        chunk = chunk.withoutByteOrderMark
        var parser = DelimitedParser(separator: separator == "," ? chunk.ownSeparator : separator)
        while !chunk.isEmpty {
            parser.feed(chunk) { take($0, $1, body) }
            if stopsAtHeader && !columns.isEmpty { return }
            chunk = try file.read(upToCount: 1 << 16)
        }
        let unclosed = parser.finish { take($0, $1, body) }
        faults += (parser.faults + [unclosed].compactMap { $0 }).map { fault($0.message, $0.line) }
    }

    /// A file of UTF-16 is one fault, not one a row.
    private mutating func isUTF16(_ chunk: Data) -> Bool {
        // Without its mark, every other byte of plain letters is zero.
        let head = [UInt8](chunk.prefix(64))
        let zeros = [0, 1].map { first in stride(from: first, to: head.count, by: 2).count { head[$0] == 0 } }
        let isWide = head.count > 7 && zeros.contains { $0 * 4 > head.count } && zeros.contains(0)
        guard isWide || head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) else { return false }
        faults.append(fault("is UTF-16, as Excel's \"Unicode text\" is; save the file as UTF-8"))
        return true
    }

    private mutating func take(_ line: Int, _ fields: [[UInt8]], _ body: (RawRow) -> Void) {
        let texts = fields.map { String(validating: $0, as: UTF8.self) }
        if let bad = texts.firstIndex(of: nil) {
            faults.append(fault("field \(bad + 1) is not UTF-8; save the file as UTF-8", line))
            return
        }
        let values = texts.compactMap { $0 }
        guard !columns.isEmpty else {
            columns = values.map { $0.trimmingCharacters(in: .whitespaces) }
            for (index, name) in columns.enumerated() where columns.firstIndex(of: name) != index {
                faults.append(fault("the header names column \(name) twice", line, name))
            }
            return
        }
        guard values.count == columns.count else {
            faults.append(
                fault("has \(values.count) fields where the header has \(columns.count); quote fields that hold a separator", line))
            return
        }
        if let cell = values.first(where: swallowsRows) {
            notes.append(
                "\(url.lastPathComponent): line \(line): a quoted cell of \(cell.split(separator: "\n").count) lines holds what looks like rows; write a quote within a cell twice"
            )
        }
        body(RawRow(line: line, cells: Dictionary(zip(columns, values)) { first, _ in first }))
    }

    /// Whether a cell of several lines holds a whole row: a quote that was left open by mistake, and closed by the next one.
    private func swallowsRows(_ cell: String) -> Bool {
        guard columns.count > 1, cell.utf8.contains(UInt8(ascii: "\n")) else { return false }
        return cell.split(separator: "\n").dropFirst().dropLast().contains { line in
            line.utf8.count { $0 == UInt8(ascii: ",") } == columns.count - 1
        }
    }

    private mutating func readLines(_ file: ManifestFile, _ body: (RawRow) -> Void) throws {
        var pending = Data()
        var line = 0
        while case let chunk = try file.read(upToCount: 1 << 16), !chunk.isEmpty {
            if line == 0, pending.isEmpty, isUTF16(chunk) { return }
            var rest = (line == 0 && pending.isEmpty ? chunk.withoutByteOrderMark : chunk)[...]
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                line += 1
                pending.append(rest[rest.startIndex..<end])
                takeObject(pending, line, body)
                pending.removeAll(keepingCapacity: true)
                rest = rest[rest.index(after: end)...]
            }
            pending.append(rest)
        }
        takeObject(pending, line + 1, body)
    }

    private mutating func takeObject(_ data: Data, _ line: Int, _ body: (RawRow) -> Void) {
        guard let text = String(validating: data, as: UTF8.self) else {
            faults.append(fault("is not UTF-8; save the file as UTF-8", line))
            return
        }
        guard !text.allSatisfy(\.isWhitespace) else { return }
        guard let object = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] else {
            let isNaN = text.contains(/[:,\[]\s*-?(NaN|Infinity)\s*[,}\]]/)
            let message =
                isNaN
                ? "holds NaN or Infinity, which JSON does not have; write null" : "is not a JSON object; expected one object a line"
            faults.append(fault(message, line))
            return
        }
        var cells: [String: String] = [:]
        let before = faults.count
        for (key, value) in object.sorted(by: { $0.key < $1.key }) {
            if !columns.contains(key) { columns.append(key) }
            switch value {
            case let text as String: cells[key] = text
            case let number as NSNumber:
                let isTruth = number.objCType.pointee == CChar(UInt8(ascii: "c"))
                cells[key] = isTruth ? (number.boolValue ? "true" : "false") : number.stringValue
            case is NSNull: cells[key] = ""
            case let names as [Any] where names.allSatisfy { $0 is String || $0 is NSNumber }:
                cells[key] = NameList.text(names.map { ($0 as? String) ?? "\($0)" })
            default: faults.append(fault("must be a string, a number, true, false, a list of them, or null", line, key))
            }
        }
        guard faults.count == before else { return }
        body(RawRow(line: line, cells: cells))
    }

    private func fault(_ message: String, _ line: Int? = nil, _ field: String? = nil) -> Fault {
        Fault(message, file: url.lastPathComponent, line: line, field: field)
    }
}

extension Data {
    /// What stands between columns where commas are expected: semicolons, as spreadsheets write them in much of Europe, or tabs, as they
    /// come by copying from one, where the first line has those and no comma.
    fileprivate var ownSeparator: Character {
        let header = prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        guard !header.contains(UInt8(ascii: ",")) else { return "," }
        return header.contains(UInt8(ascii: ";")) ? ";" : header.contains(UInt8(ascii: "\t")) ? "\t" : ","
    }

    fileprivate var withoutByteOrderMark: Data { starts(with: [0xEF, 0xBB, 0xBF]) ? Data(dropFirst(3)) : self }
}
