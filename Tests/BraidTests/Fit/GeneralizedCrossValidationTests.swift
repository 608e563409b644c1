import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Against hat matrices, of scripts/references/analytic.py.
@Suite struct GeneralizedCrossValidationTests {
    private struct Case: Decodable {
        let x: [[Double]]
        let y: [[Double]]
        let penalty: Double
        let residual: Double
    }

    @Test func thePenaltyIsThatOfHatMatrices() throws {
        let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: Fixtures.url("analytic.json")))
        for expected in cases {
            let tensors = try [expected.x, expected.y].map { rows in
                try Tensor(rows.flatMap { $0 }, shape: [rows.count, rows[0].count])
            }
            let statistics = try FeatureStatistics(tensors[0], tensors[1])
            let found = try GeneralizedCrossValidation(RidgeSolver(statistics), statistics)
            #expect(abs(found.penalty / expected.penalty - 1) < 1e-12)
            #expect(abs(found.residual - expected.residual) < 1e-10)
        }
    }

    @Test func partsOfSumsAreTheSumsOfParts() throws {
        let x = try Tensor((0..<20).map { Double($0 * $0 % 7) }, shape: [5, 4])
        let y = try Tensor([1, 0, 0, 1, 1, 0, 1, 0, 0, 1], shape: [5, 2])
        let (all, part) = (try FeatureStatistics(x, y), try FeatureStatistics(x.selected(1, Tensor([Int64(3), 1], shape: [2])), y))
        let (kept, expected) = (try all.keeping([3, 1]).tensors(), try part.tensors())
        for (name, tensor) in expected {
            #expect(try kept[name]?.array(of: Double.self) == tensor.array(of: Double.self), "\(name)")
        }
    }
}
