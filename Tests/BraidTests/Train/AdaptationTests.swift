import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Methods of adaptation, and scorers, against scripts/references/adaptation.py.
@Suite struct AdaptationTests {
    struct Part: Decodable {
        let shape: [Int]
        let values: [Double]
        func tensor() throws -> Tensor { try Tensor(values, shape: shape).converted(to: .float32) }
    }
    struct Case: Decodable {
        let value: Double
        /// Of the source's features, the target's, the target's logits, and the weights.
        let gradients: [Part]
        let weights: [Part]
    }
    struct Scored: Decodable {
        let probabilities: [[Double]]
        let wrong: [Double], weights: [Double], prior: [Double]
        let consensus: [Int], groups: [Int]
        let scores: [String: Double]
    }
    struct Grouping: Decodable {
        let first: [Int], second: [Int]
        let value: Double
    }
    struct Clustering: Decodable {
        let rows: Part
        let groups: [Int]
        let spread: Double
    }
    struct Fixture: Decodable {
        let strength: Double
        let source: Part, target: Part, sourceLogits: Part, targetLogits: Part
        let labels: [Int]
        let groupings: [Grouping]
        let clusters: Clustering
        let coral: Case, mmd: Case, lmmd: Case, dann: Case, cdan: Case, cdanE: Case, mcc: Case
        let aligned: [String: Part]
        let scores: [Scored]
    }
    private let fixture: Fixture

    init() throws { fixture = try Fixtures.json("adaptation.json") }

    private func leaf(_ part: Part) throws -> Tensor {
        let tensor = try part.tensor()
        try tensor.setRequiresGradient(true)
        return tensor
    }

    /// The loss and all gradients are the reference's; parameters of the method are set to the reference's first.
    private func check(
        _ one: Case, strength: Double, hidden store: ParameterStore = ParameterStore(), _ make: (Scope) throws -> any AdaptationLoss
    ) throws {
        let loss = try make(Scope(store) / "test")
        let labels = try Tensor(
            fixture.labels.flatMap { label in (0..<3).map { $0 == label ? Float(1) : 0 } }, shape: [fixture.labels.count, 3])
        #expect(store.entries.count == one.weights.count)
        try withoutGradient {
            for (entry, part) in zip(store.entries, one.weights) {
                try entry.tensor.copyInPlace(from: part.tensor().reshaped(entry.tensor.shape))
            }
        }
        for entry in store.entries { try entry.tensor.setRequiresGradient(true) }
        let leaves = try [fixture.source, fixture.target, fixture.targetLogits].map { try leaf($0) }
        let value = try loss(
            DomainBatch(features: leaves[0], logits: fixture.sourceLogits.tensor(), labels: labels),
            DomainBatch(features: leaves[1], logits: leaves[2]), strength: strength)
        try value.backward()
        #expect(abs(try value.item() - one.value) < 1e-5)
        for (tensor, part) in zip(leaves + store.entries.map(\.tensor), one.gradients) {
            let found = try tensor.gradient() ?? .zeros(tensor.shape)
            #expect(try maxDifference(found.reshaped(part.shape), part.tensor()) < 1e-5)
        }
    }

    @Test func lossesAndGradientsAreTheReferences() throws {
        try check(fixture.coral, strength: 1) { _ in DeepCORAL() }
        try check(fixture.mmd, strength: 1) { _ in MaximumMeanDiscrepancy() }
        try check(fixture.lmmd, strength: 1) { _ in LocalMeanDiscrepancy() }
        try check(fixture.mcc, strength: 1) { _ in MinimumClassConfusion(temperature: 2.5) }
        try check(fixture.dann, strength: fixture.strength) { try DomainAdversary($0, 6, hidden: 5) }
        try check(fixture.cdan, strength: fixture.strength) {
            try ConditionalAdversary($0, 6, 3, weighsByEntropy: false, hidden: 5)
        }
        try check(fixture.cdanE, strength: fixture.strength) {
            try ConditionalAdversary($0, 6, 3, weighsByEntropy: true, hidden: 5)
        }
    }

