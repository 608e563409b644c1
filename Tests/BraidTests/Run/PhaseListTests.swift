import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Phases in the user's own words, and gradual unfreezing.
@Suite struct PhaseListTests {
    private let small: SmallRun

    init() throws {
        small = try SmallRun()
        try small.makeData()
    }

    private static let three = [
        "modalities.image.train=last:2", "training.monitor=false", "training.batch_size=4", "fusion.dropout=0.2",
        "training.epochs=5",
        "training.phases={heads: {epochs: 1, train: {image: none}}, top: {epochs: 2, train: {image: last:1}, encoder_learning_rate: 0.01}, rest: {epochs: 2, learning_rate: 0.001}}",
    ]
    private static let adapters = [
        "modalities.image.train=lora:2", "modalities.image.lora_dropout=0.1", "modalities.audio.train=last:1",
        "training.monitor=false", "training.epochs=4",
        "training.phases={heads: {epochs: 1, train: {image: none, audio: none}}, text: {epochs: 2, train: {audio: none}}, both: {epochs: 1}}",
    ]
    private static let unfreezing = [
        "modalities.image.train=last:3", "training.unfreeze.every=1", "training.epochs=4", "training.monitor=false",
        "training.head_epochs=1",
    ]

    private func phases(_ overrides: [String], blocks: [Modality: Int] = [:]) throws -> [TrainingPhase] {
        try small.configuration(overrides).training.phasePlan.phases(blocks: blocks)
    }

    @Test func aListIsReadInItsOrder() throws {
        let phases = try phases(Self.three)
        #expect(phases.map(\.name) == ["heads", "top", "rest"])
        #expect(phases.map(\.epochs) == [0..<1, 1..<3, 3..<5])
        #expect(phases.map { $0.trains[.image] } == [Trainable.none, .last(1), .last(2)])
        #expect(phases.map { $0.trains[.audio] } == [Trainable.none, Trainable.none, Trainable.none])
        #expect(phases.map(\.learningRate) == [nil, nil, 0.001] && phases.map(\.encoderLearningRate) == [nil, 0.01, nil])
        // A value that is given anew keeps its phase where it was.
        let changed = try self.phases(Self.three + ["training.phases.heads.epochs=3", "training.epochs=7"])
        #expect(changed.map(\.name) == ["heads", "top", "rest"] && changed.map(\.epochs.count) == [3, 2, 2])
    }

    @Test func theLastPhaseTakesWhatIsLeft() throws {
        let left = [
            "modalities.image.train=all", "training.epochs=7", "training.phases={a: {epochs: 2, train: {image: norm}}, b: {}}",
        ]
        let configuration = try small.configuration(left)
        #expect(configuration.training.phasePlan.phases(blocks: [:]).map(\.epochs) == [0..<2, 2..<7])
        // The resolved document says it, and reads as the same.
        #expect(configuration.yaml.contains("epochs: 5"))
        let again = try Configuration.parse(configuration.yaml, folder: small.folder.url)
        #expect(again.training.phasePlan.phases(blocks: [:]) == configuration.training.phasePlan.phases(blocks: [:]))
        #expect(again.keysThatDiffer(from: configuration) == [])
        #expect(try configuration.frozen().training.phasePlan.phases(blocks: [:]).map(\.name) == ["everything"])
    }

    @Test func unfreezingGoesFromTheLastBlockOn() throws {
        let phases = try phases(Self.unfreezing)
        #expect(phases.map(\.name) == ["fusion and heads", "last block", "last 2 blocks", "everything"])
        #expect(phases.map { $0.trains[.image] } == [Trainable.none, .last(1), .last(2), .last(3)])
        #expect(phases.map(\.epochs) == [0..<1, 1..<2, 2..<3, 3..<4])
        let all = [
            "modalities.image.train=all", "modalities.audio.train=ia3", "training.unfreeze.every=2", "training.epochs=9",
        ]
        let whole = try self.phases(all, blocks: [.image: 4, .audio: 6])
        #expect(whole.map { $0.trains[.image] } == [.last(1), .last(2), .last(3), .all])
        #expect(whole.allSatisfy { $0.trains[.audio] == .ia3 } && whole.map(\.epochs) == [0..<2, 2..<4, 4..<6, 6..<9])
    }

