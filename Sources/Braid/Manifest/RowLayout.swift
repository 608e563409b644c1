internal import Foundation

/// What the columns of a row say of all rows that have the same: which are left alone, and which modalities there can be.
struct RowLayout {
    private let columns: Columns
    private let ignored: Set<String>
    private let allKinds: [(modality: Modality, kind: ModalityKind)]
    /// Of the row taken last.
    private var places: ColumnPlaces?
    private var knownPlaces = ColumnPlaces([])
    /// The modalities that have a column in the row.
    private(set) var kinds: [(modality: Modality, kind: ModalityKind)] = []

    init(_ columns: Columns, _ ignored: Set<String>) {
        (self.columns, self.ignored) = (columns, ignored)
        allKinds = columns.modalities.map { ($0, $0.kind) }
    }

    /// Looks at a row whose columns may be others than those of the row before.
    mutating func take(_ row: RawRow) {
        guard places !== row.cells.columns else { return }
        places = row.cells.columns
        let known = ignored.isEmpty ? row.cells.columns : row.cells.columns.without(ignored)
        knownPlaces = known
        kinds = allKinds.filter { modality, kind in
            columns.tables[modality] != nil || modality.columns.contains { known[columns.name($0)] != nil }
        }
    }

    /// The row, without what means nothing.
    func known(_ row: RawRow) -> RawRow {
        guard !ignored.isEmpty else { return row }
        return RawRow(
            line: row.line, cells: row.cells.placed(by: knownPlaces),
            media: row.media.isEmpty ? [:] : row.media.filter { !ignored.contains($0.key) })
    }
}
