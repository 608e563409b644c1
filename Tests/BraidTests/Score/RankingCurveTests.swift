import Foundation
import Testing

@testable import Braid

@Suite struct RankingCurveTests {
    /// What lies under the curves is what `Ranking` gives, which scikit-learn's figures hold.
    @Test func areasAreThoseOfTheFigures() throws {
        var random = RandomSource(seed: 7)
        for rows in [2, 5, 40, 300] {
            let truth = (0..<rows).map { $0 == 0 ? true : $0 == 1 ? false : Bool.random(using: &random) }
            // Ties among them.
            let scores = truth.map { (Double.random(in: 0..<1, using: &random) + ($0 ? 0.3 : 0)) * 20 }.map { $0.rounded() / 20 }
            let curve = try #require(RankingCurve(scores: scores, truth: truth))
            let area = zip(curve.roc, curve.roc.dropFirst()).reduce(0) { $0 + ($1.1.x - $1.0.x) * ($1.1.y + $1.0.y) / 2 }
            #expect(abs(area - (try #require(Ranking.auroc(scores: scores, truth: truth)))) < 1e-12)
            let pr = curve.precisionRecall
            let precision = zip(pr, pr.dropFirst()).reduce(0) { $0 + ($1.1.x - $1.0.x) * $1.1.y }
            #expect(abs(precision - (try #require(Ranking.averagePrecision(scores: scores, truth: truth)))) < 1e-12)
            #expect(curve.roc.last?.x == 1 && curve.roc.last?.y == 1)
            let thin = RankingCurve.thinned(curve.roc, distance: 0.1)
            #expect(thin.count <= 32 && thin.first?.x == 0 && thin.last?.y == 1)
        }
        #expect(RankingCurve(scores: [0.1, 0.2], truth: [true, true]) == nil)
    }

    /// statsmodels' `proportion_confint(hits, count, method="wilson")`.
    @Test(arguments: [(8, 10, 0.490162, 0.943318), (0, 10, 0.0, 0.277533), (50, 100, 0.403832, 0.596168), (1, 1, 0.206549, 1.0)])
    func intervalsAreWilsons(_ hits: Int, _ count: Int, _ lower: Double, _ upper: Double) {
        let found = Proportion.interval(hits: Double(hits), of: count)
        #expect(abs(found.lowerBound - lower) < 1e-6 && abs(found.upperBound - upper) < 1e-6, "\(found)")
    }

    @Test func intervalsHoldTheirFigure() throws {
        let confusion = ConfusionMatrix(labels: ["a", "b"], truth: [0, 0, 0, 1, 1, 1, 1], predicted: [0, 0, 1, 1, 1, 1, 0])
        for one in ClassFigures.all(confusion) {
            #expect(
                one.f1.contains(one.scores.f1) && one.precision.contains(one.scores.precision)
                    && one.recall.contains(one.scores.recall))
        }
        let scores = RegressionScores(
            truth: (0..<40).map(Double.init), predicted: (0..<40).map { Double($0) + ($0 % 3 == 0 ? 2 : -1) })
        for metric in [Metric.r2, .rmse, .mae] {
            let interval = try #require(FigureInterval(metric, .number(scores)))
            let value = try #require(metric.compute(.number(scores)))
            #expect(interval.range.contains(value) && interval.lower < interval.upper, "\(metric.name)")
        }
        // Too many to draw anew while a reader waits.
        let many = RegressionScores(truth: (0..<30_000).map(Double.init), predicted: (0..<30_000).map(Double.init))
        #expect(FigureInterval(.r2, .number(many)) == nil)
    }
}
