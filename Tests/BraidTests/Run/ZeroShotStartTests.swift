import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Trainings that begin with sentences of their classes: a head's weights, and what stands beside a cache of rows.
@Suite struct ZeroShotStartTests {
    private let folder: TemporaryFolder
    private let templates = ["a photo of a {}", "the {}"]
    private static let head = #"head: {init: zero-shot, template: ["a photo of a {}", "the {}"]}"#

    init() throws {
        folder = try TemporaryFolder()
        var rows = ["id,split,image,label"]
        for index in 0..<24 {
            let isBright = index % 2 == 0
            try TestMedia.greyPNG(level: isBright ? 200 : 40, seed: index).write(
                to: folder.url.appendingPathComponent("\(index).png"))
            let split = index < 12 ? "train" : index < 18 ? "val" : "test"
            rows.append("\(index),\(split),\(index).png,\(isBright ? "dog" : "cat")")
        }
        try folder.write(rows.joined(separator: "\n") + "\n", as: "manifest.csv")
        for name in ["clip", "siglip"] {
            let place = folder.url.appendingPathComponent(name)
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            try ZeroShotCase(name).write(to: place)
        }
    }

    private func configuration(_ name: String = "clip", _ overrides: [String] = [], head: String? = nil) throws -> Configuration {
        let yaml = """
            modalities: {image: {weights: \(name)}}
            \(head ?? Self.head)
            training: {epochs: 2, batch_size: 8, learning_rate: 0.01, early_stopping: {patience: 0}}
            """
        return try Configuration.read(folder.write(yaml, as: "config.yaml"), overrides: overrides)
    }

    private func train(_ run: String, _ overrides: [String] = [], head: String? = nil) throws -> Training.Outcome {
        try Training(configuration("clip", overrides, head: head), into: RunFolder(folder.url.appendingPathComponent(run)))()
    }

    /// Logits of a model, not calibrated, for all pictures, and those of zero-shot classification.
    private func logits(_ model: FusionModel, _ name: String = "clip", _ labels: String = "cat,dog") throws -> (Tensor, Tensor) {
        let space = try SharedSpace(name, relativeTo: folder.url, device: .cpu, reporter: SilentReporter())
        let encoder = try #require(model.encoders[.image])
        return try withoutGradient {
            let media = (0..<24).map { Medium.file(folder.url.appendingPathComponent("\($0).png")) }
            let pooled = try encoder.encode(media.map { try encoder.frontEnd.prepare($0) }).pooled
            let present = try Tensor(Array(repeating: Float(1), count: 24), shape: [24, 1]).isDifferent(from: 0)
            let said = try model(FusionInput([.init(pooled: pooled)], presence: present)).logits[0]
            let own = try space.encoder.encode(media.map { try space.encoder.frontEnd.prepare($0) }).pooled
            let words = try ZeroShotLabels(labels, templates: templates)
            return (said, try space.logits(own, space.points(of: words.prompts(.image))))
        }
    }

