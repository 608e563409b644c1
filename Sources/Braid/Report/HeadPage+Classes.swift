internal import Foundation

extension HeadPage {
    private static let mostClasses = 100
    private static let mostConfusions = 15
    private static let mostCurves = 6
    private static let mostBars = 20

    /// Of many classes those of the lowest F1.
    func classTable(_ classes: [ClassFigures], ranked file: String) -> Markup {
        let isLong = classes.count > Self.mostClasses
        let shown = isLong ? Array(classes.sorted { $0.scores.f1 < $1.scores.f1 }.prefix(Self.mostClasses)) : classes
        let cell = { (value: Double, interval: ClosedRange<Double>) in
            PageTable.Cell(
                Shown.percent(value, digits: 1),
                detail:
                    "\(Shown.number(100 * interval.lowerBound, digits: 0)) to \(Shown.number(100 * interval.upperBound, digits: 0))"
            )
        }
        let rows = shown.map { one in
            [
                PageTable.Cell(Shown.name(one.name)), cell(one.scores.precision, one.precision),
                cell(one.scores.recall, one.recall),
                cell(one.scores.f1, one.f1), .init("\(one.scores.support)"),
            ]
        }
        let table = PageTable("Precision, recall and F1 of each class", ["class", "precision", "recall", "F1", "count"], rows)
        let left = isLong ? "The \(Self.mostClasses) classes of the lowest F1 of \(classes.count); all are in classes.csv. " : ""
        let known = shown.filter { $0.scores.support > 0 }
        let chart = BarChart(
            title: "F1 by class",
            summary:
                "From \(Shown.percent(known.map(\.scores.f1).min() ?? 0)) to \(Shown.percent(known.map(\.scores.f1).max() ?? 0)).",
            axis: "F1, % (lines: 95 % intervals)",
            bars: shown.map { one in
                .init(
                    name: one.name, value: one.scores.f1, text: Shown.percent(one.scores.f1, digits: 1), interval: one.f1,
                    isMain: true)
            }, scale: 100, limits: 0...1)
        let body = shown.count <= Self.mostBars ? Page.columns([table.markup, chart.figure()]) : table.markup
        return body
            + Page.note("\(left)Beneath each figure its 95 % interval (Wilson). Count: rows that belong to the class.")
    }

    func confusionSection(_ confusion: ConfusionMatrix) -> Page.Section {
        let pairs = confusion.counts.enumerated().flatMap { row, counts in
            counts.enumerated().filter { $0.offset != row && $0.element > 0 }.map {
                (row: row, column: $0.offset, count: $0.element)
            }
        }.sorted { ($1.count, $0.row, $0.column) < ($0.count, $1.row, $1.column) }
        let list: Markup
        if pairs.isEmpty {
            list = .tag("p", "Every row is on the diagonal: there is no confusion.")
        } else {
            let rows = pairs.prefix(Self.mostConfusions).map { pair in
                let total = confusion.counts[pair.row].reduce(0, +)
                return [
                    PageTable.Cell(Shown.name(confusion.labels[pair.row])), .init(Shown.name(confusion.labels[pair.column])),
                    .init("\(pair.count)"), .init(Shown.percent(Double(pair.count) / Double(max(1, total)), digits: 1)),
                ]
            }
            let left = pairs.count > rows.count ? "\(pairs.count - rows.count) rarer ones are in confusion.csv." : ""
            list =
                .tag("h3", "Most frequent confusions")
                + PageTable(
                    "Most frequent confusions", ["true class", "predicted class", "count", "of the true class"], words: [1],
                    Array(rows)
                ).markup + (left.isEmpty ? .nothing : Page.note(left))
        }
        guard confusion.labels.count <= ConfusionChart.most else {
            return section(
                "Confusion", Page.note("\(confusion.labels.count) classes are too many to draw; confusion.csv has the matrix."),
                list)
        }
        let charts = [ConfusionChart.Content.counts, .rates].map { ConfusionChart(confusion: confusion, content: $0).figure }
        // Of many classes each grid takes the page's width.
        return section("Confusion", confusion.labels.count <= 16 ? Page.columns(charts) : charts.joined, list)
    }

    func rankingSection(of answers: ClassAnswers, _ classes: [ClassFigures]) -> Page.Section? {
        rankingSection(answers.probabilities, answers.flags, classes, positive: answers.positive)
    }

