import TestSupport
import Testing
import Torch

@testable import Braid

/// Methods that keep one modality from starving the others.
@Suite struct BalanceTests {
    struct Pareto: Decodable {
        struct Part: Decodable {
            let shape: [Int]
            let values: [Float]
            func tensor() throws -> Tensor { try Tensor(values, shape: shape) }
        }
        struct Case: Decodable {
            let fused: [Part], alone: [Part], totals: [Part], combined: [Part]
        }
        let gamma: Double
        let cases: [Case]
    }

    @Test func mmparetoCombinesGradientsAsItsAuthorsDo() throws {
        let fixture: Pareto = try Fixtures.json("mmpareto.json")
        #expect(fixture.cases.count == 4)
        for one in fixture.cases {
            let parts = try [one.fused, one.alone, one.totals].map { try $0.map { try $0.tensor() } }
            let found = try MMPareto.combined(fused: parts[0], alone: parts[1], totals: parts[2], gamma: fixture.gamma)
            for (value, expected) in zip(found, one.combined) { #expect(try maxDifference(value, expected.tensor()) < 1e-4) }
        }
    }

    @Test func blendingNeverGivesUpTheFusedOutput() {
        // Pure noise: losses wander, and nothing generalises.
        var random = RandomSource(seed: 2)
        var weights = BlendingWeights(modalities: 3)
        for _ in 0..<50 {
            func losses() -> [Double] { (0..<4).map { _ in Double.random(in: 0.9..<1.1, using: &random) } }
            weights.update(.init(train: losses(), val: losses()))
            #expect(weights.weights[0] >= 0.25 - 1e-9)
            #expect(abs(weights.weights.reduce(0, +) - 1) < 1e-9)
            #expect(weights.weights.allSatisfy { $0 > 0 })
        }
    }
}
