internal import Foundation

/// Reads a manifest file row by row, by extension: `.csv`, `.tsv`, `.jsonl` or `.ndjson`, perhaps with `.gz` or `.zst` behind it; `.parquet`.
///
/// Rows whose form is wrong become faults; the reader goes on with the next. A row that is larger than the limits let ends the reading.
struct RowReader {
    let url: URL
    var faults: [Fault] = []
    /// What is allowed, and most likely a mistake.
    private(set) var notes: [String] = []
    /// The column names of a delimited file; of JSON Lines, every key met.
    var columns: [String] = []

    /// Whether only the header of a delimited file is wanted.
    private var stopsAtHeader = false
    /// Of a delimited file, where its columns stand.
    private var places = ColumnPlaces([])
    /// Of JSON Lines, the keys met so far, and how recent rows have them.
    var lines = JSONLines()

    init(_ url: URL) { self.url = url }

    /// The columns of a file: of a delimited one its header alone is read; of JSON Lines any row may have another.
    static func columns(of url: URL) throws -> [String] {
        var reader = RowReader(url)
        reader.stopsAtHeader = true
        try reader.read { _ in }
        return reader.columns
    }

    /// How many bytes are read at a time.
    private static let piece = 1 << 18

    /// Calls `body` with each row.
    ///
    /// - Parameter isDone: Whether what was read is enough; asked now and then.
    /// - Throws: `BraidError` where the file cannot be read, or has a row that is larger than the limits let.
    mutating func read(until isDone: () -> Bool = { false }, _ body: (RawRow) -> Void) throws {
        if let reason = MediaFile.fault(of: url) {
            throw BraidError(.noInput, "\(url.path): the manifest cannot be read: \(reason)")
        }
        switch ManifestFile.ending(of: url) {
        case "csv": try readDelimited(ManifestFile(url), ",", isDone, body)
        case "tsv": try readDelimited(ManifestFile(url), "\t", isDone, body)
        case "jsonl", "ndjson": try readLines(ManifestFile(url), isDone, body)
        case "parquet":
            let rows = try ParquetRows(url)
            columns = rows.columns
            if !stopsAtHeader { try rows.read(body) }
        case let other:
            let message =
                "a manifest is .csv, .tsv, .jsonl or .ndjson, perhaps with .gz or .zst behind it, or .parquet, not \(other.isEmpty ? "a file without extension" : ".\(other)")"
            throw BraidError(.badData, faults: [Fault(message, file: url.path)])
        }
        if faults.count > Limit.faults.value {
            faults.append(Limit.faults.fault("reading ends after \(faults.count) faults", file: url.lastPathComponent))
        }
        let most = Limit.nameBytes.value
        for (place, name) in columns.enumerated() where name.utf8.count > most {
            let what = "the name of column \(place + 1) has \(name.utf8.count) bytes"
            faults.append(Limit.nameBytes.fault(what, file: url.lastPathComponent, bound: most))
        }
        if columns.isEmpty && faults.isEmpty {
            faults.append(fault("the manifest is empty; expected a header row, or a JSON object a line"))
        }
    }

