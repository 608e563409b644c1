internal import Foundation

/// A row's cells of number and category columns, those that are filled in, by the column's name.
///
/// As a medium they are the text of a JSON object, whose names are sorted: the same cells are the same text.
struct TableRow: Equatable {
    let cells: [String: String]

    /// Blanks around a value are nobody's intention; a cell of nothing else is empty.
    init(_ cells: [String: String]) {
        self.cells = cells.mapValues { $0.trimmingCharacters(in: .whitespacesAndNewlines) }.filter { !$0.value.isEmpty }
    }

    /// Reads what `text` gives, or what a user writes: values may be texts, numbers, true, false and null.
    ///
    /// - Throws: `DecodeError` where the medium is no such object.
    init(_ medium: Medium) throws {
        guard let object = (try? JSONSerialization.jsonObject(with: Data(medium.text().utf8))) as? [String: Any] else {
            throw DecodeError(
                path: "the row", reason: "is no JSON object; expected its cells by column, as {\"age\": 3, \"breed\": \"Tabby\"}")
        }
        var cells: [String: String] = [:]
        for (column, value) in object {
            switch value {
            case let text as String: cells[column] = text
            case let number as NSNumber:
                cells[column] = number.jsonText
            case is NSNull: continue
            default: throw DecodeError(path: column, reason: "must be a text, a number, true, false or null")
            }
        }
        self.init(cells)
    }

    /// As a medium holds it; nil where no cell is filled in.
    var text: String? {
        guard !cells.isEmpty else { return nil }
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
        return (try? JSONSerialization.data(withJSONObject: cells, options: options)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The number of a column; nil where its cell is empty, or says that there is none.
    ///
    /// - Throws: `DecodeError` where the cell holds something else.
    func number(_ column: String) throws -> Double? {
        guard let cell = cells[column], !Self.missing.contains(cell.lowercased()) else { return nil }
        if let reason = Self.fault(ofNumber: cell) { throw DecodeError(path: column, reason: reason) }
        return Double(cell)
    }

    /// What is wrong with a cell of a column of numbers; nil where it is one, or says that there is none.
    static func fault(ofNumber cell: String) -> String? {
        let cell = cell.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !cell.isEmpty, !missing.contains(cell.lowercased()) else { return nil }
        if let number = Double(cell), number.isFinite {
            // Squares and sums of such numbers stay finite, in single precision too where they are standardised.
            return abs(number) <= largest ? nil : "\"\(cell)\" is beyond what can be learnt; expected a number from -1e30 to 1e30"
        }
        return
            "\"\(cell)\" is not a number; expected one such as 3 or -0.5 or 1e6, or nothing where it is missing (or list the column under categories)"
    }

    private static let largest = 1e30
    /// What people write where there is no number.
    private static let missing: Set<String> = ["na", "n/a", "nan", "null", "none", "?"]
}
