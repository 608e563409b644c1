internal import Foundation

/// A row of a manifest before its cells mean anything: cells by column name, and where they stand.
struct RawRow {
    let line: Int
    let cells: [String: String]
}

/// Reads a manifest file row by row, by extension: `.csv`, `.tsv`, `.jsonl` or `.ndjson`.
///
/// Rows whose form is wrong become faults; the reader goes on with the next.
struct RowReader {
    let url: URL
    private(set) var faults: [Fault] = []
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
        let file: FileHandle
        do { file = try FileHandle(forReadingFrom: url) } catch {
            throw BraidError(
                .noInput, faults: [Fault("the manifest cannot be read: no permission", file: url.path)])
        }
        defer { try? file.close() }
        switch url.pathExtension.lowercased() {
        case "csv": try readDelimited(file, ",", body)
        case "tsv": try readDelimited(file, "\t", body)
        case "jsonl", "ndjson": try readLines(file, body)
        case let other:
            let message =
                "a manifest is .csv, .tsv, .jsonl or .ndjson, not \(other.isEmpty ? "a file without extension" : ".\(other)")"
            throw BraidError(.badData, faults: [Fault(message, file: url.path)])
        }
        if columns.isEmpty && faults.isEmpty {
            faults.append(fault("the manifest is empty; expected a header row, or a JSON object a line"))
        }
    }

    private mutating func readDelimited(_ file: FileHandle, _ separator: Character, _ body: (RawRow) -> Void) throws {
        var parser = DelimitedParser(separator: separator)
        var isFirst = true
        while let chunk = try file.read(upToCount: 1 << 16), !chunk.isEmpty {
            parser.feed(isFirst ? chunk.withoutByteOrderMark : chunk) { take($0, $1, body) }
            isFirst = false
            if stopsAtHeader && !columns.isEmpty { return }
        }
        if let unclosed = parser.finish({ take($0, $1, body) }) { faults.append(fault(unclosed.message, unclosed.line)) }
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
        body(RawRow(line: line, cells: Dictionary(zip(columns, values)) { first, _ in first }))
    }

    private mutating func readLines(_ file: FileHandle, _ body: (RawRow) -> Void) throws {
        var pending = Data()
        var line = 0
        while let chunk = try file.read(upToCount: 1 << 16), !chunk.isEmpty {
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
            faults.append(fault("is not a JSON object; expected one object a line", line))
            return
        }
        var cells: [String: String] = [:]
        for (key, value) in object.sorted(by: { $0.key < $1.key }) {
            if !columns.contains(key) { columns.append(key) }
            switch value {
            case let text as String: cells[key] = text
            case let number as NSNumber where number.objCType.pointee != CChar(UInt8(ascii: "c")): cells[key] = number.stringValue
            case is NSNull: cells[key] = ""
            case let names as [String]:
                // What a cell of CSV holds: names joined by |, a lone | for none.
                if names.contains(where: { $0.contains("|") }) {
                    faults.append(fault("a name in a list must not hold |", line, key))
                }
                cells[key] = names.isEmpty ? "|" : names.joined(separator: "|")
            default: faults.append(fault("must be a string, a number, a list of strings or null", line, key))
            }
        }
        body(RawRow(line: line, cells: cells))
    }

    private func fault(_ message: String, _ line: Int? = nil, _ field: String? = nil) -> Fault {
        Fault(message, file: url.lastPathComponent, line: line, field: field)
    }
}

extension Data {
    fileprivate var withoutByteOrderMark: Data { starts(with: [0xEF, 0xBB, 0xBF]) ? Data(dropFirst(3)) : self }
}