    private func untrained(_ configuration: Configuration, _ classes: [String] = ["cat", "dog"]) throws -> FusionModel {
        let encoder = try ModalityEncoder(.image, try #require(configuration.modalities[.image]), relativeTo: folder.url)
        let target = Target(task: configuration.heads[0].task, scale: .init(classes: classes))
        return try configuration.model([encoder], [target], manifestSHA256: "", device: .cpu)
    }

    @Test(arguments: ["clip", "siglip"]) func anUntrainedHeadIsZeroShot(_ name: String) throws {
        let configuration = try configuration(name)
        #expect(configuration.fusion.kind == .alone)
        let (said, expected) = try logits(untrained(configuration), name)
        #expect(try maxDifference(said, expected) < 1e-4)
        // The words of a file, by the classes' names.
        try folder.write("dog\ta tabby cat\ncat\ta dog\n", as: "words.txt")
        let swapped = try self.configuration(name, ["head.labels=words.txt"])
        let (others, right) = try logits(untrained(swapped), name, "cat\ta dog,dog\ta tabby cat")
        #expect(try maxDifference(others, right) < 1e-4 && maxDifference(others, said) > 1e-3)
        // One output says the difference of two.
        let (one, two) = try logits(untrained(self.configuration(name, ["head.task=binary"])), name)
        let difference = try two.slice(1, 1..<2) - two.slice(1, 0..<1)
        #expect(try one.shape == [24, 1] && maxDifference(one, difference) < 1e-4)
    }

    @Test func siglipJudgesEachByItself() throws {
        let multilabel = ["head.task=multilabel"]
        let (said, expected) = try logits(untrained(configuration("siglip", multilabel)), "siglip")
        #expect(try maxDifference(said, expected) < 1e-4)
        let error = #expect(throws: BraidError.self) { try untrained(configuration("clip", multilabel)) }
        #expect(error?.description.contains("clip only compares labels") == true)
    }

    @Test func trainingMovesItAndInterpolationGoesBack() throws {
        let tuned = ["modalities.image.train=last:1", "modalities.image.learning_rate=0.01"]
        let (moved, start) = try logits(train("moved", tuned).model)
        #expect(try maxDifference(moved, start) > 1e-2)
        for (run, overrides) in [
            ("back", tuned), ("frozen", []), ("lora", ["modalities.image.train=lora:2"]),
            ("phases", tuned + ["training.head_epochs=1"]),
        ] {
            let outcome = try train(run, overrides + ["training.wise_ft=0"])
            let (said, expected) = try logits(outcome.model)
            #expect(try maxDifference(said, expected) < 1e-4, "\(run)")
            let record = try #require(outcome.findings.averages.interpolation)
            #expect(record.start == "the zero-shot classifier" && record.alpha == 0, "\(run)")
        }
        // The way between is straight in the weights.
        let path = "head.label.output.weight"
        let weights = try ["1", "0.5", "0"].map { alpha in
            let model = try train("at\(alpha)", ["training.wise_ft=\(alpha)"]).model
            return try #require(model.parameters.entries.first { $0.path == path }).tensor.detached()
        }
        #expect(try maxDifference((weights[0] + weights[2]).scaled(by: 0.5), weights[1]) < 1e-5)
        #expect(try maxDifference(weights[0], weights[2]) > 1e-3)
        // A model that was written is read without the sentences.
        try FileManager.default.removeItem(at: folder.url.appendingPathComponent("clip"))
        _ = try ModelFolder.read(folder.url.appendingPathComponent("moved"))
    }

    @Test func sentencesStandBesideACache() throws {
        let fusion =
            #"{type: stacked, classifier: tip-adapter, prior: zero-shot, alpha: 0, template: ["a photo of a {}", "the {}"]}"#
        let outcome = try Training(
            Configuration.read(
                folder.write("modalities: {image: {weights: clip}}\nfusion: \(fusion)\n", as: "tip.yaml"), overrides: []),
            into: RunFolder(folder.url.appendingPathComponent("tip")))()
        // Without the cache it says what zero-shot says, times what calibrates it.
        let (said, expected) = try logits(outcome.model)
        let margins = try [said, expected].map { try ($0.slice(1, 1..<2) - $0.slice(1, 0..<1)).array(of: Float.self) }
        let factor = zip(margins[0], margins[1]).map { $0 * $1 }.reduce(0, +) / margins[1].map { $0 * $0 }.reduce(0, +)
        #expect(zip(margins[0], margins[1]).allSatisfy { abs($0 - factor * $1) < 1e-3 * max(1, abs($0)) } && factor != 0)
        let (again, _) = try logits(ModelFolder.read(folder.url.appendingPathComponent("tip")))
        #expect(try maxDifference(again, said) < 1e-5)
    }

    @Test(arguments: [
        (["head.type=mlp"], "acts only with head.type: normalized-linear"),
        (["fusion.type=concat"], "fusion.type: concat moves those"),
        (["fusion.type=stacked"], "is computed at once"),
        (["fusion.dim=8"], "takes the embedding as it is"),
        (["modalities.audio.weights=bundled:cnn10-fsdd"], "zero-shot is for one modality"),
        (["head.task=regression"], "a number has no sentence"),
        (["modalities.image.weights=random", "modalities.image.encoder=vit"], "random weights share no space"),
        (["init_from=runs/earlier"], "begins with that of init_from"),
        (["head.init=random", "head.type=normalized-linear"], "acts only with head.init: zero-shot"),
        (["fusion.labels=cat"], "acts only with fusion.prior: zero-shot"),
        (["training.wise_ft=2"], "expected auto, or a number"),
    ])
    func whatDoesNotGoWithItIsRefused(_ overrides: [String], _ expected: String) throws {
        let error = #expect(throws: BraidError.self) { try configuration("clip", overrides) }
        #expect(error?.description.contains(expected) == true, "\(error.map(String.init(describing:)) ?? "none")")
    }

    @Test(arguments: [
        (["head.labels=cat,bird"], "head.labels: has no dog, and names bird"),
        (["head.labels=none.txt"], "there is no such file"),
        (["head.template=[a picture]"], "expected a sentence with {}"),
    ])
    func wordsHaveToFitTheClasses(_ overrides: [String], _ expected: String) throws {
        let error = #expect(throws: BraidError.self) { try train("wrong", overrides) }
        #expect(error?.description.contains(expected) == true, "\(error.map(String.init(describing:)) ?? "none")")
    }

    @Test func weightsWithoutATextTowerAreRefusedBeforeAnythingIsEncoded() throws {
        let resnet = Fixtures.url("resnet").path
        let error = #expect(throws: BraidError.self) { try train("resnet", ["modalities.image.weights=\(resnet)"]) }
        #expect(error?.description.contains("needs a model whose towers share a space with a text tower: clip") == true)
    }
}