    /// Broken off within phases, and between them.
    @Test(arguments: [(three, [2, 3]), (adapters, [1, 3]), (unfreezing, [2])])
    func aResumedRunIsBitIdentical(_ recipe: [String], _ epochs: [Int]) throws {
        struct Stopped: Error {}
        try small.train("whole", recipe)
        for epoch in epochs {
            let name = "cut-\(epoch)"
            #expect(throws: Stopped.self) { try small.train(name, recipe) { if $0 == epoch { throw Stopped() } } }
            try small.train(name, recipe, resume: true)
            for file in ["model/model.safetensors", "checkpoints/last/weights.safetensors", "checkpoints/best/weights.safetensors"]
            {
                let expected = try Data(contentsOf: small.folder.url.appendingPathComponent("whole/\(file)"))
                #expect(
                    try Data(contentsOf: small.folder.url.appendingPathComponent("\(name)/\(file)")) == expected, "\(name) \(file)")
            }
        }
    }

    @Test func eachPhaseTrainsWhatItSaysAtItsRates() throws {
        var weights: [[String: [UInt8]]] = []
        let outcome = try small.train("run", Self.three) { _ in
            let file = try SafetensorsFile(small.folder.url.appendingPathComponent("run/checkpoints/last/weights.safetensors"))
            weights.append(
                try Dictionary(
                    uniqueKeysWithValues: file.entries.keys.filter { $0.hasPrefix("encoders.image.") && $0.hasSuffix("weight") }
                        .map { ($0, try file.tensor($0).bytes()) }))
        }
        let changed = (1..<5).map { epoch in
            Set(weights[epoch].keys.filter { weights[epoch][$0] != weights[epoch - 1][$0] })
        }
        let blocks = try #require(outcome.model.encoders[.image]).encoder.blocks.suffix(2)
        #expect(changed[0] == changed[1] && changed[2] == changed[3] && changed[0].isStrictSubset(of: changed[2]))
        #expect(changed[2] == Set(weights[0].keys))
        let last = try #require(blocks.last).map { "encoders.image.\($0)" }
        #expect(changed[0].allSatisfy { path in last.contains(where: path.hasPrefix) })
        // The last step of an epoch is not the end of the schedule in the middle of a phase.
        #expect(outcome.history[3].learningRate < 0.001 && outcome.history[1].learningRate > 0.001)
    }

    /// An encoder that is random from the start is the same, whether the phase before ran just now or in an earlier process.
    @Test func randomEncodersSurviveABreakBetweenPhases() throws {
        struct Stopped: Error {}
        let recipe = [
            "modalities.image.weights=random", "modalities.image.encoder=\(Fixtures.url("resnet").path)",
            "modalities.image.train=last:1", "training.head_epochs=1",
        ]
        try small.train("whole", recipe)
        #expect(throws: Stopped.self) { try small.train("cut", recipe) { if $0 == 2 { throw Stopped() } } }
        try small.train("cut", recipe, resume: true)
        for file in ["model/model.safetensors", "model/image/model.safetensors"] {
            let whole = try Data(contentsOf: small.folder.url.appendingPathComponent("whole/\(file)"))
            #expect(try Data(contentsOf: small.folder.url.appendingPathComponent("cut/\(file)")) == whole, "\(file)")
        }
    }

    @Test func theLastPhaseMayGrow() throws {
        try small.train("run", Self.three)
        let longer = try small.train("run", Self.three + ["training.phases.rest.epochs=3", "training.epochs=6"], resume: true)
        #expect(longer.history.count == 6)
        let error = #expect(throws: BraidError.self) {
            try small.train("run", Self.three + ["training.phases.top.epochs=4", "training.epochs=7"], resume: true)
        }
        #expect(error?.description.contains("training.phases.top.epochs") == true)
    }

    @Test(arguments: [
        ("training.phases={a: {epochs: 2}}", "training.phases.a.epochs: acts only where an encoder is trained", "none"),
        ("training.phases=[a, b]", "training.phases: expected a name for each phase", "last:1"),
        ("training.phases={a: {}, b: {}}", "training.phases.a.epochs: expected a whole number from 1; only the last", "last:1"),
        ("training.phases={a: {epochs: 3}, b: {}}", "training.phases.b: no epoch is left for it", "last:1"),
        (
            "training.phases={a: {epochs: 1, train: {image: last:2}}, b: {}}",
            "last:2 does not lie in modalities.image.train: last:1", "last:1"
        ),
        (
            "training.phases={a: {epochs: 1, train: {image: norm}}, b: {}}",
            "norm does not lie in modalities.image.train: lora:4; a phase trains that or none", "lora:4"
        ),
        (
            "training.phases={a: {epochs: 1}, b: {train: {image: none}}}", "freezes the encoder again, which phase a has trained",
            "last:1"
        ),
        (
            "training.phases={a: {epochs: 1, train: {image: none}}, b: {train: {image: last:1}}}",
            "modalities.image.train: is last:2, and no phase", "last:2"
        ),
        (
            "training.phases={a: {epochs: 1, train: {text: none}}, b: {}}",
            "training.phases.a.train.text: there is no such encoder", "last:1"
        ),
        (
            "training.phases={a: {epochs: 1, encoder_learning_rate: 1, train: {image: none}}, b: {}}",
            "the phase trains no encoder", "last:1"
        ),
        ("training.phases={a: {epochs: 1, train: {image: lora}}, b: {}}", "expected none, last:N", "last:1"),
        ("training.phases={a: {epochs: 1, trains: 2}, b: {}}", "training.phases.a.trains: unknown key", "last:1"),
        ("training.unfreeze.every=1", "acts only where an encoder has train: last:N with N above 1, or all", "last:1"),
        ("training.unfreeze.every=2", "3 blocks are all trained only after 4 epochs, and training.epochs is 3", "last:3"),
        ("training.unfreeze.every=1", "training.unfreeze.every: acts only where an encoder is trained", "none"),
    ])
    func whatDoesNotFitIsRefused(_ override: String, _ said: String, _ train: String) throws {
        let error = #expect(throws: BraidError.self) {
            try small.configuration([override, "modalities.image.train=\(train)"])
        }
        #expect(error?.description.contains(said) == true, "\(error?.description ?? "")")
    }

    @Test func whatAnEncoderCannotDoShowsBeforeTheFirstPhase() throws {
        let tooMany = ["modalities.image.train=last:40", "training.head_epochs=2"]
        let error = #expect(throws: BraidError.self) { try small.train("run", tooMany) }
        #expect(error?.description.contains("last:40, but") == true)
        let unfreezing = ["modalities.image.train=all", "training.unfreeze.every=1"]
        let missing = #expect(throws: BraidError.self) { try small.train("run", unfreezing) }
        #expect(missing?.description.contains("blocks are all trained only after") == true)
        #expect(!FileManager.default.fileExists(atPath: small.folder.url.appendingPathComponent("run").path))
        let both = #expect(throws: BraidError.self) { try small.configuration(Self.three + ["training.head_epochs=1"]) }
        #expect(both?.description.contains("training.head_epochs: says how training.phases are made") == true)
    }
}
