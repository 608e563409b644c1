import Foundation
import TestSupport
import Testing

@testable import Braid

/// Against scikit-learn's own text: scripts/references/reports.py.
@Suite struct ClassificationReportTests {
    private struct Case: Decodable {
        let labels: [String]
        let `true`: [Int]
        let predicted: [Int]
        let report: String
        let accuracy: Double
        let macroF1: Double
        let weightedF1: Double
        let confusion: [[Int]]

        enum CodingKeys: String, CodingKey {
            case labels, `true`, predicted, report, accuracy, confusion
            case macroF1 = "macro_f1"
            case weightedF1 = "weighted_f1"
        }
    }

    @Test func textAndFiguresAreScikitLearns() throws {
        let cases: [Case] = try Fixtures.json("classification-reports.json")
        #expect(cases.count >= 5)
        for expected in cases {
            let confusion = ConfusionMatrix(labels: expected.labels, truth: expected.true, predicted: expected.predicted)
            #expect(confusion.counts == expected.confusion)
            #expect(confusion.report == expected.report)
            #expect(abs(confusion.accuracy - expected.accuracy) < 1e-12)
            #expect(abs(confusion.macro.f1 - expected.macroF1) < 1e-12)
            #expect(abs(confusion.weighted.f1 - expected.weightedF1) < 1e-12)
        }
    }

    @Test func pageEscapesWhatUsersWrote() throws {
        let samples = ["<script>alert(1)</script>", "b"].enumerated().map {
            Sample(id: "<i>\($0)", text: .inline("\"<u>&"), label: $1)
        }
        let labels = ["<script>alert(1)</script>", "b"]
        let head = HeadPredictions(
            target: Target(scale: .init(classes: labels)), samples: samples, source: "m.csv", values: [[0.1, 0.9], [0.2, 0.8]])
        let html = try Report(Predictions(samples: samples, heads: [head], loss: nil), title: "<title>").html()
        #expect(!html.contains("<script>") && !html.contains("<i>0") && !html.contains("<u>"))
        #expect(html.contains("&lt;script&gt;"))
    }
}
