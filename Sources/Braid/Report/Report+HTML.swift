internal import Foundation

extension Report {
    /// A page that needs nothing beside itself: pictures, drawings and sounds are in it.
    func html() throws -> String {
        let media = PageMedia()
        let pages = predictions.heads.map { head in
            HeadPage(
                head: head.labelled(), name: predictions.heads.count > 1 ? head.target.name : nil,
                ablation: ablation?.heads.first { $0.name == head.target.name }, media: media)
        }.filter { !$0.head.samples.isEmpty }
        var sections: [Page.Section] = []
        if let training = learningCurves { sections.append(training) }
        for page in pages {
            sections += [page.ablationSection, imbalanced.flatMap(page.section), missingRates.flatMap(page.section)].compactMap {
                $0
            }
            sections += try page.sections()
        }
        if let presence = presenceSection { sections.append(presence) }
        if let question { sections.append(.init("The prompts", question.markup)) }
        sections += try findingsSections()
        if let source { sections += source.closing }
        let counts = rows?.sentence ?? counted(predictions.samples.count, "row")
        return Page.document(
            Shown.name(title, atMost: 120), "Braid \(Version.current) · \(counts)", opening: [try summary(pages)], sections)
    }

    /// What was found, in sentences and large figures, and where it comes from.
    private func summary(_ pages: [HeadPage]) throws -> Markup {
        var parts: [Markup] = []
        for page in pages {
            if let name = page.name { parts.append(.tag("h2", Markup(Shown.name(name)))) }
            parts += try page.verdict(on: source?.rows ?? "the rows given").map { .tag("p", ["class": "lead"], Markup($0)) }
            parts.append(Page.tiles(try page.tiles()))
        }
        if pages.isEmpty { parts.append(.tag("p", ["class": "lead"], "No row has a label, so nothing could be judged.")) }
        if let rows, rows.seen > 0 { parts.append(.tag("p", ["class": "warn"], Markup(rows.sentence))) }
        if let source { parts.append(Page.facts(source.facts(judged: predictions.samples.count))) }
        return .tag("div", ["class": "summary"], parts)
    }

    private func findingsSections() throws -> [Page.Section] {
        var sections: [Page.Section] = []
        if !findings.averages.summary.isEmpty { sections.append(.init("Averaged weights", drawing(findings.averages))) }
        if let adaptation = findings.adaptation { sections.append(.init("The target domain", Self.page(adaptation))) }
        if let learning, learningCurves == nil { sections.append(.init("Learning of modalities", Page.note(learning.sentence))) }
        if let stages = findings.stages { sections.append(.init("Stages", table(stages))) }
        if let evaluation = findings.evaluation { sections.append(.init("Cross-validation", table(evaluation))) }
        if let choice = findings.choice { sections.append(.init("Choice of the fusion", Page.note(choice.summary))) }
        return sections
    }

    private func table(_ evaluation: CrossEvaluation) -> Markup {
        let rows = evaluation.heads.flatMap { head in
            Metric.registry.all.compactMap { metric -> [PageTable.Cell]? in
                guard let text = head.figures[metric.name]?.text(metric) else { return nil }
                return [.init(evaluation.heads.count > 1 ? "\(head.name) \(metric.title)" : metric.title), .init(text)]
            }
        }
        return PageTable("Figures by cross-validation", ["metric", "value"], rows).markup
            + Page.note("\(evaluation.basis) \(evaluation.remark)")
    }

    private func drawing(_ averages: AveragingRecord) -> Markup {
        let curve = averages.interpolation.map { found in
            let x = found.points.map(\.alpha)
            let test = Plot.Series("test", x: x, found.points.map { $0.test ?? .nan })
            let val = Plot.Series("val", x: x, found.points.map { $0.val ?? .nan })
            return Page.columns([
                Plot(
                    title: "\(found.metric) between the beginning (0) and the fine-tuned weights (1)",
                    summary: found.summary, x: .init(title: "alpha", range: 0...1), y: .init(title: found.metric),
                    series: test.points.isEmpty ? [val] : [val, test],
                    marks: [(found.alpha, "alpha \(Shown.short(found.alpha))")]
                ).figure(
                    PageTable(
                        "\(found.metric) by alpha", ["alpha", "val", "test"],
                        found.points.map { point in
                            [point.alpha, point.val, point.test].map { .init($0.map { Shown.short($0) } ?? "n/a") }
                        }))
            ])
        }
        return (curve ?? .nothing) + Page.notes(averages.summary)
    }

