import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Encoders that pairs train before fusion and heads are made on them.
@Suite struct ContrastiveTests {
    private let small: SmallRun
    private static let pairs = ["training.contrastive.epochs=2", "training.contrastive.batch_size=8"]
    private static let both = ["modalities.image.train=last:1", "modalities.audio.train=last:1"] + pairs

    init() throws {
        small = try SmallRun()
        try small.makeData()
    }

    private func url(_ path: String) -> URL { small.folder.url.appendingPathComponent(path) }

    private func passes(_ run: String) throws -> [PairRecord] {
        let lines = try String(contentsOf: url("\(run)/contrastive.jsonl"), encoding: .utf8).split(separator: "\n")
        return try lines.map { try JSONDecoder().decode(PairRecord.self, from: Data($0.utf8)) }
    }

    private func expectSame(_ name: String, _ files: [String]) throws {
        for file in files {
            #expect(try Data(contentsOf: url("\(name)/\(file)")) == Data(contentsOf: url("whole/\(file)")), "\(name)/\(file)")
        }
    }

    @Test func encodersLearnFromPairsAndAreFrozenThen() throws {
        let outcome = try small.train("run", Self.both + ["training.contrastive.epochs=4"])
        let passes = try passes("run")
        // 12 samples of two classes: 2 × 21 pairs alike, 36 different.
        #expect(passes.map(\.embedding) == Array(repeating: "image", count: 4) + Array(repeating: "audio", count: 4))
        #expect(passes.allSatisfy { $0.pairs == 84 } && passes.last?.step == 44)
        for part in [passes.prefix(4), passes.suffix(4)] {
            let (first, last) = (try #require(part.first), try #require(part.last))
            #expect(last.loss < first.loss)
        }
        #expect(outcome.model.encoders.values.allSatisfy { $0.isFrozen })
        #expect(outcome.ablation != nil)
        for modality in ["image", "audio"] {
            let tuned = try SafetensorsFile(url("run/model/\(modality)/model.safetensors"))
            let base = try SafetensorsFile(
                Fixtures.url(modality == "image" ? "resnet" : "cnn10").appendingPathComponent("model.safetensors"))
            let changed = try tuned.entries.keys.filter { try tuned.tensor($0).bytes() != base.tensor($0).bytes() }
            #expect(!changed.isEmpty && changed.count < tuned.entries.count)
        }
        let (said, trained) = (try small.inference("run").predict().primary.values, try #require(outcome.test).primary.values)
        #expect(zip(said.joined(), trained.joined()).allSatisfy { abs($0 - $1) <= 1e-4 })
        let record = try JSONSerialization.jsonObject(with: Data(contentsOf: url("run/run.json"))) as? [String: Any]
        let plain = outcome.model.parameterCounts.trained
        #expect((record?["trained_parameters"] as? Int ?? 0) > plain)
        #expect((record?["seconds"] as? [String: Double])?["contrastive"] != nil)
    }

    /// Stops where the reporter has seen so many batches of pairs.
    private final class Asking: Reporter, StepProgress, @unchecked Sendable {
        let interruption = Interruption()
        private let wanted: Int
        private var steps = 0
        private var isCounting = false

        init(at wanted: Int) { self.wanted = wanted }

        var isListening: Bool { true }
        func note(_ text: String) {}

        func begin(_ title: String, total: Int, unit: StepUnit) -> any StepProgress {
            isCounting = title.hasPrefix("pairs of ")
            return self
        }

        func expect(_ count: Int) {}
        func finish(_ note: String) {}

        func advance(by count: Int) {
            guard isCounting, count > 0 else { return }
            steps += 1
            if steps == wanted { #expect(interruption.ask()) }
        }
    }

    private func train(_ name: String, _ overrides: [String], resume: Bool, stop: Int? = nil) throws {
        let asking = stop.map(Asking.init)
        let training = Training(
            try small.configuration(overrides), into: RunFolder(url(name)), reporter: asking ?? SilentReporter(),
            interruption: asking?.interruption)
        guard stop != nil else {
            _ = try training(resume: resume)
            return
        }
        let error = #expect(throws: TrainingInterrupted.self) { try training(resume: resume) }
        #expect(error?.description.contains("of the pairs of ") == true)
    }

    /// 6 steps a pass, 2 passes, image and then audio: within a pass, at its end, at the end of an embedding, and within the next.
    @Test(arguments: [
        (["training.checkpoint.steps=2", "modalities.audio.train=last:1"], [[12], [3, 10]]),
        (["modalities.image.train=lora:2", "modalities.image.augment=light"], [[6]]),
    ])
    func anInterruptedRunGoesOnBitByBit(_ more: [String], _ cases: [[Int]]) throws {
        let overrides =
            Self.pairs + ["modalities.image.train=last:1", "training.contrastive.iterations=2", "training.epochs=2"] + more
        try train("whole", overrides, resume: false)
        let files = [
            "model/model.safetensors", "model/image/model.safetensors", "model/audio/model.safetensors",
            "checkpoints/last/weights.safetensors", "checkpoints/last/optimizer.safetensors",
        ]
        for (number, stops) in cases.enumerated() {
            for (index, stop) in stops.enumerated() { try train("\(number)", overrides, resume: index > 0, stop: stop) }
            try train("\(number)", overrides, resume: true)
            try expectSame("\(number)", files)
            let plain = { (run: String) in try passes(run).map { "\($0.embedding) \($0.epoch) \($0.step) \($0.loss)" } }
            #expect(try plain("\(number)") == plain("whole"))
        }
        // What comes after begins again from the same.
        struct Stopped: Error {}
        #expect(throws: Stopped.self) {
            try small.train("later", overrides) { if $0 == 1 { throw Stopped() } }
        }
        try train("later", overrides, resume: true)
        try expectSame("later", files)
        // A killed run may leave nothing but the folder: it begins anew.
        try FileManager.default.createDirectory(at: url("killed/checkpoints"), withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: url("whole/config.yaml"), to: url("killed/config.yaml"))
        try train("killed", overrides, resume: true)
        try expectSame("killed", files)
    }

    @Test func anotherManifestIsAnotherTraining() throws {
        try train("run", Self.both, resume: false, stop: 3)
        try small.makeData(28)
        let error = #expect(throws: BraidError.self) { try train("run", Self.both, resume: true) }
        #expect(error?.description.contains("the manifest has changed since this run began") == true)
    }

    @Test func theFusedEmbeddingLearnsFromPairs() throws {
        let fused = Self.pairs + ["training.contrastive.embedding=fused", "training.contrastive.epochs=8"]
        let outcome = try small.train("frozen", fused)
        let passes = try passes("frozen")
        #expect(passes.map(\.embedding) == Array(repeating: "fused", count: 8))
        let (first, last) = (try #require(passes.first), try #require(passes.last))
        #expect(last.loss < first.loss / 2)
        // The fusion goes on from there, and at a rate of 0 stays there.
        #expect(outcome.history.count == 3)
        try small.train("kept", fused + ["training.epochs=1", "training.warmup=1"])
        let begun = try SafetensorsFile(url("kept/checkpoints/contrastive/fusion.safetensors"))
        let kept = try SafetensorsFile(url("kept/model/model.safetensors"))
        #expect(!begun.entries.isEmpty)
        for name in begun.entries.keys where !name.contains("missing") {
            #expect(try maxDifference(begun.tensor(name), kept.tensor(name)) < 0.02, "\(name)")
        }
        // With an encoder too, and with one that is random and stays so.
        let random = [
            "modalities.audio.weights=random", "modalities.audio.encoder=\(Fixtures.url("cnn10").path)",
            "modalities.image.train=last:1",
            "training.contrastive.max_steps=6",
        ]
        try train("whole", fused + random, resume: false)
        try train("cut", fused + random, resume: false, stop: 4)
        try train("cut", fused + random, resume: true)
        try expectSame("cut", ["model/model.safetensors", "model/image/model.safetensors", "model/audio/model.safetensors"])
    }

    @Test func headsMayBeFittedAtOnce() throws {
        let trained =
            ["modalities.image.train=lora:2", "modalities.audio.train=all", "training.contrastive.max_steps=2"] + Self.pairs
        for fusion in ["stacked", "auto"] {
            let outcome = try small.train(plain: fusion, fusion, trained + ["training.clip=0.5"])
            #expect(outcome.model.settings.fusion.kind == .stacked)
            #expect(FileManager.default.fileExists(atPath: url("\(fusion)/model/image/adapter/adapter_model.safetensors").path))
            #expect(!FileManager.default.fileExists(atPath: url("\(fusion)/model/audio/adapter").path))
        }
        #expect(try small.inference("stacked").predict().primary.values.count == 6)
    }

    @Test func samplesWithoutTheModalityOrALabelAreLeftOut() throws {
        try small.makeData(
            labels: [
                ("label", { $0 % 2 == 0 ? "high" : "low" }),
                ("kind", { $0 == 3 ? "" : $0 % 3 == 0 ? "a|b" : $0 % 3 == 1 ? "b" : "c" }), ("weight", { $0 == 5 ? "0" : "1" }),
            ],
            hasAudio: { $0 % 4 != 0 })
        let heads = "heads: {label: {hidden: [4]}, kind: {task: multilabel, hidden: [4]}}"
        try small.train("run", Self.both + ["training.contrastive.sampling=unique", "training.contrastive.head=kind"], head: heads)
        // 10 samples with a weight and a label of `kind`, 7 of them with a recording.
        let pairs = Dictionary(grouping: try passes("run"), by: \.embedding).mapValues { $0[0].pairs }
        #expect(pairs == ["image": 55, "audio": 28])
    }

    @Test(arguments: [
        (["training.contrastive.epochs=1"], "training.contrastive.epochs: no encoder is trained: set modalities"),
        (
            ["training.contrastive.batch_size=4"],
            "training.contrastive.batch_size: acts only with training.contrastive.epochs above 0"
        ),
        (
            both + ["training.contrastive.margin=0.3"],
            "training.contrastive.margin: acts only with training.contrastive.loss: contrastive"
        ),
        (
            both + ["training.contrastive.iterations=5", "training.contrastive.sampling=unique"],
            "training.contrastive.sampling: does not act beside training.contrastive.iterations"
        ),
        (both + ["training.contrastive.head=label"], "training.contrastive.head: acts only with several heads"),
        (both + ["training.head_epochs=1"], "training.head_epochs: encoders are frozen once pairs have trained them"),
        (both + ["evaluation.folds=3"], "evaluation.folds: divides embeddings of frozen encoders"),
        (both + ["head.task=regression"], "has numbers for labels, and no two of them are alike; pairs need classes"),
        (
            pairs + ["training.contrastive.embedding=fused", "fusion.type=late"],
            "training.contrastive.embedding: fusion.type: late makes no embedding"
        ),
    ]) func whatDoesNotActIsRefused(_ overrides: [String], _ message: String) throws {
        let error = #expect(throws: BraidError.self) { try small.configuration(overrides) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test func ratesAreSetFitsOfWholeTextEncodersAlone() throws {
        let yaml = { (more: String) in "modalities: {text: {weights: w, train: \(more)}}\ntraining: {contrastive: {epochs: 1}}" }
        let rate = { (train: String) in
            try Configuration.parse(yaml(train), folder: small.folder.url).modalities[.text]?.tuning.learningRate
        }
        #expect(try rate("all") == 2e-5)
        #expect(try rate("lora:4") == 1e-3)
        // What is compared and probed comes without pairs.
        let configuration = try small.configuration(Self.both)
        #expect(try configuration.frozen().training.contrastive == nil)
        let error = #expect(throws: BraidError.self) {
            try SharedEmbeddings(
                [small.configuration(Self.pairs + ["training.contrastive.embedding=fused"])], for: .compare,
                reporter: SilentReporter())
        }
        #expect(error?.description.contains("training.contrastive: compare trains on embeddings") == true)
    }
}
