internal import Foundation

/// The bootstrap over rows and seeds: figures that are no means over rows, computed anew of rows and seeds drawn with replacement.
struct Resampling {
    /// The mean over the seeds, of all rows.
    let mean: Double
    /// Half the width of the interval between the 2.5th and the 97.5th percentile.
    let halfWidth: Double
    /// The 2.5th percentile.
    let lower: Double
    /// The 97.5th percentile.
    let upper: Double
    /// Twice the share of draws on the other side of zero.
    let p: Double

    /// Draws, fewer where rows are many.
    static func draws(rows: Int) -> Int { rows > 5000 ? 200 : rows > 1000 ? 500 : 1000 }

    /// The difference of two recipes; nil where the metric is undefined on the rows.
    init?(_ pairs: [(Answers, Answers)], _ metric: Metric) {
        self.init(seeds: pairs.count, rows: pairs.first?.0.count ?? 0) { seed, chosen in
            let (first, second) = pairs[seed]
            guard let a = metric.compute(chosen.map(first.subset) ?? first),
                let b = metric.compute(chosen.map(second.subset) ?? second)
            else { return nil }
            return a - b
        }
    }

    /// The figure of one recipe; nil where the metric is undefined on the rows.
    ///
    /// - Parameter draws: How many; nil: as many as the rows allow.
    init?(_ answers: [Answers], _ metric: Metric, draws: Int? = nil) {
        self.init(seeds: answers.count, rows: answers.first?.count ?? 0, draws: draws) { seed, chosen in
            metric.compute(chosen.map(answers[seed].subset) ?? answers[seed])
        }
    }

    /// - Parameter figure: That of a seed and some rows, all of them where nil; nil where it is undefined.
    private init?(seeds: Int, rows: Int, draws: Int? = nil, _ figure: (Int, [Int]?) -> Double?) {
        let whole = (0..<seeds).compactMap { figure($0, nil) }
        guard rows > 0, !whole.isEmpty, whole.count == seeds else { return nil }
        var random = RandomSource(seed: 1)
        let found = (0..<(draws ?? Self.draws(rows: rows))).compactMap { _ -> Double? in
            let chosen = (0..<rows).map { _ in Int.random(in: 0..<rows, using: &random) }
            let drawn = (0..<seeds).compactMap { _ in figure(Int.random(in: 0..<seeds, using: &random), chosen) }
            return drawn.isEmpty ? nil : drawn.reduce(0, +) / Double(drawn.count)
        }.sorted()
        guard found.count > 1 else { return nil }
        mean = whole.reduce(0, +) / Double(seeds)
        let last = Double(found.count - 1)
        (lower, upper) = (found[Int(bounded: (0.025 * last).rounded())], found[Int(bounded: (0.975 * last).rounded())])
        halfWidth = (upper - lower) / 2
        let (below, above) = (found.count { $0 <= 0 }, found.count { $0 >= 0 })
        p = min(1, 2 * Double(min(below, above) + 1) / Double(found.count + 1))
    }
}

extension Answers {
    /// How many samples they are of.
    var count: Int {
        switch self {
        case .classes(let answers): answers.truth.count
        case .flags(let answers): answers.truth.count
        case .number(let scores): scores.truth.count
        }
    }

    /// Those of some samples, by number, as often as each is named.
    func subset(_ rows: [Int]) -> Answers {
        switch self {
        case .classes(let a):
            .classes(
                ClassAnswers(
                    labels: a.confusion.labels, truth: rows.map { a.truth[$0] }, values: rows.map { a.values[$0] },
                    positive: a.positive))
        case .flags(let a):
            .flags(FlagAnswers(labels: a.scores.labels, truth: rows.map { a.truth[$0] }, values: rows.map { a.values[$0] }))
        case .number(let scores):
            .number(RegressionScores(truth: rows.map { scores.truth[$0] }, predicted: rows.map { scores.predicted[$0] }))
        }
    }
}
