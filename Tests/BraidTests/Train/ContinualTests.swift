import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Methods of continual learning, by themselves; against Avalanche: scripts/references/continual.py.
@Suite struct ContinualTests {
    private struct Expected: Decodable {
        let lambda, penalty, temperature, lwf, lwfFlags, alpha, beta, der, derOfThree: Double
        let herding: [Int]
    }

    private let file: SafetensorsFile
    private let expected: Expected

    init() throws {
        file = try Fixtures.tensors("continual.safetensors")
        expected = try Fixtures.json("continual.json")
    }

    /// A copy that can have a gradient.
    private func leaf(_ name: String) throws -> Tensor {
        let tensor = try file.tensor(name).cloned()
        try tensor.setRequiresGradient(true)
        return tensor
    }

    @Test func rememberedSamplesCountAsWhatTheyStandFor() {
        #expect(Replay.share(.seen, drawn: (16, 16), seen: (800, 200)) == 0.8)
        #expect(Replay.share(.drawn, drawn: (48, 16), seen: (800, 200)) == 0.75)
    }

    private static let names = ["weight1", "bias1", "weight2", "bias2"]

    @Test func fisherInformationIsAvalanches() throws {
        let parameters = try Self.names.map { try leaf("ewc/\($0)") }
        let (x, y) = (try file.tensor("ewc/x"), try file.tensor("ewc/y"))
        let found = try FisherInformation.meanSquaredGradients(of: parameters, count: 12) { number in
            let row = try x.slice(0, number..<number + 1)
            let hidden = try row.linear(parameters[0], bias: parameters[1]).tanh()
            return try hidden.linear(parameters[2], bias: parameters[3]).crossEntropy(y.slice(0, number..<number + 1))
        }
        for (name, value) in zip(Self.names, found) {
            #expect(try maxDifference(value, file.tensor("ewc/fisher/\(name)")) < 1e-6, "\(name)")
        }
        #expect(try parameters.allSatisfy { try $0.gradient() == nil })
    }

    @Test func penaltyAndItsGradientAreAvalanches() throws {
        let moved = try Self.names.map { try leaf("ewc/moved/\($0)") }
        let springs = try zip(Self.names, moved).map { name, tensor in
            (
                tensor: tensor,
                spring: ElasticConsolidation.Spring(
                    stiffness: try file.tensor("ewc/fisher/\(name)"), anchor: try file.tensor("ewc/\(name)"))
            )
        }
        let penalty = try #require(try ElasticConsolidation.penalty(springs, weight: expected.lambda))
        #expect(abs(try penalty.item() - expected.penalty) < 1e-5)
        try penalty.backward()
        for (name, tensor) in zip(Self.names, moved) {
            let gradient = try #require(try tensor.gradient())
            #expect(try maxDifference(gradient, file.tensor("ewc/gradient/\(name)")) < 1e-5, "\(name)")
        }
        #expect(try ElasticConsolidation.penalty([], weight: 1) == nil)
    }

    @Test func whatHasGrownIsHeldInItsOldRowsAlone() throws {
        let spring = ElasticConsolidation.Spring(
            stiffness: try Tensor([2, 3] as [Float], shape: [1, 2]), anchor: try Tensor([1, 1] as [Float], shape: [1, 2]))
        let grown = try spring.grown(to: Tensor([0, 0, 9, 9] as [Float], shape: [2, 2]), path: "head")
        #expect(try grown.stiffness.array() == [2, 3, 0, 0] as [Float])
        #expect(try grown.anchor.array() == [1, 1, 0, 0] as [Float])
        #expect(throws: BraidError.self) { try spring.grown(to: .zeros([2, 3]), path: "head") }
    }

    @Test func distillationAndItsGradientAreAvalanches() throws {
        let three = Target(task: Multiclass(), scale: .init(classes: ["a", "b", "c"]))
        let logits = try leaf("lwf/logits")
        let said = try file.tensor("lwf/said")
        let distance = try Distillation.distance(logits, said, three, temperature: expected.temperature)
        #expect(abs(try distance.item() - expected.lwf) < 1e-5)
        try distance.backward()
        #expect(try maxDifference(#require(try logits.gradient()), file.tensor("lwf/gradient")) < 1e-5)
        #expect(abs(try Distillation.distance(said, said, three, temperature: 2).item()) < 1e-6)

        let flags = Target(task: Multilabel(), scale: three.scale)
        let others = try leaf("lwf/logits")
        let apart = try Distillation.distance(others, said, flags, temperature: expected.temperature)
        #expect(abs(try apart.item() - expected.lwfFlags) < 1e-5)
        try apart.backward()
        #expect(try maxDifference(#require(try others.gradient()), file.tensor("lwf/flags/gradient")) < 1e-5)
    }