    private mutating func readDelimited(
        _ file: ManifestFile, _ separator: Character, _ isDone: () -> Bool, _ body: (RawRow) -> Void
    ) throws {
        var chunk = try file.read(upToCount: Self.piece)
        guard !isUTF16(chunk) else { return }
        chunk = chunk.withoutByteOrderMark
        var parser = DelimitedParser(separator: separator == "," ? chunk.ownSeparator : separator, file: url.lastPathComponent)
        while !chunk.isEmpty {
            try parser.feed(chunk) { take($0, $1, body) }
            if stopsAtHeader && !columns.isEmpty || isDone() || faults.count > Limit.faults.value { return }
            chunk = try file.read(upToCount: Self.piece)
        }
        let unclosed = try parser.finish { take($0, $1, body) }
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

    private mutating func take(_ line: Int, _ record: borrowing DelimitedRecord, _ body: (RawRow) -> Void) {
        let (values, bad) = record.texts()
        if let bad {
            faults.append(fault("field \(bad + 1) is not UTF-8; save the file as UTF-8", line))
            return
        }
        guard !columns.isEmpty else {
            columns = values.map { $0.trimmingCharacters(in: .whitespaces) }
            var met: Set<String> = []
            for name in columns where !met.insert(name).inserted {
                faults.append(fault("the header names column \(name) twice", line, name))
            }
            places = ColumnPlaces(columns)
            return
        }
        guard values.count == columns.count else {
            faults.append(
                fault("has \(values.count) fields where the header has \(columns.count); quote fields that hold a separator", line))
            return
        }
        if record.hasBreaks, let cell = values.first(where: swallowsRows) {
            notes.append(
                "\(url.lastPathComponent): line \(line): a quoted cell of \(cell.split(separator: "\n").count) lines holds what looks like rows; write a quote within a cell twice"
            )
        }
        body(RawRow(line: line, cells: RowCells(places, values)))
    }

    /// Whether a cell of several lines holds a whole row: a quote that was left open by mistake, and closed by the next one.
    private func swallowsRows(_ cell: String) -> Bool {
        guard columns.count > 1, cell.utf8.contains(UInt8(ascii: "\n")) else { return false }
        return cell.split(separator: "\n").dropFirst().dropLast().contains { line in
            line.utf8.count { $0 == UInt8(ascii: ",") } == columns.count - 1
        }
    }

    private mutating func readLines(_ file: ManifestFile, _ isDone: () -> Bool, _ body: (RawRow) -> Void) throws {
        var splitter = LineSplitter(file: url.lastPathComponent)
        var chunk = try file.read(upToCount: Self.piece)
        guard !isUTF16(chunk) else { return }
        chunk = chunk.withoutByteOrderMark
        while !chunk.isEmpty {
            try splitter.feed(chunk) { line, bytes in try takeObject(bytes, line, body) }
            if isDone() || faults.count > Limit.faults.value { return }
            chunk = try file.read(upToCount: Self.piece)
        }
        try splitter.finish { line, bytes in try takeObject(bytes, line, body) }
    }

    func fault(_ message: String, _ line: Int? = nil, _ field: String? = nil) -> Fault {
        Fault(message, file: url.lastPathComponent, line: line, field: field)
    }
}

/// Divides bytes that come in pieces into lines.
private struct LineSplitter {
    let file: String
    private let most = Limit.rowBytes.value
    private var pending: [UInt8] = []
    private var line = 0

    init(file: String) { self.file = file }

    /// Calls `body` with each line that the bytes complete, and its number.
    ///
    /// - Throws: `BraidError` where a line, complete or not, is longer than it may be; what `body` throws.
    mutating func feed(_ chunk: Data, _ body: (Int, UnsafeRawBufferPointer) throws -> Void) throws {
        try chunk.withUnsafeBytes { bytes in
            var start = 0
            while start < bytes.count, let base = bytes.baseAddress,
                let found = memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start)
            {
                let end = UnsafeRawPointer(found) - base
                line += 1
                let rest = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
                start = end + 1
                try check(pending.count + rest.count, line)
                guard !pending.isEmpty else {
                    try body(line, rest)
                    continue
                }
                pending.append(contentsOf: rest)
                try pending.withUnsafeBytes { try body(line, $0) }
                pending.removeAll(keepingCapacity: true)
            }
            pending.append(contentsOf: bytes[start...])
            try check(pending.count, line + 1)
        }
    }

    /// The last line, which may have no end.
    func finish(_ body: (Int, UnsafeRawBufferPointer) throws -> Void) throws {
        try pending.withUnsafeBytes { try body(line + 1, $0) }
    }

    private func check(_ count: Int, _ line: Int) throws {
        guard count > most else { return }
        throw Limit.rowBytes.exceeded("a row of more than \(most) bytes", file: file, line: line, bound: most)
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