    /// How many rows have each modality.
    private var presenceSection: Page.Section? {
        let known = source?.modalities ?? []
        let modalities = known.isEmpty ? Set(predictions.samples.flatMap(\.media.keys)).sorted() : known
        guard !modalities.isEmpty, !predictions.samples.isEmpty else { return nil }
        let judged = ReportSource.Presence(source?.rows ?? "rows judged", predictions.samples, modalities)
        let chart = BarChart(
            title: "Rows that have the modality, of \(judged.part)",
            summary: modalities.map { "\($0.rawValue) \(judged.counts[$0] ?? 0) of \(judged.rows)" }.joined(separator: ", "),
            axis: "rows, %",
            bars: modalities.map { name in
                let count = judged.counts[name] ?? 0
                let share = Double(count) / Double(judged.rows)
                return .init(
                    name: name.rawValue, value: share, text: "\(count) of \(judged.rows), \(Shown.percent(share, digits: 1))",
                    isMain: true)
            }, scale: 100, limits: 0...1)
        let parts = [judged] + (source?.parts ?? [])
        let rows = modalities.map { name in
            [PageTable.Cell(name.rawValue)]
                + parts.map { part in
                    let count = part.counts[name] ?? 0
                    let share = part.rows > 0 ? Shown.percent(Double(count) / Double(part.rows), digits: 1) : "n/a"
                    return .init("\(count)", detail: share)
                }
        }
        let present = PageTable("Rows that have each modality", ["modality"] + parts.map { "\($0.part) (\($0.rows))" }, rows)
        let sets = PageTable(
            "Rows by what they have", ["modalities", "rows"],
            judged.sets.prefix(16).map { set in
                let names = set.modalities.map(\.rawValue).joined(separator: " + ")
                return [
                    .init(names.isEmpty ? "none" : names),
                    .init("\(set.rows)", detail: Shown.percent(Double(set.rows) / Double(judged.rows), digits: 1)),
                ]
            })
        return .init(
            "Present and missing modalities", Page.columns([chart.figure(), .tag("div", present.markup, sets.markup)]))
    }
}

extension ReportSource {
    /// How to get the same again, and what was asked for.
    fileprivate var closing: [Page.Section] {
        var parts: [Markup] = []
        let made = run?.command ?? []
        if !made.isEmpty { parts += [.tag("h3", "The training"), Page.code(Self.line(made))] }
        if !command.isEmpty, command != made { parts += [.tag("h3", "This report"), Page.code(Self.line(command))] }
        if parts.isEmpty {
            parts.append(.tag("p", "A program made this by the library; config.yaml, below, is what it asked for."))
        }
        if let run {
            parts.append(
                Page.note(
                    "Seed \(run.seed), manifest \(Shown.name(run.manifest)) with SHA-256 \(run.manifestSHA256), Braid \(run.braid), libtorch \(run.libtorch), \(run.device). The same of all these, and as many threads, give the same model on the same machine."
                ))
        } else if let manifestSHA256 {
            parts.append(Page.note("Manifest \(Shown.name(manifest)) with SHA-256 \(manifestSHA256), Braid \(Version.current)."))
        }
        var sections = [Page.Section("How to reproduce", parts.joined)]
        if let configuration {
            sections.append(
                .init("Configuration", Page.details("config.yaml", isPrinted: true, Page.code(Self.cut(configuration)))))
        }
        return sections
    }

    private static let longest = 60_000

    private static func cut(_ text: String) -> String {
        text.utf8.count <= longest ? text : String(text.prefix(longest)) + "\n… the rest is in config.yaml"
    }

    /// As a shell takes it.
    private static func line(_ command: [String]) -> String {
        command.map { word in
            let isPlain = !word.isEmpty && word.unicodeScalars.allSatisfy { plain.contains($0) }
            return isPlain ? word : "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
        }.joined(separator: " ")
    }

    private static let plain = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-_./=:,@%+~"))
}
