internal import Foundation

/// A head's part of a page.
struct HeadPage {
    /// Labelled samples, at least one.
    let head: HeadPredictions
    /// nil where there is only one.
    let name: String?
    let ablation: Ablation.Head?
    let media: PageMedia

    func section(_ heading: String, _ body: Markup...) -> Page.Section {
        .init((name.map { "\(Shown.name($0)): " } ?? "") + heading, body.joined)
    }

    private var rows: String { counted(head.samples.count, "row") }

    /// What was found, a sentence each, the most important first.
    ///
    /// - Parameter part: Which rows were judged, in words.
    func verdict(on part: String) throws -> [String] {
        let answers = try head.answers()
        var sentences: [String]
        switch answers {
        case .classes(let found): sentences = try verdict(found, answers, part)
        case .flags(let found): sentences = try verdict(found, answers, part)
        case .number(let found): sentences = verdict(found, answers, part)
        }
        if let conclusion = ablation?.conclusion { sentences.append(conclusion) }
        return sentences
    }

    private func text(_ metric: Metric, _ value: Double, _ answers: Answers) -> String {
        let interval = FigureInterval(metric, answers).map { " (95 % interval \(Shown.interval(metric, $0)))" } ?? ""
        return "\(metric.title) \(Shown.figure(metric, value))\(interval)"
    }

    private func verdict(_ found: ClassAnswers, _ answers: Answers, _ part: String) throws -> [String] {
        let confusion = found.confusion
        let supports = confusion.classes.map(\.support)
        let most = supports.indices.max { supports[$0] < supports[$1] } ?? 0
        let chance = Double(supports[most]) / Double(max(1, confusion.total))
        let confidence = found.values.reduce(0) { $0 + Double($1.max() ?? 0) } / Double(max(1, found.values.count))
        let gap = confidence - confusion.accuracy
        let judged =
            abs(gap) < 0.02
            ? "close to its accuracy"
            : gap > 0 ? "above its accuracy: it is overconfident" : "below its accuracy: it is underconfident"
        var second = "Mean confidence is \(Shown.percent(confidence)), \(judged)."
        let known = confusion.classes.enumerated().filter { $0.element.support > 0 }
        if let weakest = known.min(by: { $0.element.recall < $1.element.recall }), known.count > 1, weakest.element.recall < 1 {
            second +=
                " The class with the lowest recall is \(Shown.name(confusion.labels[weakest.offset], atMost: 40)) (\(Shown.percent(weakest.element.recall)) of \(counted(weakest.element.support, "row")))."
        }
        return [
            "\(text(.accuracy, confusion.accuracy, answers)) on \(rows) of \(part), \(confusion.labels.count) classes. The most frequent class alone would have \(Shown.percent(chance)).",
            second,
        ].map(Self.capitalised)
    }

    private func verdict(_ found: FlagAnswers, _ answers: Answers, _ part: String) throws -> [String] {
        let share = Double(found.truth.joined().count { $0 }) / Double(max(1, found.truth.count * found.scores.labels.count))
        return [
            "\(text(.microF1, found.scores.micro.f1, answers)) on \(rows) of \(part), \(found.scores.labels.count) labels, of which \(Shown.percent(share, digits: 1)) apply.",
            "All labels of a row are correct in \(Shown.percent(found.scores.accuracy)) of rows.",
        ].map(Self.capitalised)
    }