    @Test func darkReplayIsItsAuthors() throws {
        let (new, first, second) = (try leaf("der/new"), try leaf("der/first"), try leaf("der/second"))
        let kept = try file.tensor("der/kept")
        let difference = try DarkReplay.difference(first, kept, known: [5, 5, 5, 5])
        let loss = try DarkReplay.sum(
            new.crossEntropy(file.tensor("der/labels")), difference: difference, alpha: expected.alpha,
            own: second.crossEntropy(file.tensor("der/remembered")), beta: expected.beta)
        #expect(abs(try loss.item() - expected.der) < 1e-5)
        try loss.backward()
        for (name, tensor) in [("new", new), ("first", first), ("second", second)] {
            #expect(try maxDifference(#require(try tensor.gradient()), file.tensor("der/gradient/\(name)")) < 1e-5, "\(name)")
        }
        // Of logits that were kept when there were three classes, these three count.
        #expect(abs(try DarkReplay.difference(first, kept, known: [3, 3, 3, 3]).item() - expected.derOfThree) < 1e-5)
    }

    @Test func herdingOrderIsAvalanches() throws {
        let features = try file.tensor("herding/features")
        #expect(try MemoryChoice.herding(features, count: 100) == expected.herding)
        #expect(try MemoryChoice.herding(features, count: 7) == Array(expected.herding.prefix(7)))
    }

    /// Whatever came in whichever of three stages is remembered with the same chance.
    @Test func reservoirIsUniformOverStages() {
        let (sizes, room, runs) = ([100, 250, 50], 40, 1500)
        var counts = Array(repeating: 0, count: 400)
        for run in 0..<runs {
            var random = RandomSource(seed: UInt64(run))
            var memory: [(number: Int, rank: Double)] = []
            var first = 0
            for size in sizes {
                let all = memory + (first..<first + size).map { ($0, Double.random(in: 0..<1, using: &random)) }
                let kept = MemoryChoice.kept(
                    all.map { .init(label: $0.number % 2 == 0 ? "a" : "b", rank: $0.rank) }, count: room, isBalanced: false)
                memory = kept.map { all[$0] }
                first += size
            }
            #expect(memory.count == room)
            for one in memory { counts[one.number] += 1 }
        }
        let expected = Double(runs * room) / 400
        let chi = counts.reduce(0) { $0 + pow(Double($1) - expected, 2) / (expected * (1 - Double(room) / 400)) }
        // 399 degrees of freedom: the 0.1 % quantiles are 317 and 492.
        #expect((317...492).contains(chi), "\(chi)")
    }

    @Test func sharesOfClassesAreEven() {
        let labels = Array(repeating: "a", count: 50) + Array(repeating: "b", count: 30) + Array(repeating: "c", count: 3)
        let candidates = labels.enumerated().map { MemoryChoice.Candidate(label: $1, rank: Double($0 * 37 % 83)) }
        let kept = MemoryChoice.kept(candidates, count: 21, isBalanced: true)
        let counts = Dictionary(grouping: kept.map { labels[$0] }) { $0 }.mapValues(\.count)
        #expect(counts == ["a": 9, "b": 9, "c": 3])
        // Fewer places later: of each class those of the lowest ranks stay.
        let fewer = MemoryChoice.kept(kept.map { candidates[$0] }, count: 6, isBalanced: true)
        #expect(Set(fewer.map { kept[$0] }) == Set(MemoryChoice.kept(candidates, count: 6, isBalanced: true)))
        #expect(MemoryChoice.kept(candidates, count: 500, isBalanced: true).count == 83)
    }

    @Test func batchesAreDrawnWithoutRepeating() {
        var random = RandomSource(seed: 3)
        var counts = Array(repeating: 0, count: 20)
        for _ in 0..<2000 {
            let drawn = MemoryReplay.draw(5, of: 20, &random)
            #expect(Set(drawn).count == 5)
            for number in drawn { counts[number] += 1 }
        }
        // 500 each; the standard deviation is 19.
        #expect(counts.allSatisfy { (400...600).contains($0) })
    }
}
