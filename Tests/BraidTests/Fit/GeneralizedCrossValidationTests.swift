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

    /// 12 rows of 60 values: the few directions that rows vary along give what all directions give. Rows that count a tenth are more than they
    /// count together, and are found to be.
    @Test(arguments: [1.0, 0.1]) func fewRowsVaryAlongFewDirections(_ weight: Double) throws {
        let x = try Generator.own(seed: 3) { try Tensor.randomNormal([12, 60]).converted(to: .float64) }
        let y = try Tensor((0..<24).map { Double($0 % 5 % 2) }, shape: [12, 2])
        let statistics = try FeatureStatistics(x, y, weights: Array(repeating: weight, count: 12))
        let found = try statistics.ridge(penalty: 0.5)
        let mean = try statistics.sum.scaled(by: 1 / statistics.count).unsqueezed(1)
        let gram = try statistics.gram - mean.matmul(mean.transposed(0, 1)).scaled(by: statistics.count)
        let products = try statistics.products - mean.matmul(statistics.targets.unsqueezed(0))
        let expected = try (gram + Tensor.identity(60).scaled(by: 0.5)).solve(products).transposed(0, 1)
        #expect(try (found.weight - expected).power(2).sum().item() < 1e-20)
        let width = try RidgeSolver.directions(of: gram, rows: statistics.count).values.shape[0]
        #expect(width == (weight == 1 ? 20 : 60))
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
