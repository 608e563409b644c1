import TestSupport
import Testing

@testable import Braid
@testable import Torch

/// Ridge and discriminant analysis from sums, as scikit-learn has them of the rows: scripts/references/heads.py.
@Suite struct FeatureStatisticsTests {
    struct Reference: Decodable {
        struct Linear: Decodable {
            let penalty: Double?
            let shrinkage: Double?
            let weight: [[Double]]
            let bias: [Double]

            func difference(from found: LinearSolution) throws -> Double {
                try max(maxDifference(found.weight, matrix(weight)), maxDifference(found.bias, Tensor(bias, shape: [bias.count])))
            }
        }

        let raw: [[Double]]
        let rows: [[Double]]
        let labels: [Int]
        let numbers: [Double]
        let ridge: [Linear]
        let ridgeOfClasses: [Linear]
        let discriminants: [Linear]
        let ledoitWolf: Linear
        let oas: Linear
    }

    private let the: Reference
    private let x: Tensor
    private let classes: Tensor

    init() throws {
        the = try Fixtures.json("heads.json")
        x = try matrix(the.rows)
        classes = try Transferability.oneHot(the.labels, count: 3)
    }

    @Test func ridgeIsScikitLearns() throws {
        let numbers = try FeatureStatistics(x, Tensor(the.numbers, shape: [the.numbers.count, 1]))
        for expected in the.ridge {
            try #expect(expected.difference(from: numbers.ridge(penalty: #require(expected.penalty))) < 1e-8)
        }
        for expected in the.ridgeOfClasses {
            let found = try FeatureStatistics(x, classes).ridge(penalty: #require(expected.penalty))
            let signed = LinearSolution(weight: try found.weight.scaled(by: 2), bias: try found.bias.scaled(by: 2).adding(-1))
            try #expect(expected.difference(from: signed) < 1e-8)
        }
    }

    @Test func discriminantsAreScikitLearns() throws {
        let discriminant = try Discriminant(FeatureStatistics(x, classes))
        for expected in the.discriminants + [the.ledoitWolf, the.oas] {
            let shrinkage = try #require(expected.shrinkage)
            try #expect(expected.difference(from: discriminant.solution(shrinkage: shrinkage)) < 1e-8)
        }
        let fourth = try discriminant.fourth(x, classes, weights: the.labels.map { _ in 1 })
        try #expect(abs(discriminant.ledoitWolfShrinkage(fourth: fourth) - #require(the.ledoitWolf.shrinkage)) < 1e-10)
        try #expect(abs(discriminant.oracleShrinkage() - #require(the.oas.shrinkage)) < 1e-10)
    }

    /// Turned to the directions that rows vary along, of which there may be fewer than values, nothing changes.
    @Test func fewRowsOfManyValuesComeToTheSame() throws {
        let wide = try x.slice(0, 0..<6).matmul(x.slice(0, 20..<60).transposed(0, 1))
        let labels = Array(the.labels.prefix(6))
        let y = try Transferability.oneHot(labels, count: 3)
        let turned = try PrincipalFeatures(wide)
        let (whole, few) = (
            try Discriminant(FeatureStatistics(wide, y)), try Discriminant(FeatureStatistics(turned.rows, y), size: 40)
        )
        let weights = labels.map { _ in 1.0 }
        let shrinkage = try whole.ledoitWolfShrinkage(fourth: whole.fourth(wide, y, weights: weights))
        try #expect(abs(few.ledoitWolfShrinkage(fourth: few.fourth(turned.rows, y, weights: weights)) - shrinkage) < 1e-9)
        try #expect(abs(few.oracleShrinkage() - whole.oracleShrinkage()) < 1e-9)
        let said = (try whole.solution(shrinkage: shrinkage)(wide), try few.solution(shrinkage: shrinkage)(turned.rows))
        try #expect(maxDifference(said.0, said.1) < 1e-7)
    }

    @Test func partsAddUpInAnyOrder() throws {
        let raw = try matrix(the.raw)
        let whole = try FeatureStatistics(raw, classes)
        let bounds = [0..<11, 11..<40, 40..<60]
        let parts = try bounds.map { try FeatureStatistics(raw.slice(0, $0), classes.slice(0, $0)) }
        var sum = try FeatureStatistics(dimension: 7, outputs: 3)
        for part in [2, 0, 1] { sum = try sum + parts[part] }
        try #expect(difference(sum, whole) < 1e-9)
        try #expect(difference(whole - parts[1], parts[0] + parts[2]) < 1e-9)
        // A row that counts nothing is none.
        let some = (0..<60).map { bounds[1].contains($0) ? 0.0 : 1 }
        try #expect(difference(FeatureStatistics(raw, classes, weights: some), parts[0] + parts[2]) < 1e-9)
        let kept = try FeatureStatistics(sum.tensors(), source: "a test")
        try #expect(difference(kept, whole) < 1e-9)
        #expect(throws: BraidError.self) { try FeatureStatistics(["count": x], source: "a test") }
        #expect(throws: BraidError.self) { try sum + FeatureStatistics(dimension: 7, outputs: 4) }
    }

    /// Statistics of raw rows, standardised afterwards, are those of standardised rows.
    @Test func standardisingComesAfterwards() throws {
        let raw = try FeatureStatistics(matrix(the.raw), classes)
        let scale = try raw.standardization()
        let learnt = try Standardization(matrix(the.raw))
        try #expect(maxDifference(scale.mean, learnt.mean) < 1e-12)
        try #expect(maxDifference(scale.deviation, learnt.deviation) < 1e-9)
        try #expect(difference(raw.standardised(scale), FeatureStatistics(x, classes)) < 1e-9)
    }

    /// Classes that come later get columns of their own; until then no row is of them.
    @Test func classesMayCome() throws {
        let early = try FeatureStatistics(x.slice(0, 0..<30), classes.slice(0, 0..<30)).addingOutputs(1)
        let both = try Tensor.concatenate([classes, .zeros([60, 1], dtype: .float64)], 1)
        let late = try early + FeatureStatistics(x.slice(0, 30..<60), both.slice(0, 30..<60))
        try #expect(difference(late, FeatureStatistics(x, both)) < 1e-9)
        // What no row is of is never said.
        let said = try Discriminant(late).solution(shrinkage: 0.2)(x).argmax(1).array(of: Int64.self)
        #expect(!said.contains(3))
    }

    private func difference(_ left: FeatureStatistics, _ right: FeatureStatistics) throws -> Double {
        let (ours, theirs) = (try left.tensors(), try right.tensors())
        return try ours.keys.map { try maxDifference(#require(ours[$0]), #require(theirs[$0])) }.max() ?? .infinity
    }
}

private func matrix(_ rows: [[Double]]) throws -> Tensor { try Tensor(rows.flatMap { $0 }, shape: [rows.count, rows[0].count]) }
