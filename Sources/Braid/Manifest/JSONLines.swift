internal import Foundation

/// The keys of JSON Lines: those met so far, and those of recent rows, which are mostly alike.
struct JSONLines {
    /// The keys of rows, as their bytes, and where their cells stand.
    private struct Shape {
        let keys: [[UInt8]]
        let places: ColumnPlaces
    }

    private var met: Set<String> = []
    private var shapes: [Shape] = []
    private var next = 0
    /// As many forms of rows are told apart without making their keys anew.
    private static let recent = 8

    /// Notes keys; gives those that were not met before, in alphabetical order.
    mutating func meet(_ keys: some Sequence<String>) -> [String] { keys.sorted().filter { met.insert($0).inserted } }

    /// Where the cells of a row stand whose keys were met lately; nil for any other row.
    fileprivate func places(of row: JSONRow) -> ColumnPlaces? {
        shapes.first { shape in
            shape.keys.count == row.keys.count
                && zip(shape.keys, row.keys).allSatisfy { known, range in
                    known.count == range.count
                        && known.withUnsafeBytes { known in
                            guard let first = known.baseAddress, let second = row.key(range).baseAddress else { return true }
                            return memcmp(first, second, known.count) == 0
                        }
                }
        }?.places
    }

    fileprivate mutating func remember(_ row: JSONRow, _ places: ColumnPlaces) {
        let shape = Shape(keys: row.keys.map { [UInt8](row.key($0)) }, places: places)
        if shapes.count < Self.recent { shapes.append(shape) } else { shapes[next] = shape }
        next = (next + 1) % Self.recent
    }
}

extension RowReader {
    /// Takes a line of JSON Lines.
    ///
    /// - Throws: `BraidError` where a cell is larger, or there are more keys, than the limits let.
    mutating func takeObject(_ bytes: UnsafeRawBufferPointer, _ line: Int, _ body: (RawRow) -> Void) throws {
        let found: JSONRow?
        do { found = try JSONRow(bytes, mostBytes: Limit.cellBytes.value) } catch { throw tooLarge(line) }
        guard let row = found, let places = try places(of: row, line) else { return try takeOther(bytes, line, body) }
        try check(row.cells, line)
        body(RawRow(line: line, cells: RowCells(places, row.cells)))
    }

    /// Where a row's cells stand; nil where it has a key twice, or one that is no text.
    private mutating func places(of row: JSONRow, _ line: Int) throws -> ColumnPlaces? {
        if let known = lines.places(of: row) { return known }
        let keys = row.keys.compactMap { String(validating: row.key($0), as: UTF8.self) }
        guard keys.count == row.keys.count, Set(keys).count == keys.count else { return nil }
        try meet(keys, line)
        let places = ColumnPlaces(keys)
        lines.remember(row, places)
        return places
    }

    private mutating func meet(_ keys: some Sequence<String>, _ line: Int) throws {
        columns += lines.meet(keys)
        let most = Limit.columns.value
        guard columns.count > most else { return }
        throw Limit.columns.exceeded("more than \(most) different keys", file: url.lastPathComponent, line: line, bound: most)
    }

    private func check(_ cells: some Sequence<String>, _ line: Int) throws {
        let most = Limit.cellBytes.value
        if cells.contains(where: { $0.utf8.count > most }) { throw tooLarge(line) }
    }

    private func tooLarge(_ line: Int) -> BraidError {
        let most = Limit.cellBytes.value
        return Limit.cellBytes.exceeded("a cell of more than \(most) bytes", file: url.lastPathComponent, line: line, bound: most)
    }

    /// A row of another form than most: `JSONSerialization` says what it is.
    private mutating func takeOther(_ bytes: UnsafeRawBufferPointer, _ line: Int, _ body: (RawRow) -> Void) throws {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            faults.append(fault("is not UTF-8; save the file as UTF-8", line))
            return
        }
        guard !text.allSatisfy(\.isWhitespace) else { return }
        guard let object = (try? JSONSerialization.jsonObject(with: Data(bytes))) as? [String: Any] else {
            let message =
                Self.holdsNoNumber(text)
                ? "holds NaN or Infinity, which JSON does not have; write null" : "is not a JSON object; expected one object a line"
            faults.append(fault(message, line))
            return
        }
        try meet(object.keys, line)
        var cells: [String: String] = [:]
        let before = faults.count
        for (key, value) in object.sorted(by: { $0.key < $1.key }) {
            switch value {
            case let text as String: cells[key] = text
            case let number as NSNumber:
                cells[key] = number.jsonText
            case is NSNull: cells[key] = ""
            case let names as [Any]:
                cells[key] = NameList.text(of: names)
                if cells[key] == nil { fallthrough }
            default: faults.append(fault("must be a string, a number, true, false, a list of them, or null", line, key))
            }
        }
        guard faults.count == before else { return }
        try check(cells.values, line)
        body(RawRow(line: line, cells: RowCells(cells)))
    }

    /// Whether a value is what other programs write where there is no number.
    private static func holdsNoNumber(_ text: String) -> Bool {
        // A very long row has other faults.
        text.utf8.count < 1 << 16
            && ["NaN", "Infinity"].contains { word in
                text.ranges(of: word).contains { range in
                    let before = text[..<range.lowerBound].last { !$0.isWhitespace && $0 != "-" }
                    let after = text[range.upperBound...].first { !$0.isWhitespace }
                    return before.map { ":,[".contains($0) } == true && after.map { ",}]".contains($0) } == true
                }
            }
    }
}
