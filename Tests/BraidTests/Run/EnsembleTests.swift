import Foundation
import TestSupport
import Testing

@testable import Braid
@testable import Torch

@Suite struct EnsembleTests {
    private let small: SmallRun

    init() throws {
        small = try SmallRun()
        try small.makeData(48)
    }

    private let short = ["training.epochs=3", "fusion.dim=16"]

    private func answers(_ run: Training.Outcome) -> [[Float]] { run.test?.primary.values ?? [] }

    /// With a member alone, an ensemble says what that fusion by itself does.
    @Test(arguments: ["concat", "late", "film"])
    func anEnsembleOfOneIsThatFusion(_ name: String) throws {
        let alone = try small.train(plain: name, "alone", ["training.epochs=3", "fusion.dropout=0.1"])
        let ensemble = try small.train(
            plain: "ensemble", "ensemble", ["training.epochs=3", "fusion.members=[\(name)]", "training.refit=false"])
        for (own, other) in zip(answers(alone).joined(), answers(ensemble).joined()) { #expect(abs(own - other) < 1e-5) }
        #expect(!answers(ensemble).isEmpty)
    }

    @Test func probabilitiesAreAveragedAndTheModelComesBack() throws {
        let shares = ["training.epochs=3", "training.refit=false", "fusion.members=[concat, late]"]
        let members = try ["concat", "late"].map { try small.train(plain: $0, $0, ["training.epochs=3"]) }
        let both = try small.train(plain: "ensemble", "both", shares + ["fusion.weights=[1, 3]"])
        for ((first, second), mixed) in zip(zip(answers(members[0]).joined(), answers(members[1]).joined()), answers(both).joined())
        {
            #expect(abs(0.25 * first + 0.75 * second - mixed) < 1e-5)
        }
        let again = try Inference(
            model: small.folder.url.appendingPathComponent("both"),
            manifest: small.folder.url.appendingPathComponent("manifest.csv"),
            rows: .heldOut, needsLabels: true, .init(cachesEmbeddings: false))
        #expect(try again.predict().primary.values == answers(both))
        // One modality missing: members know what to do.
        #expect(try again.predict(hiding: [.audio]).primary.values.joined().allSatisfy(\.isFinite))
    }

    /// Each is made again of train and val, for as many epochs as its best had: the model differs, and judges val no more.
    @Test func membersAreMadeAgainOfTrainAndVal() throws {
        let plain = ["training.epochs=3", "fusion.members=[stacked, concat, concat]"]
        let once = try small.train(plain: "ensemble", "once", plain + ["training.refit=false"])
        let twice = try small.train(plain: "ensemble", "twice", plain)
        let same = try small.train(plain: "ensemble", "same", plain)
        #expect(answers(once) != answers(twice) && answers(twice) == answers(same))
        #expect(once.history[0].val == twice.history[0].val)
        let votes = twice.history[0].figures.filter { $0.key.hasPrefix("vote/") }
        #expect(votes.count == 3 && abs(votes.values.reduce(0, +) - 1) < 1e-6 && votes.keys.contains("vote/3.concat"))
    }

    @Test func theBestPresetTriesEveryPooledFusionAndTheirEnsemble() throws {
        let outcome = try small.train(plain: "auto", "best", ["training.preset=best", "training.epochs=2"])
        let choice = try #require(outcome.findings.choice)
        let pooled = FusionKind.fusions.filter { !$0.takesTokens && !$0.keepsStatistics }.map(\.name)
        let tried = choice.trials.map(\.fusion).filter { $0 != "ensemble" }
        #expect(Set(tried) == Set(pooled) && tried.first == "stacked" && tried.count == pooled.count)
        #expect((choice.fusion == "ensemble") == (choice.members != nil))
    }

    /// Greedy selection finds the mixture: of two experts that are each sure of one half of the rows, both.
    @Test func selectionTakesWhatLowersTheLoss() throws {
        let samples = (0..<40).map { Sample(id: "\($0)", media: [:], label: $0 % 2 == 0 ? "a" : "b") }
        let target = Target(scale: .init(classes: ["a", "b"]))
        func expert(_ knows: (Int) -> Bool, sure: Float = 4) throws -> [Tensor] {
            let values = samples.indices.flatMap { row -> [Float] in
                knows(row) ? (row % 2 == 0 ? [sure, -sure] : [-sure, sure]) : [0, 0]
            }
            return [try Tensor(values, shape: [40, 2])]
        }
        let wrong = try Tensor((0..<40).flatMap { $0 % 2 == 0 ? [Float(-1), 1] : [1, -1] }, shape: [40, 2])
        let selection = EnsembleSelection(
            logits: [try expert { $0 < 20 }, try expert { $0 >= 20 }, [wrong]], targets: [target], headWeights: [1],
            labels: [try LabelledValues(samples, target, "manifest.csv")])
        let weights = try selection.weights(on: Array(samples.indices))
        #expect(abs(weights[0] - 0.5) < 0.1 && abs(weights[1] - 0.5) < 0.1 && weights[2] == 0)
        // Where only the first half counts, its expert is enough.
        #expect(try selection.weights(on: Array(0..<20)) == [1, 0, 0])
    }

    @Test(arguments: [
        ("fusion.members=[concat, bottleneck]", "expected a list of"), ("fusion.members=[]", "expected a list of"),
        ("fusion.members=[ensemble]", "expected a list of"), ("fusion.weights=[1, 2]", "3 numbers from 0 up"),
        ("fusion.weights=[0, 0, 0]", "not all of them 0"), ("fusion.weights=[1, -1, 1]", "from 0 up"),
    ])
    func membersThatCannotBeAreRefused(_ override: String, _ reason: String) throws {
        let error = try #require(throws: BraidError.self) { try small.plain("ensemble", [override]) }
        #expect(error.description.contains(reason))
    }

    @Test(arguments: ["regression", "multilabel", "binary"])
    func everyTaskCanBeEnsembled(_ task: String) throws {
        try small.makeData(
            48,
            labels: [
                (
                    "label",
                    {
                        task == "regression"
                            ? "\($0 % 2 * 3)"
                            : task == "multilabel" ? ($0 % 2 == 0 ? "high|even" : "odd") : $0 % 2 == 0 ? "high" : "low"
                    }
                )
            ])
        let outcome = try small.train(plain: "ensemble", task, ["training.epochs=2", "head.task=\(task)"])
        #expect(answers(outcome).joined().allSatisfy(\.isFinite) && answers(outcome).count == 12)
    }
}
