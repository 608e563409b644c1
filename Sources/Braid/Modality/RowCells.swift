/// Which column stands at which place of a row: one for all rows that are alike.
final class ColumnPlaces: Sendable {
    private let places: [String: Int]

    /// - Parameter names: In the order of the cells; of one that is named twice the first counts.
    convenience init(_ names: [String]) { self.init(Dictionary(zip(names, names.indices)) { first, _ in first }) }

    private init(_ places: [String: Int]) { self.places = places }

    subscript(name: String) -> Int? { places[name] }

    /// The same places, but for columns that mean nothing.
    func without(_ ignored: Set<String>) -> ColumnPlaces { ColumnPlaces(places.filter { !ignored.contains($0.key) }) }
}

/// A row's cells, by the names of their columns.
struct RowCells: Sendable {
    let columns: ColumnPlaces
    private let texts: [String]

    /// - Parameter texts: In the order of the columns.
    init(_ columns: ColumnPlaces, _ texts: [String]) { (self.columns, self.texts) = (columns, texts) }

    /// Cells that are put together by name.
    init(_ cells: [String: String]) {
        let names = Array(cells.keys)
        self.init(ColumnPlaces(names), names.map { cells[$0] ?? "" })
    }

    /// How many cells there are.
    var count: Int { texts.count }

    /// The cell of a column; nil where the row has none.
    subscript(name: String) -> String? { columns[name].map { texts[$0] } }

    /// The cells of those columns that the row has, by name.
    func named(_ names: some Sequence<String>) -> [String: String] {
        var found: [String: String] = [:]
        for name in names { found[name] = self[name] }
        return found
    }

    /// Whether any cell fulfils a condition.
    func contains(where condition: (String) -> Bool) -> Bool { texts.contains(where: condition) }

    /// The same cells under other places.
    func placed(by columns: ColumnPlaces) -> RowCells { RowCells(columns, texts) }
}
