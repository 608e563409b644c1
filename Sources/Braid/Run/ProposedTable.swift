internal import Foundation

/// The columns of numbers and categories among those that are nothing else, by what stands in them.
struct ProposedTable {
    let columns: TableColumns

    /// Whole numbers that are fewer than these are categories as well, and lose nothing as such.
    private static let fewest = 9
    /// The most categories that a column is proposed with.
    private static let most = 200

    /// nil where there are no such columns. Never one: what tells rows apart by name, names files, or is the label under another name.
    ///
    /// - Parameters:
    ///   - free: The columns that are nothing else.
    ///   - rows: The first rows.
    ///   - label: The file's column of labels; nil where there are several.
    init?(_ free: [String], _ rows: [RawRow], label: String?) {
        let labels = label.map { label in rows.map { $0.cells[label] ?? "" } }
        var (numbers, categories): ([String], [String]) = ([], [])
        for column in free where !Self.isName(column) && !rows.contains(where: { $0.media[column] != nil }) {
            let cells = rows.map { ($0.cells[column] ?? "").trimmingCharacters(in: .whitespaces) }
            let values = cells.filter { !$0.isEmpty }
            let distinct = Set(values)
            guard distinct.count > 1, !Self.isLabel(cells, labels), !Self.areFiles(distinct) else { continue }
            let isRepeated = distinct.count <= Self.most && distinct.count * 3 <= values.count
            if let found = Self.numbers(values) {
                let areFew = found.count < Self.fewest && found.allSatisfy { $0 == $0.rounded() }
                if areFew, isRepeated { categories.append(column) } else if !Self.areRising(values) { numbers.append(column) }
            } else if isRepeated, distinct.allSatisfy({ $0.count <= 40 }) {
                categories.append(column)
            }
        }
        columns = TableColumns(numbers: numbers, categories: categories)
        guard !columns.all.isEmpty else { return nil }
    }

    /// Whether the column's name says that it names rows: `id`, `pet_id`, `PetID`.
    private static func isName(_ column: String) -> Bool {
        column.lowercased() == "id" || column.lowercased().hasSuffix("_id") || column.wholeMatch(of: /.*[a-z](ID|Id)/) != nil
            || column.isEmpty || column.hasPrefix("Unnamed:")
    }

    /// The different numbers; nil where anything else is among the values, or hardly any.
    private static func numbers(_ values: [String]) -> Set<Double>? {
        guard values.allSatisfy({ TableRow.fault(ofNumber: $0) == nil }) else { return nil }
        let numbers = Set(values.compactMap(Double.init).filter(\.isFinite))
        return numbers.count > 1 ? numbers : nil
    }

    /// Whether whole numbers rise from row to row, as an index does.
    private static func areRising(_ values: [String]) -> Bool {
        let numbers = values.compactMap(Double.init)
        return numbers.count > 2 && numbers.allSatisfy { $0 == $0.rounded() } && zip(numbers, numbers.dropFirst()).allSatisfy(<)
    }

    /// Whether each value goes with one label, and each label with one value.
    private static func isLabel(_ cells: [String], _ labels: [String]?) -> Bool {
        guard let labels else { return false }
        let pairs = Set(zip(cells, labels).filter { !$0.isEmpty && !$1.isEmpty }.map { [$0, $1] })
        return pairs.count == Set(pairs.map { $0[0] }).count && pairs.count == Set(pairs.map { $0[1] }).count
    }

    private static func areFiles(_ values: Set<String>) -> Bool {
        values.contains { value in
            value.contains("/") && !(value as NSString).pathExtension.isEmpty
                || FileEndings.all.contains((value as NSString).pathExtension.lowercased())
        }
    }
}
