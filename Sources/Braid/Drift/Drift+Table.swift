internal import Foundation

extension Drift {
    /// What is compared, as tables: embeddings, missing rates, classes, and what labels say.
    public var table: String {
        var sections = [basis, embeddingTable, missingTable] + classes.map(Self.classTable)
        if !accuracy.isEmpty { sections.append(accuracyTable) }
        return (sections + [conclusion]).joined(separator: "\n\n") + "\n"
    }

    private var basis: String {
        let splits = rows.reference.sorted { $0.key < $1.key }.map { "\($0.value) of \($0.key)" }.joined(separator: ", ")
        let new =
            rows.embedded < rows.new ? "\(rows.embedded) of \(rows.new) new rows, drawn at random" : counted(rows.new, "new row")
        let left = rows.leftOut.map { $0 > 0 ? "; \($0) left out that the training had" : "" } ?? ""
        return "\(new) against \(rows.reference.values.reduce(0, +)) of the training's (\(splits))\(left)."
    }

    private var embeddingTable: String {
        let header = ["kept", "new", "classifier", "p", "kernel", "p", "MMD²"]
        var lines = [Self.line("embedding", header, "")]
        lines.append(String(repeating: "─", count: 14 + 11 * header.count + 11))
        for one in embeddings {
            let cells = [
                "\(one.referenceRows)", "\(one.newRows)", Self.percent(one.classifierAccuracy),
                Self.number(one.classifierAdjustedP),
                Self.percent(one.kernelAccuracy), Self.number(one.kernelAdjustedP), Self.number(one.discrepancy),
            ]
            lines.append(Self.line(one.name, cells, one.state.rawValue))
        }
        lines.append(
            "Rows told apart by who has not seen them; 50 % is chance. p: by permutation, corrected for all tests here (Holm).")
        lines += embeddings.compactMap { one in one.reason.map { "\(one.name): not compared: \($0)." } }
        lines += embeddings.compactMap(powerNote)
        return lines.joined(separator: "\n")
    }

    /// A sentence on what too few rows cannot show.
    private func powerNote(_ one: EmbeddingDrift) -> String? {
        guard let bound = one.noticedFrom, bound > 0.5 + 2 * smallest, one.state != .moved else { return nil }
        let rows = "\(one.name): with \(counted(one.newRows, "new row")) and \(one.referenceRows) kept"
        guard bound < 1 else { return "\(rows) no difference would be noticed: too few rows, or groups." }
        return "\(rows) a difference would probably be noticed from \(Self.percent(bound)) told apart on."
    }

    private var missingTable: String {
        var lines = [Self.line("missing", ["before", "now", "p"], "")]
        lines += missing.map { one in
            Self.line(
                one.name, [Self.percent(one.before), Self.percent(one.after), Self.number(one.adjustedP)], one.state.rawValue)
        }
        return lines.joined(separator: "\n")
    }

    private static func classTable(_ head: ClassDrift) -> String {
        let p = head.p == nil ? "" : ": predicted otherwise than before, p \(number(head.adjustedP)), \(head.state.rawValue)"
        var lines = ["classes of \(head.name)\(p)"]
        if let reason = head.reason { lines.append("Not known: \(reason).") }
        guard !head.shares.isEmpty else { return lines.joined(separator: "\n") }
        lines.append(line("share", ["before", "now", "from", "to"], ""))
        let shown = head.shares.sorted { abs($0.after - $0.before) > abs($1.after - $1.before) }.prefix(20)
        lines += head.shares.filter { share in shown.contains { $0.name == share.name } }.map { share in
            line(share.name, [share.before, share.after, share.lower, share.upper].map(percent), "")
        }
        if head.shares.count > shown.count { lines.append("… the \(shown.count) that change most, of \(head.shares.count)") }
        lines.append("Estimated without labels (BBSE), right where classes look as they did: not where a modality has moved.")
        return lines.joined(separator: "\n")
    }

    private var accuracyTable: String {
        accuracy.map { head in
            let metric = Metric.registry[head.metric] ?? .accuracy
            let before = head.before.map { "\(metric.text($0)) before, " } ?? ""
            let unknown = head.unknown > 0 ? "; \(head.unknown) more have a label that the model does not know" : ""
            return
                "\(head.name): \(metric.title) \(before)\(head.after.map(metric.text) ?? "n/a") on the \(counted(head.samples, "new row")) that \(head.samples == 1 ? "has" : "have") a label\(unknown). The verdict does not go by it."
        }.joined(separator: "\n")
    }

    /// What has moved and what follows, in a sentence.
    public var conclusion: String {
        var reasons = embeddings.filter { $0.state == .moved }.sorted { $0.accuracy > $1.accuracy }.map { one in
            "\(one.name) moved (\(Self.percent(one.accuracy)) told apart, p \(Self.number(one.adjustedP)))"
        }
        reasons += missing.filter { $0.state == .moved }.map { one in
            "\(one.name) is missing \(one.after > one.before ? "more" : "less") often (\(Self.percent(one.before)) → \(Self.percent(one.after)))"
        }
        reasons += classes.filter { $0.state == .moved }.map { "the classes of \($0.name) come in other shares" }
        guard reasons.isEmpty else { return "Drift: \(reasons.joined(separator: "; ")). Transfer again." }
        let slight =
            embeddings.filter { $0.state == .slight }.map(\.name)
            + missing.filter { $0.state == .slight }.map { "\($0.name)'s missing rate" }
            + classes.filter { $0.state == .slight }.map { "the classes of \($0.name)" }
        let remark = slight.isEmpty ? "" : " Different beyond chance, by less than matters: \(slight.joined(separator: ", "))."
        return "No drift seen, at a level of \(String(format: "%g", 100 * alpha)) %.\(remark)"
    }

    private static func line(_ name: String, _ cells: [String], _ end: String) -> String {
        let line =
            TextTable.leading(name, 14) + cells.map { TextTable.trailing($0, 11) }.joined() + (end.isEmpty ? "" : "   \(end)")
        return line
    }

    static func percent(_ value: Double?) -> String { value.map { String(format: "%.1f %%", 100 * $0) } ?? "–" }
    static func number(_ value: Double?) -> String { value.map { String(format: "%.4f", $0) } ?? "–" }

    /// A line a finding, for tables that go on over time.
    var csv: String {
        var lines = ["kind,name,before,after,figure,p,p_holm,state"]
        let text = { (value: Double?) in value.map { "\($0)" } ?? "" }
        let row = { (kind: String, name: String, cells: [Double?], state: DriftState) in
            ([kind, DelimitedText.quoted(name)] + cells.map(text) + [state.rawValue]).joined(separator: ",")
        }
        for one in embeddings {
            let figures = [
                ("classifier", one.classifierAccuracy, one.classifierP, one.classifierAdjustedP),
                ("kernel", one.kernelAccuracy, one.kernelP, one.kernelAdjustedP),
            ]
            lines += figures.map { row($0.0, one.name, [nil, nil, $0.1, $0.2, $0.3], one.state) }
        }
        lines += missing.map { row("missing", $0.name, [$0.before, $0.after, $0.after - $0.before, $0.p, $0.adjustedP], $0.state) }
        for head in classes {
            lines.append(row("classes", head.name, [nil, nil, head.distance, head.p, head.adjustedP], head.state))
            lines += head.shares.map {
                row("share", "\(head.name)/\($0.name)", [$0.before, $0.after, $0.after - $0.before, nil, nil], head.state)
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
