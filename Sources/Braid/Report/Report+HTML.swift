internal import Foundation

extension Report {
    /// A page that needs nothing beside itself: pictures, drawings and sounds are in it.
    func html() throws -> String {
        var sections: [String] = []
        for head in predictions.heads {
            let labelled = head.labelled()
            guard !labelled.samples.isEmpty else { continue }
            let page = HeadPage(head: labelled, name: predictions.heads.count > 1 ? head.target.name : nil)
            sections.append(try page.tiles())
            if let found = ablation?.heads.first(where: { $0.name == head.target.name }) {
                sections.append(page.section("What each modality adds", ablationBars(found)))
            }
            if let own = imbalanced, own.heads.contains(where: { $0.name == head.target.name }) {
                sections.append(
                    page.section("With modalities missing at rates of their own", "<pre>\(HTML.escape(own.table))</pre>"))
            }
            if let curves = missingRates?.heads.first(where: { $0.name == head.target.name }) {
                sections.append(page.section("With modalities missing", curves.chart.svg + HTML.note(MissingRates.note)))
            }
            sections += try page.sections()
        }
        if let question { sections.append(HTML.section("What was asked", question.html)) }
        if history.count > 1 { sections.append(HTML.section("Training", curves)) }
        if !findings.averages.summary.isEmpty {
            sections.append(HTML.section("Averaged weights", drawing(findings.averages)))
        }
        if let adaptation = findings.adaptation { sections.append(HTML.section("The target domain", Self.page(adaptation))) }
        if let learning, history.count <= 1 { sections.append(HTML.section("Learning", HTML.note(learning.sentence))) }
        let counts = rows?.sentence ?? "\(predictions.samples.count) samples"
        if let stages = findings.stages { sections.append(HTML.section("Stages", table(stages))) }
        if let evaluation = findings.evaluation { sections.append(HTML.section("Cross-validation", table(evaluation))) }
        if let choice = findings.choice { sections.append(HTML.section("The fusion", HTML.note(choice.summary))) }
        return HTML.page(title, "Braid \(Version.current) · \(counts)", sections)
    }

    private func ablationBars(_ ablation: Ablation.Head) -> String {
        let metric = ablation.metric
        let rows = ablation.entries.map { entry in
            let name = entry.modalities.map(\.rawValue).joined(separator: " + ")
            let value = entry.score(metric) ?? 0
            let width = String(format: "%.1f", 100 * min(1, max(0, value)))
            return
                "<tr><td>\(name)</td><td class=n>\(entry.samples)</td><td class=n>\(metric.text(value))</td><td class=bar><i style=\"width:\(width)%\"></i></td></tr>"
        }
        return
            "<table><tr><th>modalities</th><th class=n>samples</th><th class=n>\(metric.title)</th><th></th></tr>\(rows.joined())</table>"
            + (ablation.conclusion.map(HTML.note) ?? "") + ablation.remarks.map(HTML.note).joined()
            + HTML.note("One model, trained once; what is left out is hidden from it as missing.")
    }

    private func table(_ evaluation: CrossEvaluation) -> String {
        let rows = evaluation.heads.flatMap { head in
            Metric.registry.all.compactMap { metric -> String? in
                guard let text = head.figures[metric.name]?.text(metric) else { return nil }
                let name = evaluation.heads.count > 1 ? "\(head.name) \(metric.title)" : metric.title
                return "<tr><td>\(HTML.escape(name))</td><td class=n>\(text)</td></tr>"
            }
        }
        return "<table>\(rows.joined())</table>" + HTML.note("\(evaluation.basis) \(evaluation.remark)")
    }

    private func drawing(_ averages: AveragingRecord) -> String {
        let curve = averages.interpolation.map { found in
            let test = found.points.map { $0.test ?? .nan }
            let series = [("val", found.points.map { $0.val ?? .nan })] + (test.contains { $0.isFinite } ? [("test", test)] : [])
            let chart = LineChart(
                title: found.metric, x: found.points.map(\.alpha), series: series, axis: { String(format: "alpha %g", $0) })
            return "<div class=charts>\(chart.svg)</div>"
        }
        return (curve ?? "") + averages.summary.map(HTML.note).joined()
    }

    private var curves: String {
        let epochs = history.map { Double($0.epoch) }
        let loss = LineChart(
            title: "loss", x: epochs, series: [("train", history.map(\.trainLoss)), ("val", history.map { $0.valLoss ?? .nan })])
        let names = history.first.map { $0.val.keys.sorted() } ?? []
        let shown = names.filter { name in ["accuracy", "macro_f1", "r2"].contains { name.hasSuffix($0) } }.prefix(4)
        let quality = LineChart(
            title: "validation", x: epochs, series: shown.map { name in (name, history.map { $0.val[name] ?? .nan }) })
        return "<div class=charts>\(loss.svg)\(quality.svg)\(balanceChart(epochs))</div>"
            + (learning.map { HTML.note($0.sentence) } ?? "")
    }

    /// How large each modality's gradients were; nothing where that was not recorded.
    private func balanceChart(_ epochs: [Double]) -> String {
        let prefix = "gradient_norm/"
        let names = Set(history.flatMap(\.figures.keys)).filter { $0.hasPrefix(prefix) }.sorted()
        guard !names.isEmpty else { return "" }
        return LineChart(
            title: "gradient norm", x: epochs,
            series: names.map { name in (String(name.dropFirst(prefix.count)), history.map { $0.figures[name] ?? .nan }) }
        ).svg
    }
}
