internal import Foundation

/// True against predicted classes as a grid, each cell as dark as its share of the true class.
struct ConfusionChart {
    /// What stands in the cells.
    enum Content {
        case counts
        /// The share of the true class, in percent.
        case rates
    }

    let confusion: ConfusionMatrix
    let content: Content

    /// More would be too small to be read.
    static let most = 40

    private static let names = 14

    var figure: Markup {
        let labels = confusion.labels.map { Shown.name($0, atMost: Self.names) }
        let count = Double(labels.count)
        let cell = labels.count <= 3 ? 48.0 : labels.count <= 12 ? 34 : 28
        let longest = Double(labels.map(\.count).max() ?? 1)
        // Some 6.6 of a letter's width, upright where names are longer than a cell is wide.
        let isUpright = longest * 7 > cell
        let left = 22 + longest * 7 + 6
        let top = 20 + (isUpright ? longest * 7 + 6 : 18)
        let (width, height) = (left + count * cell + 2, top + count * cell + 2)
        let columns = zip(labels, confusion.labels).enumerated().map { number, names -> Markup in
            let x = left + (Double(number) + 0.5) * cell
            let place: KeyValuePairs<String, String?> =
                isUpright
                ? ["transform": "translate(\(Plot.n(x + 4)) \(Plot.n(top - 6))) rotate(-90)"]
                : ["x": Plot.n(x), "y": Plot.n(top - 6), "text-anchor": "middle"]
            return .tag("text", place, Markup(names.0))
        }
        let rows = labels.enumerated().map { number, name in
            Plot.text(left - 6, top + (Double(number) + 0.5) * cell + 4, name, anchor: "end")
        }
        let cells = confusion.counts.enumerated().flatMap { row, counts -> [Markup] in
            let total = counts.reduce(0, +)
            return counts.enumerated().flatMap { column, count in
                draw(count, of: total, isHit: row == column, x: left + Double(column) * cell, y: top + Double(row) * cell, cell)
            }
        }
        let titles = [
            Plot.text(left + count * cell / 2, 12, "predicted class", anchor: "middle"),
            Markup.tag(
                "text",
                ["transform": "translate(12 \(Plot.n(top + count * cell / 2))) rotate(-90)", "text-anchor": "middle"], "true class"),
        ]
        let title = content == .counts ? "Counts" : "Rates, % of the true class"
        let frame = max(width, 200)
        let svg = Markup.tag(
            "svg",
            [
                "viewBox": "0 0 \(Plot.n(frame)) \(Plot.n(max(height, top + cell)))", "role": "img",
                "aria-label": "\(title). \(summary)",
                "style": "max-width:\(Int(bounded: frame * 1.25))px",
            ], titles + columns + rows + cells)
        return .tag("figure", .tag("figcaption", Markup(title)), svg)
    }

    private var summary: String {
        "Confusion matrix of \(confusion.labels.count) classes: \(Shown.percent(confusion.accuracy)) of \(confusion.total) rows lie on the diagonal. The most frequent confusions are in the table below."
    }

    private func draw(_ count: Int, of total: Int, isHit: Bool, x: Double, y: Double, _ size: Double) -> [Markup] {
        let share = total > 0 ? Double(count) / Double(total) : 0
        // A few wrong rows are to be seen too.
        let depth = isHit ? share : share.squareRoot()
        let square = Markup.void(
            "rect",
            [
                "class": "cell \(isHit ? "hit" : "miss")", "style": "--o:\(Shown.number(depth, digits: 2))", "x": Plot.n(x),
                "y": Plot.n(y),
                "width": Plot.n(size), "height": Plot.n(size),
            ])
        guard count > 0 else { return [square] }
        let text = content == .counts ? Self.short(count) : Self.percent(share, count)
        return [
            square, Plot.text(x + size / 2, y + size / 2 + 4, text, "on strong", anchor: "middle"),
        ]
    }

    private static func short(_ count: Int) -> String {
        count < 10_000 ? "\(count)" : count < 1_000_000 ? "\(count / 1000)k" : "\(count / 1_000_000)M"
    }

    private static func percent(_ share: Double, _ count: Int) -> String {
        count > 0 && share < 0.005 ? "<1" : Shown.number(100 * share, digits: 0)
    }
}