    /// ROC and precision-recall curves: of the positive class, or of each class against all others, of many those of the lowest F1.
    func rankingSection(_ scores: [[Double]], _ truth: [[Bool]], _ classes: [ClassFigures], positive: Int?) -> Page.Section? {
        var chosen = positive.map { [$0] } ?? Array(classes.indices)
        let isLong = chosen.count > Self.mostCurves
        if isLong {
            let known = chosen.filter { classes[$0].scores.support > 0 }
            chosen = known.sorted { (classes[$0].scores.f1, $0) < (classes[$1].scores.f1, $1) }.prefix(Self.mostCurves - 1).sorted()
        }
        let curves = chosen.compactMap { column -> (name: String, curve: RankingCurve, scores: [Double], truth: [Bool])? in
            let (values, flags) = (scores.map { $0[column] }, truth.map { $0[column] })
            return RankingCurve(scores: values, truth: flags).map {
                (Shown.name(classes[column].name, atMost: 32), $0, values, flags)
            }
        }
        guard !curves.isEmpty else { return nil }
        var all = curves
        let isSmall = scores.count * classes.count <= 500_000
        if curves.count > 1, isSmall {
            let (values, flags) = (Array(scores.joined()), Array(truth.joined()))
            RankingCurve(scores: values, truth: flags).map { all.insert(("all classes (micro-average)", $0, values, flags), at: 0) }
        }
        let areas = all.map { one in
            (
                name: one.name, auroc: Ranking.auroc(scores: one.scores, truth: one.truth) ?? .nan,
                precision: Ranking.averagePrecision(scores: one.scores, truth: one.truth) ?? .nan, positives: one.curve.positives
            )
        }
        let series = { (points: (RankingCurve) -> [(x: Double, y: Double)]) in
            all.map { one in Plot.Series(one.name, RankingCurve.thinned(points(one.curve)).map { .init(x: $0.x, y: $0.y) }) }
        }
        let share = Plot.Axis(title: "", range: 0...1, scale: 100)
        let axis = { (title: String) in Plot.Axis(title: title, range: share.range, scale: share.scale) }
        let list = { (name: String, figure: KeyPath<(name: String, auroc: Double, precision: Double, positives: Int), Double>) in
            "\(name): " + areas.map { "\($0.name) \(Shown.number($0[keyPath: figure], digits: 4))" }.joined(separator: ", ")
        }
        let table = PageTable(
            "Areas under the curves", ["class", "AUROC", "average precision", "count"],
            areas.map {
                [
                    .init($0.name), .init(Shown.number($0.auroc, digits: 4)), .init(Shown.number($0.precision, digits: 4)),
                    .init("\($0.positives)"),
                ]
            })
        let roc = Plot(
            title: "ROC", summary: list("Areas", \.auroc), x: axis("false positive rate, %"), y: axis("true positive rate, %"),
            series: series(\.roc), guides: [((0, 0), (1, 1))])
        let level = all.count == 1 ? Double(all[0].curve.positives) / Double(all[0].scores.count) : nil
        let pr = Plot(
            title: "Precision and recall", summary: list("Average precision", \.precision), x: axis("recall, %"),
            y: axis("precision, %"), series: series(\.precisionRecall), guides: level.map { [((0, $0), (1, $0))] } ?? [])
        let which =
            isLong
            ? "The \(curves.count) classes of the lowest F1, each against all others. "
            : positive == nil ? "Each class against all others. " : "Of the class \(all[0].name). "
        return section(
            "ROC and precision-recall", Page.columns([roc.figure(table), pr.figure()]),
            Page.note("\(which)Dashed: chance\(level == nil ? " (ROC)" : "")."))
    }

    /// Predicted against true numbers, and how errors are spread.
    func numbers(_ scores: RegressionScores) -> Markup {
        let most = 1500
        let step = max(1, (scores.count + most - 1) / most)
        let shown = stride(from: 0, to: scores.count, by: step).map { Plot.Point(x: scores.truth[$0], y: scores.predicted[$0]) }
        let all = scores.truth + scores.predicted
        let range = Ticks.range(all)
        let scatter = Plot(
            title: "Predicted and true values",
            summary:
                "\(scores.count) rows; RMSE \(Shown.short(scores.rmse)), R² \(Shown.number(scores.r2, digits: 4)). On the dashed diagonal both are equal.",
            x: .init(title: "true value", range: range), y: .init(title: "predicted value", range: range),
            series: [.init("row", form: .points(radius: 2.5), shown)],
            guides: [((range.lowerBound, range.lowerBound), (range.upperBound, range.upperBound))])
        let errors = zip(scores.predicted, scores.truth).map { $0 - $1 }.filter(\.isFinite)
        let bins = Histogram(errors)
        let histogram = Plot(
            title: "Errors (predicted less true)",
            summary: "Errors lie between \(Shown.short(errors.min() ?? 0)) and \(Shown.short(errors.max() ?? 0)).",
            x: .init(title: "error", range: bins.range),
            y: .init(
                title: "count", range: Ticks.range([0, Double(bins.counts.max() ?? 1)], within: 0...(.greatestFiniteMagnitude)),
                isWhole: true),
            series: [
                .init(
                    "count", form: .bars(width: 0.9 / Double(bins.counts.count)),
                    bins.counts.indices.map { .init(x: bins.middle(of: $0), y: Double(bins.counts[$0])) })
            ])
        let sorted = errors.sorted()
        let quantiles = PageTable(
            "Quantiles of the error", ["quantile", "error"],
            [("5 %", 0.05), ("25 %", 0.25), ("50 %", 0.5), ("75 %", 0.75), ("95 %", 0.95)].compactMap { name, share in
                guard !sorted.isEmpty else { return nil }
                return [.init(name), .init(Shown.short(sorted[Int(bounded: (share * Double(sorted.count - 1)).rounded())]))]
            })
        return Page.columns([scatter.figure(), histogram.figure(quantiles)])
            + (step > 1 ? Page.note("Of \(scores.count) rows every \(step)th is drawn.") : .nothing)
    }
}

/// Counts of values in some twenty parts of their range.
struct Histogram {
    let range: ClosedRange<Double>
    let counts: [Int]

    /// - Parameter values: All finite.
    init(_ values: [Double]) {
        range = Ticks.range(values)
        let parts = min(24, max(4, Int(bounded: Double(values.count).squareRoot())))
        var counts = Array(repeating: 0, count: parts)
        for value in values {
            let share = (value - range.lowerBound) / (range.upperBound - range.lowerBound)
            counts[min(parts - 1, max(0, Int(bounded: share * Double(parts))))] += 1
        }
        self.counts = counts
    }

    func middle(of part: Int) -> Double {
        range.lowerBound + (Double(part) + 0.5) / Double(counts.count) * (range.upperBound - range.lowerBound)
    }
}
