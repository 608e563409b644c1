import Foundation
import TestSupport
import Testing

@testable import Braid
@testable import Torch

@Suite struct TransferabilityTests {
    private struct Case: Decodable {
        let name: String
        let rows: Int
        let size: Int
        let classes: Int
        let features: [Double]
        let labels: [Int]
        let numbers: [Double]
        let log_me: Double
        let log_me_of_numbers: Double
        let h_score: Double
    }

    /// The fixture's values come from dense formulas and scikit-learn: scripts/references/transferability.py.
    @Test func figuresAreThoseOfTheReference() throws {
        for expected in try JSONDecoder().decode([Case].self, from: Data(contentsOf: Fixtures.url("transferability.json"))) {
            let x = try Tensor(expected.features, shape: [expected.rows, expected.size])
            let classes = try Transferability.oneHot(expected.labels, count: expected.classes)
            let numbers = try Tensor(expected.numbers, shape: [expected.rows, 1])
            try #expect(abs(Transferability.logME(x, classes) - expected.log_me) < 1e-6, "\(expected.name)")
            try #expect(abs(Transferability.logME(x, numbers) - expected.log_me_of_numbers) < 1e-6, "\(expected.name)")
            let score = try Transferability.hScore(x, expected.labels, count: expected.classes)
            #expect(abs(score - expected.h_score) < 1e-8 * expected.h_score, "\(expected.name)")
        }
    }
}
