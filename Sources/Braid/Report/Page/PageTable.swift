/// A table whose headers say what they are of. On a narrow screen one of many columns becomes a list of rows.
struct PageTable {
    /// What a cell shows, and what follows beneath it in small type.
    struct Cell: ExpressibleByStringInterpolation {
        let text: String
        var detail: String?
        var isStrong = false
        /// From 0 to 1: how dark the cell's ground is.
        var shade: Double?

        init(_ text: String, detail: String? = nil, isStrong: Bool = false, shade: Double? = nil) {
            (self.text, self.detail, self.isStrong, self.shade) = (text, detail, isStrong, shade)
        }

        init(stringLiteral text: String) { self.init(text) }
    }

    private let caption: String
    private let columns: [String]
    private let rows: [[Cell]]
    private let words: Set<Int>

    /// - Parameters:
    ///   - caption: What it is a table of, for who cannot see the heading above.
    ///   - columns: The first is of what rows are called.
    ///   - words: The columns beside the first that hold words; all others hold numbers.
    init(_ caption: String, _ columns: [String], words: Set<Int> = [], _ rows: [[Cell]]) {
        (self.caption, self.columns, self.words, self.rows) = (caption, columns, words, rows)
    }

    private static let mostColumns = 5

    var markup: Markup {
        let isWide = columns.count > Self.mostColumns
        let header = columns.enumerated().map { number, name in
            Markup.tag("th", ["scope": "col", "role": isWide ? "columnheader" : nil, "class": kind(number)], Markup(name))
        }
        let body = rows.map { row in
            Markup.tag("tr", ["role": isWide ? "row" : nil], row.enumerated().map { draw($1, column: $0, isWide) })
        }
        return .tag(
            "table", ["class": isWide ? "wide" : nil, "role": isWide ? "table" : nil],
            .tag("caption", Markup(caption)),
            .tag("thead", ["role": isWide ? "rowgroup" : nil], .tag("tr", ["role": isWide ? "row" : nil], header)),
            .tag("tbody", ["role": isWide ? "rowgroup" : nil], body))
    }

    private func kind(_ column: Int) -> String? { column == 0 || words.contains(column) ? nil : "n" }

    private func draw(_ cell: Cell, column: Int, _ isWide: Bool) -> Markup {
        let text = cell.isStrong ? Markup.tag("b", Markup(cell.text)) : Markup(cell.text)
        let content = text + (cell.detail.map { .tag("small", Markup($0)) } ?? .nothing)
        let label = isWide && columns.indices.contains(column) ? columns[column] : nil
        guard column > 0 else {
            return .tag("th", ["scope": "row", "role": isWide ? "rowheader" : nil], content)
        }
        let shade = cell.shade.map { "--o:\(Shown.number($0, digits: 2))" }
        let kinds = [kind(column), shade.map { _ in "shaded" }].compactMap { $0 }
        return .tag(
            "td",
            [
                "class": kinds.isEmpty ? nil : kinds.joined(separator: " "), "style": shade,
                "role": isWide ? "cell" : nil, "data-label": label,
            ], content)
    }
}
