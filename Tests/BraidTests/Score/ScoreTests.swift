import Foundation
import TestSupport
import Testing

@testable import Braid

/// Against scikit-learn and SciPy: scripts/references/scores.py.
@Suite struct ScoreTests {
    private struct Cases: Decodable {
        struct Rank: Decodable { let scores: [Double], truth: [Bool], auroc: Double?, averagePrecision: Double? }
        struct Multiclass: Decodable {
            let probabilities: [[Double]], truth: [Int]
            let auroc, averagePrecision, brier, microF1, ece: Double
        }
        struct Multilabel: Decodable {
            let labels: [String], truth: [[Bool]], probabilities: [[Double]], report: String, f1: [String: Double]
            let accuracy, hamming, brier, ece: Double
        }
        struct Regression: Decodable {
            let truth, predicted: [Double]
            let mae, rmse, r2: Double, spearman: Double?
        }
        struct Student: Decodable { let n, t, cumulative: Double }
        struct Quantile: Decodable { let n, p, t: Double }
        struct Paired: Decodable { let first, second: [Double], p, low, high: Double }
        struct Binomial: Decodable { let first, second: Int, p: Double }
        let ranking: [Rank], multiclass: [Multiclass], multilabel: [Multilabel], regression: [Regression]
        let students: [Student], quantiles: [Quantile], paired: [Paired], mcnemar: [Binomial]
    }

    private func cases() throws -> Cases { try Fixtures.json("scores.json") }

    private func agree(_ found: Double?, _ expected: Double?, _ tolerance: Double = 1e-9) -> Bool {
        guard let found, let expected else { return found == nil && expected == nil }
        return abs(found - expected) <= tolerance * max(1, abs(expected))
    }

    @Test func rankingIsScikitLearns() throws {
        for one in try cases().ranking {
            #expect(agree(Ranking.auroc(scores: one.scores, truth: one.truth), one.auroc))
            #expect(agree(Ranking.averagePrecision(scores: one.scores, truth: one.truth), one.averagePrecision))
        }
    }

    @Test func probabilitiesOfClassesAreJudgedAsScikitLearnDoes() throws {
        for one in try cases().multiclass {
            let classes = one.probabilities[0].count
            let flags = one.truth.map { truth in (0..<classes).map { $0 == truth } }
            #expect(agree(Ranking.macroAUROC(scores: one.probabilities, truth: flags), one.auroc))
            #expect(agree(Ranking.macroAveragePrecision(scores: one.probabilities, truth: flags), one.averagePrecision))
            #expect(agree(CalibrationScores.brier(probabilities: one.probabilities, truth: one.truth), one.brier))
            #expect(agree(CalibrationScores.ece(probabilities: one.probabilities, truth: one.truth), one.ece))
            let predicted = one.probabilities.map { row in row.indices.max { row[$0] < row[$1] } ?? 0 }
            let matrix = ConfusionMatrix(labels: (0..<classes).map(String.init), truth: one.truth, predicted: predicted)
            #expect(agree(matrix.micro.f1, one.microF1))
        }
    }

    @Test func multilabelReportsAreScikitLearns() throws {
        for one in try cases().multilabel {
            let predicted = one.probabilities.map { $0.map { $0 > 0.5 } }
            let scores = MultilabelScores(labels: one.labels, truth: one.truth, predicted: predicted)
            #expect(scores.report == one.report)
            let averages = ["micro": scores.micro, "macro": scores.macro, "weighted": scores.weighted, "samples": scores.samples]
            for (name, average) in averages { #expect(agree(average.f1, one.f1[name]), "\(name)") }
            #expect(agree(scores.accuracy, one.accuracy) && agree(scores.hammingLoss, one.hamming))
            #expect(agree(CalibrationScores.brier(probabilities: one.probabilities, flags: one.truth), one.brier))
            #expect(agree(CalibrationScores.ece(probabilities: one.probabilities, flags: one.truth), one.ece))
        }
    }

    @Test func regressionIsScikitLearns() throws {
        for one in try cases().regression {
            let scores = RegressionScores(truth: one.truth, predicted: one.predicted)
            #expect(agree(scores.mae, one.mae) && agree(scores.rmse, one.rmse) && agree(scores.r2, one.r2))
            #expect(agree(scores.spearman, one.spearman))
        }
    }

    @Test func statisticsAreSciPys() throws {
        let cases = try cases()
        for one in cases.students {
            #expect(agree(StudentT.cumulative(one.t, degreesOfFreedom: one.n), one.cumulative, 1e-10), "\(one)")
        }
        for one in cases.quantiles { #expect(agree(StudentT.quantile(one.p, degreesOfFreedom: one.n), one.t, 1e-7), "\(one)") }
        for one in cases.paired {
            // Of a single seed the crossed mean is the paired t-test.
            let test = CrossedMean([zip(one.first, one.second).map { $0 - $1 }])
            let half = try #require(test.halfWidth)
            #expect(agree(test.p ?? .nan, one.p, 1e-8))
            #expect(agree(test.mean - half, one.low, 1e-7) && agree(test.mean + half, one.high, 1e-7))
        }
        for one in cases.mcnemar { #expect(agree(McNemar.p(onlyFirst: one.first, onlySecond: one.second), one.p), "\(one)") }
    }

    @Test func whatDoesNotVaryIsSaidToBeSo() throws {
        #expect(CrossedMean([[1]]).halfWidth == nil)
        #expect(CrossedMean([[0, 0, 0]]).p == 1)
        // Three items that all say the same: no error to divide by, and no p-value of 0.
        #expect(CrossedMean([[1, 1, 1]]).p == nil)
        #expect(Interval([4]).halfWidth == nil)
    }
}