    private func verdict(_ found: RegressionScores, _ answers: Answers, _ part: String) -> [String] {
        let mean = found.truth.reduce(0, +) / Double(max(1, found.count))
        let spread = (found.truth.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, found.count))).squareRoot()
        return [
            "\(text(.rmse, found.rmse, answers)) on \(rows) of \(part). The mean of these rows as every prediction would have \(Shown.number(spread, digits: 4)).",
            "R² is \(Shown.number(found.r2, digits: 4)): the share of the variance that the model explains.",
        ]
    }

    static func capitalised(_ sentence: String) -> String { sentence.prefix(1).uppercased() + sentence.dropFirst() }

    func tiles() throws -> [Markup] {
        let metrics: [Metric] =
            switch head.target.form {
            case .classes: [.accuracy, .macroF1, .auroc, .ece]
            case .flags: [.microF1, .macroF1, .auroc, .ece]
            case .number: [.r2, .rmse, .mae, .spearman]
            }
        let (scores, answers) = (try head.scores(metrics), try head.answers())
        return metrics.map { metric in
            let interval = metric == .ece ? nil : FigureInterval(metric, answers)
            return Page.tile(
                scores[metric].map { Shown.figure(metric, $0) } ?? "n/a", metric.title,
                scores[metric] == nil
                    ? "undefined on these rows"
                    : metric == .ece ? "expected calibration error" : interval.map { Shown.interval(metric, $0) })
        }
    }

    var ablationSection: Page.Section? {
        guard let ablation else { return nil }
        let metric = ablation.metric
        let most = 40
        let entries =
            ablation.entries.count > most ? ablation.entries.prefix(most - 1) + ablation.entries.suffix(1) : ablation.entries
        let names = entries.map { $0.modalities.map(\.rawValue).joined(separator: " + ") }
        let bars = zip(names, entries).enumerated().map { number, entry in
            BarChart.Bar(
                name: entry.0, value: entry.1.score(metric) ?? 0,
                text: entry.1.score(metric).map { Shown.figure(metric, $0) } ?? "n/a",
                interval: entry.1.interval?.range, isMain: number == entries.count - 1)
        }
        let chart = BarChart(
            title: "\(Self.capitalised(metric.title)) by what the model sees",
            summary: bars.map { "\($0.name) \($0.text)" }.joined(separator: ", ") + ".",
            axis: "\(metric.title)\(metric.isPercentage ? ", %" : "") (lines: 95 % intervals)",
            bars: bars,
            scale: metric.isPercentage ? 100 : 1, limits: metric.isShare ? 0...1 : nil)
        let others = ablation.metrics.dropFirst().prefix(1)
        let rows = zip(names, entries).map { name, entry in
            [
                PageTable.Cell(name), .init("\(entry.samples)"),
                .init(
                    entry.score(metric).map { Shown.figure(metric, $0) } ?? "n/a",
                    detail: entry.interval.map { Shown.interval(metric, $0) }),
            ] + others.map { other in .init(entry.score(other).map { Shown.figure(other, $0) } ?? "n/a") }
        }
        let table = PageTable("Figures by modalities", ["modalities", "rows", metric.title] + others.map(\.title), rows)
        let left = ablation.entries.count - entries.count
        return section(
            "What each modality adds", Page.columns([chart.figure(), table.markup]),
            Page.notes([ablation.conclusion].compactMap { $0 } + ablation.remarks + [Ablation.note]),
            left > 0 ? Page.note("\(left) more subsets are in ablation.csv.") : .nothing)
    }

    func section(_ own: ImbalancedRates) -> Page.Section? {
        guard let found = own.heads.first(where: { $0.name == head.target.name }) else { return nil }
        let metric = Metric.registry[found.metric] ?? .accuracy
        let row = { (name: String, value: Double?, deviation: Double?) in
            [
                PageTable.Cell(name),
                .init(value.map { Shown.figure(metric, $0) } ?? "n/a", detail: deviation.map { "± \(Shown.figure(metric, $0))" }),
            ]
        }
        let rates = own.rates.sorted { $0.key < $1.key }.map { "\($0.key) \(Shown.percent($0.value, digits: 0))" }
        let table = PageTable(
            "Figures with modalities missing at rates of their own", ["rows", metric.title],
            [
                row("nothing hidden", found.full, nil),
                row("each at its own rate", found.imbalanced?.mean, found.imbalanced?.deviation),
                row("all at \(Shown.percent(own.sharedRate)), the mean", found.shared?.mean, found.shared?.deviation),
            ])
        return section(
            "With modalities missing at rates of their own", .tag("p", Markup("Hidden: \(rates.joined(separator: ", ")).")),
            table.markup,
            Page.notes([found.equity.map { "At these rates: \($0.sentence)" }, MissingRates.note].compactMap { $0 }))
    }

    func section(_ rates: MissingRates) -> Page.Section? {
        guard let curves = rates.heads.first(where: { $0.name == head.target.name }) else { return nil }
        return section("With modalities missing", Page.columns([curves.figure]), Page.note(MissingRates.note))
    }

    func sections() throws -> [Page.Section] {
        switch try head.answers() {
        case .classes(let answers):
            let classes = ClassFigures.all(answers.confusion)
            let bins = CalibrationScores.reliability(probabilities: answers.probabilities, truth: answers.truth)
            return [
                section("Figures by class", classTable(classes, ranked: "confusion.csv")), confusionSection(answers.confusion),
                rankingSection(of: answers, classes), section("Calibration", calibration(bins)),
            ].compactMap { $0 } + examples(answers)
        case .flags(let answers):
            let classes = try ClassFigures.all(head) ?? []
            let bins = CalibrationScores.reliability(probabilities: answers.probabilities, flags: answers.truth)
            return [
                section("Figures by class", classTable(classes, ranked: "classes.csv")),
                rankingSection(answers.probabilities, answers.truth, classes, positive: nil),
                section("Calibration", calibration(bins)),
            ].compactMap { $0 } + examples(answers)
        case .number(let scores): return [section("Predictions and errors", numbers(scores))] + examples(scores)
        }
    }

    /// Accuracy against confidence: on the diagonal where probabilities are what they say.
    private func calibration(_ reliability: [CalibrationScores.Bin]) -> Markup {
        let bins = reliability.filter { $0.count > 0 }
        let total = bins.reduce(0) { $0 + $1.count }
        let error = bins.reduce(0) { $0 + abs($1.accuracy - $1.confidence) * Double($1.count) } / Double(max(1, total))
        let points = bins.map { bin in
            Plot.Point(
                x: bin.confidence, y: bin.accuracy,
                interval: Proportion.interval(hits: bin.accuracy * Double(bin.count), of: bin.count))
        }
        let diagram = Plot(
            title: "Reliability",
            summary:
                "Accuracy against confidence in \(bins.count) bins; the mean gap, ECE, is \(Shown.number(error, digits: 4)). On the dashed diagonal both are equal.",
            x: .init(title: "confidence, %", range: 0...1, scale: 100), y: .init(title: "accuracy, %", range: 0...1, scale: 100),
            series: [.init("accuracy", form: .points(radius: 4), points)], guides: [((0, 0), (1, 1))])
        let width = 1 / Double(max(1, reliability.count))
        let counts = Plot(
            title: "Predictions by confidence", summary: "How many of \(total) predictions have each confidence.",
            x: .init(title: "confidence, %", range: 0...1, scale: 100),
            y: .init(
                title: "count",
                range: Ticks.range([0, Double(bins.map(\.count).max() ?? 1)], within: 0...(.greatestFiniteMagnitude)), isWhole: true
            ),
            series: [
                .init(
                    "count", form: .bars(width: width * 0.86), bins.map { .init(x: ($0.lower + $0.upper) / 2, y: Double($0.count)) }
                )
            ])
        let table = PageTable(
            "Reliability by bins of confidence", ["confidence", "count", "mean confidence", "accuracy"],
            bins.map { bin in
                [
                    .init("\(Shown.number(bin.lower, digits: 2)) to \(Shown.number(bin.upper, digits: 2))"), .init("\(bin.count)"),
                    .init(Shown.percent(bin.confidence)), .init(Shown.percent(bin.accuracy)),
                ]
            })
        return Page.columns([diagram.figure(table), counts.figure()])
            + Page.note(
                "Lines: 95 % intervals of the accuracy in each bin. Points below the diagonal: confidence is higher than accuracy.")
    }
}