    @Test func embeddingsAreAlignedAsTheReferencesAre() throws {
        let (source, target) = (try #require(fixture.aligned["source"]).tensor(), try #require(fixture.aligned["target"]).tensor())
        for (name, spread) in [
            ("standardise", AlignedEmbeddings.Spread.deviations), ("recolour", .covariance(shrinkage: 0.1)),
        ] {
            let mapped = try AlignedEmbeddings(spread: spread).mapping(from: source, to: target)(source)
            #expect(try maxDifference(mapped, try #require(fixture.aligned[name]).tensor()) < 1e-4, "\(name)")
        }
    }

    @Test func scorersAreTheReferences() throws {
        #expect(fixture.scores.count == 2)
        for one in fixture.scores {
            let evidence = TargetEvidence(
                probabilities: one.probabilities, wrong: one.wrong, weights: one.weights, prior: one.prior,
                consensus: one.consensus, groups: one.groups)
            #expect(Set(one.scores.keys) == Set(TargetScorer.registry.names))
            for scorer in TargetScorer.registry.all {
                let expected = try #require(one.scores[scorer.name])
                #expect(abs(try scorer.score(evidence) - expected) < 1e-5, "\(scorer.name)")
            }
        }
    }

    @Test func groupingsAreComparedAsTheReferenceDoes() throws {
        for one in fixture.groupings {
            #expect(abs(AdjustedInformation.value(one.first, one.second) - one.value) < 1e-9)
            #expect(abs(AdjustedInformation.value(one.second, one.first) - one.value) < 1e-9)
        }
        #expect(abs(AdjustedInformation.value([0, 0, 1, 1], [5, 5, 2, 2]) - 1) < 1e-9)
        #expect(abs(AdjustedInformation.value([0, 0, 1, 1], [3, 3, 3, 3])) < 1e-9)
    }

    @Test func groupsAreTheReferences() throws {
        let rows = try fixture.clusters.rows.tensor()
        let found = try Clusters(rows, count: 4, seed: 1)
        #expect(abs(found.spread - fixture.clusters.spread) < 1e-4)
        #expect(abs(AdjustedInformation.value(found.groups, fixture.clusters.groups) - 1) < 1e-9)
        #expect(try Clusters(rows, count: 4, seed: 1).groups == found.groups)
        // Fewer rows than groups, and rows that lie on each other.
        #expect(try Set(Clusters(rows.slice(0, 0..<3), count: 9, seed: 1).groups).count == 3)
        #expect(try Clusters(.zeros([5, 2]), count: 3, seed: 1).groups == [0, 0, 0, 0, 0])
    }

    /// Rows of a class are drawn to rows of the class: shares that differ leave nothing to draw.
    @Test func classesOfOtherSharesAreNoDiscrepancy() throws {
        let middles = try Tensor([0, 0, 4, 4] as [Float], shape: [2, 2])
        let rows = { (labels: [Int]) in try (middles.picking(labels), Tensor.identity(2).converted(to: .float32).picking(labels)) }
        let ((first, classes), (second, others)) = (try rows([0, 0, 0, 1]), try rows([0, 1, 1, 1]))
        #expect(abs(try LocalMeanDiscrepancy.squared(first, classes, second, others).item()) < 1e-6)
        #expect(try MaximumMeanDiscrepancy.squared(first, second).item() > 0.1)
    }

    /// Domains that are alike cannot be told apart; those a deviation apart are, as often as Gauss says.
    @Test func theDistanceOfDomainsIsTheirOverlap() throws {
        try Generator.own(seed: 5) {
            let (first, second) = (try Tensor.randomNormal([1500, 4]), try Tensor.randomNormal([1500, 4]))
            let alike = try DomainClassifier(first, second, seed: 1)
            #expect(abs(alike.distance) < 0.15)
            #expect(alike.weights.allSatisfy { abs($0 - 1) < 0.5 })
            let shift = try Tensor([2, 0, 0, 0] as [Float], shape: [1, 4])
            let apart = try DomainClassifier(first, second + shift, seed: 1)
            // Two normal distributions two deviations apart: the error is Phi(-1) = 0.1587.
            #expect(abs(apart.error - 0.1587) < 0.02)
            let far = try DomainClassifier(first, second + shift.scaled(by: 10), seed: 1)
            #expect(far.distance > 1.99)
        }
    }

    @Test func classesAreShownAlike() {
        let classes = [[0, 1, 2, 3, 4, 5, 6], [7], [8, 9]]
        let order = DomainAdaptation.balanced(classes, count: 10, seed: 3)
        #expect(order.count == 10 && order == DomainAdaptation.balanced(classes, count: 10, seed: 3))
        let counts = classes.map { members in order.count { members.contains($0) } }
        #expect(counts.allSatisfy { (3...4).contains($0) })
        // None of a class comes again before all have come.
        #expect(Set(order.filter { $0 < 7 }).count == counts[0])
    }

    @Test func aDeckDealsAllBeforeAnyAgainAndGoesOn() throws {
        let presence = Array(repeating: [true, true], count: 7)
        var deck = TargetDeck(count: 7, seed: 1)
        let first = deck.draw(4, presence, hiding: 0.5)
        let kept = try JSONEncoder().encode(deck)
        let second = deck.draw(10, presence, hiding: 0.5)
        #expect(Set(first.rows + second.rows.prefix(3)) == Set(0..<7))
        #expect((first.presence + second.presence).allSatisfy { $0.contains(true) })
        #expect((first.presence + second.presence).contains { $0.contains(false) })
        var other = try JSONDecoder().decode(TargetDeck.self, from: kept)
        let again = other.draw(10, presence, hiding: 0.5)
        #expect(again.rows == second.rows && again.presence == second.presence)
    }

    @Test func theSurestRowsOfEachClassAreTaken() {
        let values: [[Float]] = [[0.9, 0.1], [0.6, 0.4], [0.8, 0.2], [0.7, 0.3], [0.45, 0.55]]
        let half = SelfTraining.chosen(values, share: 0.5)
        #expect(half.map(\.number) == [0, 2, 4] && half.map(\.label) == [0, 0, 1])
        #expect(SelfTraining.chosen(values, share: 1).count == 5)
    }

    /// Its scores by scorer; those that are not named are 0.5.
    private func trial(_ method: String, _ scores: [String: Double] = [:]) -> AdaptationRecord.Trial {
        let all = TargetScorer.registry.names.map { ($0, scores[$0] ?? 0.5) }
        return .init(
            method: method, scores: Dictionary(uniqueKeysWithValues: all), distance: 1, seconds: 0, source: [:])
    }

    private func best(_ trials: [AdaptationRecord.Trial], isJudged: Bool = true, classes: Int = 2) -> AdaptationRecord {
        .best(of: trials, asked: "auto", isJudged: isJudged, classes: classes, adapted: 1, judged: 1)
    }

    @Test func onlyWhatMostKindsOfEvidencePreferIsTaken() {
        let source = trial("source")
        // Four scorers of certainty are one kind; a tie is no vote, and scorers of the source have none.
        let sure = trial("sure", ["entropy": 1, "information": 1, "mcc": 1, "snd": 1, "balance": 0.1])
        let good = trial("good", ["structure": 0.6, "agreement": 0.6, "balance": 0.4])
        let better = trial("better", ["structure": 0.7, "agreement": 0.7, "balance": 0.4])
        let known = trial("known", ["iwv": 1, "dev": 1])
        let taken = best([source, sure, good, better, known])
        #expect(taken.method == "better" && taken.summary.contains("2 of 4 kinds of evidence prefer it"))
        #expect(taken.trials.map(\.votes) == [0, 1, 2, 2, 0] && taken.trials.map(\.against) == [0, 1, 1, 1, 0])
        #expect(taken.picks["entropy"] == "sure" && taken.picks["iwv"] == "known")
        let kept = best([source, sure, known])
        #expect(kept.method == "source" && !kept.hasHelped && kept.summary.contains("adaptation did not help"))
        #expect(best([source, sure], isJudged: false).method == "sure")
    }

    @Test func theStructureOfTheRowsHasAVeto() {
        let scores: [String: Double] = ["entropy": 1, "information": 1, "mcc": 1, "snd": 1, "balance": 1, "agreement": 1]
        let cleaving = trial("cleaving", scores.merging(["structure": 0.4]) { $1 })
        #expect(best([trial("source"), cleaving]).method == "source")
        #expect(best([trial("source"), cleaving, trial("following", scores)]).method == "following")
    }

    @Test func answersThatSayNothingJudgeNothing() {
        let good = trial("good", ["structure": 0.6, "agreement": 0.6])
        let kept = best([trial("source"), good], classes: 20)
        #expect(kept.method == "source" && kept.summary.contains("no model's answers say enough"))
        #expect(best([trial("source"), good], isJudged: false, classes: 20).method == "good")
    }
}
