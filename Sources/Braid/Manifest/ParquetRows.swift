internal import CParquet
internal import Foundation

/// The rows of a Parquet file, read by DuckDB, which is loaded at the first one.
///
/// Bytes of media lie in the file itself, as `datasets` of Hugging Face stores pictures and sounds.
final class ParquetRows {
    /// The column names, in the file's order.
    let columns: [String]
    private let file: OpaquePointer
    private let url: URL
    private let types: [cpq_type]
    /// By column, the names that its numbers stand for.
    private let classNames: [[String]?]
    private let cellPlaces: ColumnPlaces
    private let bounds: DelimitedParser.Bounds
    private let mediumBytes: Int

    /// - Throws: `BraidError` where the file is damaged, or the library is not there.
    init(_ url: URL, bounds: DelimitedParser.Bounds = .init(), mediumBytes: Int = Limit.mediaBytes.value) throws {
        guard InputFile.size(of: url.path) != 0 else {
            throw BraidError(.noInput, faults: [Fault("the manifest cannot be read: it has no bytes", file: url.path)])
        }
        var message = [CChar](repeating: 0, count: Int(CPQ_MESSAGE_SIZE))
        var opened: OpaquePointer?
        let status = cpq_open(url.path, &opened, &message)
        guard status == CPQ_OK, let file = opened else {
            throw Self.unreadable(url, message, status == CPQ_UNAVAILABLE ? .unavailable : .noInput)
        }
        (self.url, self.file, self.bounds, self.mediumBytes) = (url, file, bounds, mediumBytes)
        let places = 0..<cpq_column_count(file)
        guard places.count <= bounds.columns else {
            cpq_close(file)
            throw Limit.columns.exceeded("\(places.count) columns", file: url.path, bound: bounds.columns)
        }
        columns = places.map { String(cString: cpq_column_name(file, $0)) }
        cellPlaces = ColumnPlaces(columns)
        types = places.map { cpq_column_type(file, $0) }
        let names = Self.classNames(cpq_features(file))
        classNames = columns.map { names[$0] }
    }

    deinit { cpq_close(file) }

    /// Calls `body` with each row; `line` counts rows from 1.
    ///
    /// - Throws: `BraidError` where the file is damaged further on, or a row is larger than the limits let.
    func read(_ body: (RawRow) -> Void) throws {
        var message = [CChar](repeating: 0, count: Int(CPQ_MESSAGE_SIZE))
        guard cpq_read(file, nil, &message) == CPQ_OK else { throw Self.unreadable(url, message) }
        var line = 0
        while true {
            var rows = 0
            guard cpq_next(file, &rows, &message) == CPQ_OK else { throw Self.unreadable(url, message) }
            guard rows > 0 else { return }
            for row in 0..<rows {
                line += 1
                body(try self.row(row, line))
            }
        }
    }

    private func row(_ row: Int, _ line: Int) throws -> RawRow {
        var cells: [String] = []
        cells.reserveCapacity(columns.count)
        var media: [String: Data] = [:]
        var size = 0
        for (place, name) in columns.enumerated() {
            let cell = cpq_cell_at(file, row, place)
            let count = cell.is_null ? 0 : try bytes(of: cell, place, line)
            size += count
            guard size <= bounds.rowBytes else {
                throw Limit.rowBytes.exceeded(
                    "a row of more than \(bounds.rowBytes) bytes", file: url.path, line: line, bound: bounds.rowBytes)
            }
            cells.append(cell.is_null ? "" : text(cell, place))
            let holdsMedia = types[place] == CPQ_MEDIA || types[place] == CPQ_BINARY
            if holdsMedia, let start = cell.bytes.start { media[name] = Data(bytes: start, count: cell.bytes.count) }
        }
        return RawRow(line: line, cells: RowCells(cellPlaces, cells), media: media)
    }

    /// How many bytes of text a cell holds, those of a medium apart, looked at before any of it is copied.
    private func bytes(of cell: cpq_cell, _ column: Int, _ line: Int) throws -> Int {
        let most = bounds.cellBytes
        guard types[column] == CPQ_TEXT || cell.bytes.count <= mediumBytes else {
            throw Limit.mediaBytes.exceeded(
                "a medium of \(cell.bytes.count) bytes", file: url.path, line: line, field: columns[column], bound: mediumBytes)
        }
        var count = types[column] == CPQ_TEXT ? cell.bytes.count : cell.path.count
        // An item takes its quotes and a comma, however short it is.
        for item in 0..<(types[column] == CPQ_LIST ? cell.count : 0) where count <= most {
            count += cpq_item(file, column, cell.first + item).count + 3
        }
        guard count <= most else {
            throw Limit.cellBytes.exceeded(
                "a cell of more than \(most) bytes", file: url.path, line: line, field: columns[column], bound: most)
        }
        return count
    }

    /// What a file of text would have in that cell.
    private func text(_ cell: cpq_cell, _ column: Int) -> String {
        switch types[column] {
        case CPQ_TEXT: return Self.text(cell.bytes)
        case CPQ_INTEGER:
            guard let names = classNames[column] else { return String(cell.integer) }
            // -1 is what `datasets` writes where there is no label.
            return names.indices.contains(Int(cell.integer)) ? names[Int(cell.integer)] : ""
        case CPQ_FLOAT: return "\(cell.number)"
        case CPQ_BOOLEAN: return cell.integer != 0 ? "true" : "false"
        case CPQ_LIST: return NameList.text((0..<cell.count).map { Self.text(cpq_item(file, column, cell.first + $0)) })
        case CPQ_MEDIA: return Self.text(cell.path)
        default: return ""
        }
    }

    private static func text(_ span: cpq_span) -> String {
        String(decoding: UnsafeBufferPointer(start: span.start, count: span.count), as: UTF8.self)
    }

    /// The names of class labels, by column, as `datasets` describes its features.
    private static func classNames(_ features: cpq_span) -> [String: [String]] {
        let data = Data(text(features).utf8)
        let root = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
        let columns = (root?["info"] as? [String: Any])?["features"] as? [String: Any] ?? [:]
        return columns.compactMapValues { feature in
            guard let feature = feature as? [String: Any], feature["_type"] as? String == "ClassLabel" else { return nil }
            return feature["names"] as? [String]
        }
    }

    private static func unreadable(_ url: URL, _ message: [CChar], _ code: BraidError.Code = .noInput) -> BraidError {
        let reason = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return BraidError(code, faults: [Fault("the manifest cannot be read: \(reason)", file: url.path)])
    }
}
