internal import Foundation

/// A row of a manifest before its cells mean anything: cells by column name, and where they stand.
struct RawRow {
    let line: Int
    let cells: RowCells
    /// The content of media that lie in the manifest itself, by column name.
    var media: [String: Data] = [:]
}
