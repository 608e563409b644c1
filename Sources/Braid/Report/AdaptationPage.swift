internal import Foundation

extension AdaptationRecord {
    /// What was kept and why, in a line.
    public var summary: String {
        guard hasHelped else { return reason }
        var moved = ""
        if let before = trials.first?.distance, let after = trials.first(where: { $0.method == method })?.distance {
            moved = String(format: " (proxy A-distance %.2f before, %.2f after)", before, after)
        }
        return "adaptation: \(method), \(reason)\(moved)"
    }

    private static let shown = "accuracy"

    private static func text(_ figure: Double?) -> String { figure.map { Metric.accuracy.text($0) } ?? "–" }

    /// What a person reads: a row a trial, and what each scorer would have taken.
    public var table: String {
        let names = TargetScorer.registry.names
        var lines = [summary, "Target domain: \(adapted) rows without labels to adapt to, \(judged) labelled ones to judge by."]
        if !target.isEmpty { lines.append("The model that is kept, on them: accuracy \(Self.text(target[Self.shown])).") }
        guard !trials.isEmpty else { return lines.joined(separator: "\n") + "\n" }
        let width = max(8, trials.map(\.method.count).max() ?? 0)
        let header =
            TextTable.leading("method", width) + TextTable.trailing("votes", 6) + TextTable.trailing("A-dist", 7)
            + TextTable.trailing("source", 9) + TextTable.trailing("target", 9)
            + names.map { TextTable.trailing($0, max(8, $0.count + 1)) }.joined()
        lines += ["", header, String(repeating: "─", count: header.count)]
        for (number, trial) in trials.enumerated() {
            let scores = names.map { name in
                TextTable.trailing(String(format: "%.3f", trial.scores[name] ?? .nan), max(8, name.count + 1))
            }
            lines.append(
                TextTable.leading(trial.method, width) + TextTable.trailing(number == 0 ? "" : "\(trial.votes)", 6)
                    + TextTable.trailing(String(format: "%.2f", trial.distance), 7)
                    + TextTable.trailing(Self.text(trial.source[Self.shown]), 9)
                    + TextTable.trailing(Self.text(trial.target[Self.shown]), 9) + scores.joined())
        }
        lines += ["", "Each scorer by itself would take: \(names.map { "\($0) \(picks[$0] ?? "–")" }.joined(separator: ", "))."]
        return lines.joined(separator: "\n") + "\n"
    }
}

extension Report {
    /// The trials as a table, the best score of each scorer in bold.
    static func page(_ record: AdaptationRecord) -> Markup {
        let names = TargetScorer.registry.names
        let percent = { (figure: Double?) in PageTable.Cell(figure.map { Shown.percent($0) } ?? "n/a") }
        let rows = record.trials.enumerated().map { number, trial -> [PageTable.Cell] in
            let scores = names.map { name in
                PageTable.Cell(Shown.number(trial.scores[name] ?? .nan, digits: 3), isStrong: record.picks[name] == trial.method)
            }
            return [
                .init(trial.method), .init(number == 0 ? "n/a" : "\(trial.votes)"), .init(Shown.number(trial.distance, digits: 2)),
                percent(trial.source["accuracy"]), percent(trial.target["accuracy"]),
            ] + scores
        }
        let headings = ["method", "votes", "A-distance", "source accuracy", "target accuracy"] + names
        let table =
            record.trials.isEmpty ? Markup.nothing : PageTable("Methods of adaptation that were tried", headings, rows).markup
        let kept = record.target["accuracy"].map { " Accuracy of the model that is kept: \(Shown.percent($0))." } ?? ""
        return table + Page.note(record.summary)
            + Page.note(
                "\(record.adapted) rows of the target to adapt to, their labels not read; \(record.judged) labelled ones judge.\(kept) Votes: kinds of evidence that prefer the method to the source's own model, of \(TargetScorer.Evidence.voting.count). A-distance: 0 where domains look alike, 2 where each row gives its domain away."
            )
    }
}
