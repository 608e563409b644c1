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
        let logMe: Double
        let logMeOfNumbers: Double
        let hScore: Double
    }

    /// The fixture's values come from dense formulas and scikit-learn: scripts/references/transferability.py.
    @Test func figuresAreThoseOfTheReference() throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        for expected in try decoder.decode([Case].self, from: Data(contentsOf: Fixtures.url("transferability.json"))) {
            let x = try Tensor(expected.features, shape: [expected.rows, expected.size])
            let classes = try Transferability.oneHot(expected.labels, count: expected.classes)
            let numbers = try Tensor(expected.numbers, shape: [expected.rows, 1])
            try #expect(abs(Transferability.logME(x, classes) - expected.logMe) < 1e-6, "\(expected.name)")
            try #expect(abs(Transferability.logME(x, numbers) - expected.logMeOfNumbers) < 1e-6, "\(expected.name)")
            let score = try Transferability.hScore(x, expected.labels, count: expected.classes)
            #expect(abs(score - expected.hScore) < 1e-8 * expected.hScore, "\(expected.name)")
        }
    }
}
