import Foundation
import TestSupport
import Testing

@testable import Braid

/// What a training would do is what it does.
@Suite struct DryRunTests {
    private let small: SmallRun

    init() throws {
        small = try SmallRun()
        try small.makeData()
    }

    @Test func aForecastNamesWhatIsTrainedAndLeavesNothing() throws {
        let recipe = [
            "modalities.image.train=last:1", "modalities.audio.train=lora:2", "training.epochs=3", "training.weight_decay=0.5",
            "training.phases={heads: {epochs: 1, train: {image: none, audio: none}}, rest: {epochs: 2, learning_rate: 0.02}}",
        ]
        let before = try FileManager.default.contentsOfDirectory(atPath: small.folder.url.path).count
        let forecast = try DryRun(small.configuration(recipe))()
        // The configuration is there now, and nothing else.
        #expect(try FileManager.default.contentsOfDirectory(atPath: small.folder.url.path).count == before + 1)
        #expect(forecast.phases.map(\.name) == ["heads", "rest"] && forecast.phases.map(\.lastEpoch) == [1, 3])
        #expect(forecast.samples == ["train": 12, "val": 6, "test": 6] && forecast.stepSize == 8)
        #expect(forecast.phases.allSatisfy { $0.stepsPerEpoch == 2 && $0.seconds.step > 0 && $0.seconds.total > 0 })
        let (heads, rest) = (forecast.phases[0], forecast.phases[1])
        #expect(heads.parts.map(\.train) == ["none", "none", "all", "all"])
        #expect(rest.parts.map(\.name) == ["image encoder", "audio encoder", "fusion", "heads"])
        #expect(rest.parts.map(\.train) == ["last:1", "lora:2", "all", "all"])
        #expect(heads.parts.prefix(2).allSatisfy { $0.trained == 0 } && rest.parts.allSatisfy { $0.trained > 0 })
        // The optimizer has exactly what the parts train, in groups as the training has them.
        for phase in [heads, rest] {
            let trained = phase.parts.reduce(0) { $0 + $1.trained }
            #expect(phase.groups.reduce(0) { $0 + $1.values } == trained)
            #expect(phase.memory.gradients == trained * 4 && phase.memory.optimizer >= trained * 8)
        }
        let rates = Set(rest.groups.map { [$0.name.hasPrefix("fusion") ? 1 : 0, $0.learningRate] })
        #expect(rates == [[1, 0.02], [0, 0.001], [0, 0.0001]])
        #expect(Set(rest.groups.map(\.weightDecay)) == [0, 0.5])
        #expect(heads.memory.embeddings > rest.memory.embeddings && rest.memory.embeddings == 0)
        // What trains is what was said.
        let outcome = try small.train("run", recipe)
        #expect(outcome.model.parameterCounts.trained == rest.parts.reduce(0) { $0 + $1.trained })
        #expect(outcome.history.last?.step == 6)
        #expect(forecast.table.contains("Phase 2, rest: epochs 2 to 3, 2 steps an epoch of up to 8 samples"))
    }

    @Test func aFusionThatIsFittedHasNoPhases() throws {
        let error = #expect(throws: BraidError.self) { try DryRun(small.plain("stacked"))() }
        #expect(error?.description.contains("fusion.type: stacked: its phases are not known before a training") == true)
    }
}
