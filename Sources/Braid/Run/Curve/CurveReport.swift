public import Foundation

extension LearningCurve.Outcome {
    /// The system that others are held against scratch: the first one.
    private var transfer: String { systems[0] }

    /// What a person reads: a row a number of labels, a column a system, and what a target needs.
    public var table: String {
        let width = max(20, (systems.map(\.count).max() ?? 0) + 2)
        let head =
            TextTable.leading("labels a class", 15) + systems.map { TextTable.trailing($0, width) }.joined()
            + (scratch == nil ? "" : TextTable.trailing("\(transfer) − scratch", 24))
        var lines = [head, String(repeating: "─", count: head.count)]
        for one in shots {
            let figures = systems.map { TextTable.trailing(text(figure($0, one.shots)), width) }.joined()
            let lead = scratch.map { TextTable.trailing(difference(gain(transfer, over: $0, one.shots)), 24) } ?? ""
            lines.append(TextTable.leading(Self.name(one), 15) + figures + lead)
        }
        lines += ["", basis] + conclusions + needs.map { sentence(of: $0) }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func name(_ one: CurveShots) -> String { one.shots.map(String.init) ?? "all (\(one.labels))" }

    private var basis: String {
        "\(metric.title) on \(testRows) test rows, which nothing was chosen by: means over \(draws) draw\(draws == 1 ? "" : "s") of labels from train and val ± 95 % (Student's t)."
    }

    private var conclusions: [String] {
        guard let scratch else { return [] }
        let gains = shots.compactMap { gain(transfer, over: scratch, $0.shots) }
        let (sure, worse) = (gains.count { $0.lower > 0 }, gains.count { $0.mean < 0 })
        let verdict =
            worse == 0
            ? "At no number of labels is \(transfer) worse than scratch"
            : "At \(worse) of \(gains.count) numbers of labels \(transfer) is worse than scratch"
        return ["\(verdict); it is better beyond its interval at \(sure) of \(gains.count)."]
    }

    private func sentence(of need: Need) -> String {
        let goal = "\(need.system): \(metric.text(target ?? 0)) "
        guard let labels = need.labels else {
            return goal + (need.reached == 0 ? "is not reached." : "is reached in \(need.reached) of \(need.draws) draws.")
        }
        let interval = need.interval.map { String(format: " (95 %%: %.3g to %.3g)", $0[0], $0[1]) } ?? ""
        return goal + "takes \(need.isBound ? "at most " : "")\(String(format: "%.3g", labels))\(interval) labels a class."
    }

    private func text(_ interval: Interval?) -> String { interval.map { text($0, signed: false) } ?? "undefined" }

    private func difference(_ interval: Interval?) -> String { interval.map { text($0, signed: true) } ?? "undefined" }

    private func text(_ interval: Interval, signed: Bool) -> String {
        let (scale, form) = metric.isShare ? (100.0, "%.2f") : (1, "%.4f")
        let mean = String(format: signed ? form.replacingOccurrences(of: "%", with: "%+") : form, scale * interval.mean)
        return mean + (interval.halfWidth.map { " ± " + String(format: form, scale * $0) } ?? "")
    }

    /// A row a training.
    public var csv: String {
        let rows = points.map { point in
            let name = DelimitedText.quoted(point.system)
            let score = point.score.map { "\($0)" } ?? ""
            return
                "\(name),\(point.shots.map(String.init) ?? "all"),\(point.labels),\(point.draw),\(score),\(String(format: "%.3f", point.seconds))"
        }
        return (["system,shots,labels,draw,\(metric.name),seconds"] + rows).joined(separator: "\n") + "\n"
    }

    /// The drawing.
    private var plot: Plot {
        let series = systems.map { system in
            Plot.Series(
                system, isMarked: true,
                shots.compactMap { one in
                    figure(system, one.shots).map { found in
                        .init(
                            x: one.perClass, y: found.mean, interval: found.halfWidth.map { (found.mean - $0)...(found.mean + $0) })
                    }
                })
        }
        return Plot(
            title: "\(metric.title) against labels", summary: conclusions.joined(separator: " "),
            x: .init(
                title: "labels a class (logarithmic)", isLogarithmic: true,
                ticks: shots.map { (value: $0.perClass, name: Self.tick($0)) }),
            y: .init(
                title: metric.isShare ? "\(metric.title), %" : metric.title, limits: metric.isShare ? 0...1 : nil,
                scale: metric.isShare ? 100 : 1), series: series, target: target)
    }

    private static func tick(_ one: CurveShots) -> String { one.shots.map(String.init) ?? "all" }

    /// A file of its own.
    public var svg: String { plot.file }

    private var page: String {
        let rows = shots.map { one in
            [PageTable.Cell(Self.name(one))] + systems.map { .init(text(figure($0, one.shots))) }
                + (scratch == nil ? [] : [.init(difference(gain(transfer, over: scratch ?? "", one.shots)))])
        }
        let columns = ["labels a class"] + systems + (scratch == nil ? [] : ["\(transfer) − scratch"])
        let table = PageTable("\(metric.title) by labels a class", columns, rows).markup
        return Page.document(
            "Learning curve", metric.title,
            [
                .init("\(metric.title) against labels", Page.columns([plot.figure()])),
                .init("Figures", table, Page.notes([basis] + conclusions + needs.map { sentence(of: $0) })),
            ])
    }

    private struct Figures: Encodable {
        struct Row: Encodable {
            let system: String
            let shots: Int?
            let labels: Int
            let figure: Interval?
            let gainOverScratch: Interval?

            private enum CodingKeys: String, CodingKey {
                case system, shots, labels, figure
                case gainOverScratch = "gain_over_scratch"
            }
        }

        let metric: String
        let draws: Int
        let testRows: Int
        let rows: [Row]
        let target: Double?
        let needs: [Need]
        let points: [CurvePoint]

        private enum CodingKeys: String, CodingKey {
            case metric, draws, rows, target, needs, points
            case testRows = "test_rows"
        }
    }

    /// Everything, for machines.
    public var json: String {
        get throws {
            let rows = systems.flatMap { system in
                shots.map { one in
                    Figures.Row(
                        system: system, shots: one.shots, labels: one.labels, figure: figure(system, one.shots),
                        gainOverScratch: scratch.flatMap { $0 == system ? nil : gain(system, over: $0, one.shots) })
                }
            }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let figures = Figures(
                metric: metric.name, draws: draws, testRows: testRows, rows: rows, target: target, needs: needs, points: points)
            return String(decoding: try encoder.encode(figures), as: UTF8.self) + "\n"
        }
    }

    /// Writes `curve.txt`, `curve.csv`, `curve.json`, `curve.svg` and `curve.html`.
    public func write(to folder: URL) throws {
        for (name, text) in [
            ("curve.txt", Printable.text(table)), ("curve.csv", csv), ("curve.json", try json), ("curve.svg", svg),
            ("curve.html", page),
        ] {
            try AtomicFile.write(text, to: folder.appendingPathComponent(name))
        }
    }
}
