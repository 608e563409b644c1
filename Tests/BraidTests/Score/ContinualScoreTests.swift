import Foundation
import TestSupport
import Testing

@testable import Braid

/// Against Avalanche's own metrics, of scripts/references/continual_scores.py.
@Suite struct ContinualScoreTests {
    private struct Case: Decodable {
        let matrix: [[Double]]
        let untrained: [Double]
        let averageAccuracy: Double
        let forgetting: Double?
        let backwardTransfer: Double?
        let forwardTransfer: Double?
    }

    @Test func scoresAreAvalanches() throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let cases = try decoder.decode([Case].self, from: Data(contentsOf: Fixtures.url("continual_scores.json")))
        #expect(cases.count == 4)
        func near(_ one: Double?, _ other: Double?) -> Bool {
            one.flatMap { one in other.map { abs(one - $0) < 1e-12 } } ?? (one == nil && other == nil)
        }
        for expected in cases {
            let scores = ContinualScores(matrix: expected.matrix, untrained: expected.untrained)
            #expect(near(scores.averageAccuracy, expected.averageAccuracy))
            #expect(near(scores.forgetting, expected.forgetting))
            #expect(near(scores.backwardTransfer, expected.backwardTransfer))
            #expect(near(scores.forwardTransfer, expected.forwardTransfer))
        }
    }

    @Test func whatIsNotKnownCountsInNoMean() {
        let scores = ContinualScores(matrix: [[nil, 0.5, nil], [nil, 0.9, nil], [nil, 0.6, 0.8]], untrained: [nil, 0.1, 0.1])
        #expect(scores.averageAccuracy.map { abs($0 - 0.7) < 1e-12 } == true)
        #expect(scores.forgetting.map { abs($0 - 0.3) < 1e-12 } == true)
        #expect(scores.forwardTransfer.map { abs($0 - 0.4) < 1e-12 } == true)
        #expect(ContinualScores(matrix: [[0.5]], untrained: [0.1]).forgetting == nil)
    }
}
