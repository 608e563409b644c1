/// The 95 % interval of one model's figure on some rows: how far another draw of as many rows would move it.
public struct FigureInterval: Sendable, Codable, Equatable {
    /// The lower end.
    public let lower: Double
    /// The upper end.
    public let upper: Double

    /// Both ends.
    var range: ClosedRange<Double> { lower...max(lower, upper) }

    /// More rows times classes would take longer to draw anew than a reader waits.
    private static let mostWork = 20_000
    private static let draws = 200

    init(_ range: ClosedRange<Double>) { (lower, upper) = (range.lowerBound, range.upperBound) }

    /// Shares of rows have Wilson's interval, means over rows Student's, all else the bootstrap's over rows.
    ///
    /// - Returns: nil where the figure is undefined, or there are too many rows to draw anew.
    init?(_ metric: Metric, _ answers: Answers) {
        if let rows = metric.rows(answers), !rows.isEmpty {
            if rows.allSatisfy({ $0 == 0 || $0 == 1 }), metric.isShare {
                self.init(Proportion.interval(hits: rows.reduce(0, +), of: rows.count))
            } else {
                let found = Interval(rows)
                guard found.halfWidth != nil else { return nil }
                self.init(found.lower...found.upper)
            }
            return
        }
        let width =
            switch answers {
            case .classes(let answers): answers.confusion.labels.count
            case .flags(let answers): answers.scores.labels.count
            case .number: 1
            }
        guard answers.count > 1, answers.count * max(1, width) <= Self.mostWork,
            let drawn = Resampling([answers], metric, draws: Self.draws)
        else { return nil }
        self.init(drawn.lower...max(drawn.lower, drawn.upper))
    }
}
