import TestSupport
import Testing

@testable import Braid
@testable import Torch

/// Classifiers on embeddings, as scikit-learn and Tip-Adapter's formula have them: scripts/references/heads.py.
@Suite struct ClassifierTests {
    private struct Reference: Decodable {
        struct Neighbours: Decodable {
            let metric: String
            let weights: String
            let k: Int
            let probabilities: [[Double]]
            let numbers: [Double]
        }
        struct TipAdapter: Decodable {
            let alpha: Double
            let beta: Double
            let classifier: [[Double]]
            let logits: [[Double]]
        }

        struct Deviations: Decodable {
            let rows: Int
            let deviations: [Double]
        }
        struct Few: Decodable {
            let rows: Int
            let weight: [[Double]]
            let bias: [Double]
        }

        let raw: [[Double]]
        let shrunk: [Deviations]
        let few: Few
        let rows: [[Double]]
        let labels: [Int]
        let numbers: [Double]
        let queries: [[Double]]
        let centroids: [Int64]
        let distances: [[Double]]
        let neighbours: [Neighbours]
        let tipAdapter: TipAdapter
    }

    private let the: Reference
    private let x: Tensor
    private let queries: Tensor
    private let classes: Tensor
    private let ones: [Double]

    init() throws {
        the = try Fixtures.json("heads.json")
        (x, queries) = (try Self.matrix(the.rows), try Self.matrix(the.queries))
        classes = try Transferability.oneHot(the.labels, count: 3)
        ones = the.labels.map { _ in 1 }
    }

    private static func matrix(_ rows: [[Double]]) throws -> Tensor {
        try Tensor(rows.flatMap { $0 }, shape: [rows.count, rows[0].count])
    }

    @Test func deviationsOfFewRowsAreDrawnTogether() throws {
        for expected in the.shrunk {
            let found = try Standardization.shrunk(Self.matrix(Array(the.raw.prefix(expected.rows)))).deviation
            try #expect(maxDifference(found, Tensor(expected.deviations, shape: [expected.deviations.count])) < 1e-9)
        }
        // Two rows say nothing of single columns; what never changes counts as the others do, and nothing at all as it is.
        let two = try Standardization.shrunk(Tensor([1.0, 5, 2, 3, 5, 8], shape: [2, 3])).deviation.array(of: Double.self)
        #expect(Set(two).count == 1)
        let many = try Standardization.shrunk(Tensor((0..<300).flatMap { [Double($0 % 3), 7, Double($0)] }, shape: [300, 3]))
        let deviations = try many.deviation.array(of: Double.self)
        #expect(deviations[0] < 6 && deviations[1] > 40 && deviations[2] > 80)
        #expect(try Standardization.shrunk(Tensor([4.0, 4], shape: [2, 1])).deviation.array(of: Double.self) == [1])
    }

    /// The penalty that few rows get is scikit-learn's C = 1 on rows of mean square 1.
    @Test func fewRowsGetScikitLearnsPenalty() throws {
        let rows = try Self.matrix(Array(the.raw.prefix(the.few.rows)))
        let features = try PrincipalFeatures(Standardization.shrunk(rows)(rows))
        let samples = the.labels.prefix(the.few.rows).enumerated().map {
            Sample(id: "\($0)", split: .train, media: [:], label: "\($1)")
        }
        let target = try Target.fit(HeadSettings(.multiclass), samples, file: "fixture")
        let loss = try HeadLoss(target, samples, source: "fixture", device: .cpu)
        let problem = try LinearProblem(features, loss, samples: Array(samples.indices), folds: nil)
        let point = try problem.solution(penalty: features.meanSquare(), from: problem.start(), tolerance: 1e-16)
        let (weight, bias) = try problem.linear(point)
        try #expect(maxDifference(weight, Self.matrix(the.few.weight)) < 1e-6)
        try #expect(maxDifference(bias, Tensor(the.few.bias, shape: [the.few.bias.count])) < 1e-5)
    }

    @Test func aPreferenceDecidesWhereRowsDoNot() throws {
        let (few, many) = (PenaltyPath.Preference(penalty: 100, rows: 16), PenaltyPath.Preference(penalty: 100, rows: 16_000))
        #expect(few.cost(100) == 0 && few.cost(10) == few.cost(1000))
        // A decade costs two rows' losses.
        #expect(abs(few.cost(10) - 2.0 / 16) < 1e-12 && abs(many.cost(10) - 2.0 / 16_000) < 1e-12)
    }

    @Test func prototypesAreNearestCentroids() throws {
        let means = try PrototypeClassifier.prototypes(x, classes, ones, .euclidean).means
        let apart = try queries.unsqueezed(1) - means.unsqueezed(0)
        let distances = try apart.power(2).sum([2])
        try #expect(maxDifference(distances, Self.matrix(the.distances)) < 1e-9)
        try #expect(distances.scaled(by: -1).argmax(1).array(of: Int64.self) == the.centroids)
    }

    @Test func neighboursAreScikitLearns() throws {
        let numbers = try Tensor(the.numbers, shape: [ones.count, 1])
        #expect(the.neighbours.count == 8)
        for expected in the.neighbours {
            let classifier = NeighboursClassifier(
                neighbours: expected.k, weights: try #require(.init(rawValue: expected.weights)),
                metric: try #require(.init(rawValue: expected.metric)))
            let near = try classifier.near(classifier.prepared(queries), classifier.prepared(x), count: expected.k)
            let shares = try near.shares(NeighboursClassifier.weighed(classes, ones), expected.k)
            try #expect(maxDifference(shares, Self.matrix(expected.probabilities)) < 1e-9)
            let said = try near.shares(NeighboursClassifier.weighed(numbers, ones), expected.k)
            try #expect(maxDifference(said, Tensor(expected.numbers, shape: [expected.numbers.count, 1])) < 1e-8)
        }
    }

    @Test func theCacheIsTipAdapters() throws {
        let expected = the.tipAdapter
        let zeroShot = LinearSolution(
            weight: try Self.matrix(expected.classifier).transposed(0, 1), bias: try .zeros([3], dtype: .float64))
        let cache = TipAdapterClassifier.Cache(keys: try x.normalized(), labels: classes, known: .init(solution: zeroShot))
        let scores = try cache.scores(queries, .init(alpha: expected.alpha, beta: expected.beta))
        try #expect(maxDifference(scores, Self.matrix(expected.logits)) < 1e-9)
    }

    /// Views that are wrong on every held-out row count nothing by the loss; their answers are still told apart.
    @Test func votesNeverFallSilent() throws {
        let samples = (0..<20).map { Sample(id: "\($0)", split: .train, media: [:], label: ["a", "b", "c"][$0 % 3]) }
        let target = try Target.fit(HeadSettings(.multiclass), samples, file: "a test")
        let labels = try LabelledValues(samples, target, "a test")
        let set = FittingSet(
            samples: samples, presence: samples.map { _ in [true, true] },
            embeddings: [try .zeros([20, 1]), try .zeros([20, 1])],
            losses: [try HeadLoss(target, samples, source: "a test", device: .cpu)], labels: [labels],
            folds: Folds(numbers: (0..<20).map { $0 / 4 }, count: 5))
        let wrong = try Transferability.oneHot(labels.indices, count: 3).scaled(by: -1)
        let expert = StackedFit.Expert(
            samples: Array(0..<20), fit: ViewFit(heldOut: wrong, loss: nil, choice: [:], values: []))
        let views = [0, 1].map { StackedFusion.View(modalities: [$0], isKernel: false) }
        let table = try StackedVotes(views: views, experts: [expert, expert], set: set, head: 0).table()
        #expect(table == [[0, 0], [0.05, 0], [0, 0.05], [0.025, 0.025]])
    }

    /// A class that no row is of is as good as never said; it may be that a draw of few labels has none of it.
    @Test func aClassWithoutRowsIsNotSaid() throws {
        let four = try Tensor.concatenate([classes, .zeros([ones.count, 1], dtype: .float64)], 1)
        for metric in EmbeddingMetric.allCases {
            let (means, bias) = try PrototypeClassifier.prototypes(x, four, ones, metric)
            try #expect(means.absolute().maximum([1]).array(of: Double.self).last == 0)
            try #expect(bias.array(of: Double.self) == [0, 0, 0, PrototypeClassifier.impossible])
        }
    }
}
