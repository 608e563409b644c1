import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// The whole way, on a small set: pictures from the fixtures' files, tones, and the small encoders of the fixtures.
@Suite struct RunTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Two classes that a picture's brightness or a tone's pitch tells apart.
    @discardableResult
    private func makeData(_ count: Int = 48, extra: [String] = []) throws -> URL {
        var rows = ["id,split,image,audio,label"]
        for index in 0..<count {
            let isHigh = index % 2 == 0
            let split = index < count / 2 ? "train" : index < count * 3 / 4 ? "val" : "test"
            try TestMedia.greyPNG(level: isHigh ? 200 : 40, seed: index).write(
                to: folder.url.appendingPathComponent("\(index).png"))
            try TestMedia.tone(hertz: isHigh ? 2500 : 400, seed: index).write(to: folder.url.appendingPathComponent("\(index).wav"))
            let image = index % 6 == 5 ? "" : "\(index).png"
            let audio = index % 6 == 3 ? "" : "\(index).wav"
            rows.append("\(index),\(split),\(image),\(audio),\(isHigh ? "high" : "low")")
        }
        return try folder.write((rows + extra).joined(separator: "\n") + "\n", as: "manifest.csv")
    }

    private func configuration(_ overrides: [String] = []) throws -> Configuration {
        let yaml = """
            modalities:
              image: {weights: "\(Fixtures.url("resnet").path)"}
              audio: {weights: "\(Fixtures.url("cnn10").path)"}
            fusion: {type: concat, dim: 16, modality_dropout: 0.3}
            head: {hidden: [8]}
            training: {epochs: 6, batch_size: 8, learning_rate: 0.01, early_stopping: {patience: 0}}
            """
        return try Configuration.read(folder.write(yaml, as: "config.yaml"), overrides: overrides)
    }

    private func train(_ name: String, _ overrides: [String] = [], resume: Bool = false) throws -> Training.Outcome {
        let run = RunFolder(folder.url.appendingPathComponent(name))
        return try Training(configuration(overrides), into: run, reporter: SilentReporter())(resume: resume)
    }

    private var options: Inference.Options { Inference.Options(device: .cpu, reporter: SilentReporter()) }

    private func inference(_ name: String, rows: Inference.Rows = .heldOut) throws -> Inference {
        try Inference(
            model: folder.url.appendingPathComponent(name), manifest: folder.url.appendingPathComponent("manifest.csv"), rows: rows,
            needsLabels: true, options)
    }

    @Test func trainsEvaluatesAndAblates() throws {
        try makeData()
        let outcome = try train("run", ["training.epochs=25"])
        let trained = try #require(outcome.test)
        #expect(try trained.primary.confusion().accuracy >= 0.9)
        let files = try Set(FileManager.default.contentsOfDirectory(atPath: folder.url.appendingPathComponent("run").path))
        #expect(
            files.isSuperset(of: [
                "config.yaml", "model", "checkpoints", "metrics.jsonl", "predictions.csv", "report.html", "report.txt", "run.json",
            ]))
        #expect(files.contains { $0.hasPrefix("events.out.tfevents.") })

        // What was written predicts what the training's own model predicted.
        let session = try inference("run")
        #expect(try session.predict().primary.values == trained.primary.values)
        let ablation = try Ablation(session)
        #expect(ablation.primary.entries.map(\.modalities) == [[.audio], [.image], [.image, .audio]])
        #expect(try ablation.primary.full?.score(.accuracy) == trained.primary.confusion().accuracy)
        #expect(ablation.primary.entries[0].samples < ablation.primary.entries[2].samples)
    }

    @Test func seedsRepeatAndOtherSeedsDoNot() throws {
        try makeData()
        let losses = { (outcome: Training.Outcome) in outcome.history.map(\.trainLoss) }
        let first = try losses(train("a"))
        #expect(try losses(train("b")) == first)
        #expect(try losses(train("c", ["training.seed=1"])) != first)
    }

    @Test func aResumedRunIsBitIdentical() throws {
        try makeData()
        let overrides = ["modalities.image.train=last:1", "head.dropout=0.2"]
        _ = try train("whole", overrides)
        // The same run, stopped after three epochs: its last checkpoint is then what a killed run leaves.
        let whole = folder.url.appendingPathComponent("whole")
        let killed = RunFolder(folder.url.appendingPathComponent("killed"))
        let stopper = StopAfter(epochs: 3, run: killed.url)
        #expect(throws: StopAfter.Stopped.self) {
            try Training(configuration(overrides), into: killed, reporter: SilentReporter(), afterEpoch: stopper.callAsFunction)()
        }
        _ = try train("killed", overrides, resume: true)
        for file in [
            "model/model.safetensors", "model/image/model.safetensors", "checkpoints/last/weights.safetensors",
            "checkpoints/last/optimizer.safetensors",
        ] {
            #expect(
                try Data(contentsOf: whole.appendingPathComponent(file))
                    == Data(contentsOf: killed.url.appendingPathComponent(file)), "\(file)")
        }
        // A run that was stopped before its first epoch ended begins again.
        let early = RunFolder(folder.url.appendingPathComponent("early"))
        try FileManager.default.createDirectory(at: early.url, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: whole.appendingPathComponent("config.yaml"), to: early.url.appendingPathComponent("config.yaml"))
        _ = try train("early", overrides, resume: true)
        let weights = "checkpoints/last/weights.safetensors"
        #expect(
            try Data(contentsOf: whole.appendingPathComponent(weights))
                == Data(contentsOf: early.url.appendingPathComponent(weights)))
        let other = #expect(throws: BraidError.self) { try train("killed", overrides + ["training.clip=9"], resume: true) }
        #expect(other?.description.contains("differs from the configuration given: training.clip (1.0 there, 9.0 now);") == true)
        #expect(throws: BraidError.self, "fewer epochs") { try train("killed", overrides + ["training.epochs=1"], resume: true) }
        let longer = try train("killed", overrides + ["training.epochs=9"], resume: true)
        #expect(longer.history.map(\.epoch) == Array(1...9))
        #expect(try String(contentsOf: killed.configuration, encoding: .utf8).contains("epochs: 9"))
        #expect(try train("never", overrides, resume: true).history.count > 0, "nothing there, so that it begins")
        #expect(throws: BraidError.self, "not over another run") { try train("whole", overrides) }
    }

    @Test(arguments: [("none", 0), ("last:1", 1), ("all", 2)]) func trainsAsMuchOfAnEncoderAsAsked(_ train: String, _ amount: Int)
        throws
    {
        try makeData(24)
        _ = try self.train("run", ["modalities.image.train=\(train)", "training.epochs=1"])
        let before = try Fixtures.tensors("resnet/model.safetensors")
        let after = try SafetensorsFile(folder.url.appendingPathComponent("run/model/image/model.safetensors"))
        let changed = { (key: String) in try maxDifference(before.tensor(key), after.tensor(key)) > 0 }
        #expect(try changed("layer4.1.conv2.weight") == (amount >= 1))
        #expect(try changed("conv1.weight") == (amount >= 2))
        #expect(try changed("layer4.1.bn1.running_mean") == (amount >= 1))
    }

    /// Every key of the training, fusion and head sections changes what is learnt.
    @Test(arguments: [
        "fusion.dim=12", "fusion.dropout=0.5", "fusion.modality_dropout=0.6", "head.hidden=[4, 4]", "head.dropout=0.6",
        "training.epochs=4",
        "training.batch_size=5", "training.optimizer=sgd", "training.learning_rate=0.02", "training.weight_decay=0.9",
        "training.schedule=linear",
        "training.warmup=0.5", "training.clip=0.01", "head.label_smoothing=0.3", "training.early_stopping.patience=1",
        "training.seed=4",
    ])
    func everyKeyActs(_ override: String) throws {
        try makeData(24)
        let plain = try train("plain").history
        let other = try train("other", [override]).history
        #expect(plain.map(\.trainLoss) != other.map(\.trainLoss))
    }

    @Test func sampleAndClassWeightsAct() throws {
        let manifest = try makeData(24)
        let plain = try train("plain").history.map(\.trainLoss)
        let text = try String(contentsOf: manifest, encoding: .utf8)
        let lines = text.split(separator: "\n").enumerated().map { $0 == 0 ? "\($1),weight" : "\($1),\($0 % 3)" }
        try folder.write(lines.joined(separator: "\n"), as: "manifest.csv")
        #expect(try train("weighted").history.map(\.trainLoss) != plain)
        let skewed = text.split(separator: "\n").enumerated().filter { row in row.offset % 4 != 1 || row.offset > 12 }.map(
            \.element)
        try folder.write(skewed.joined(separator: "\n"), as: "manifest.csv")
        let unbalanced = try train("unbalanced").history.map(\.trainLoss)
        #expect(try train("balanced", ["head.class_weights=balanced"]).history.map(\.trainLoss) != unbalanced)
    }

    @Test func predictsFromAnySubsetOfTheModalities() throws {
        try makeData(24)
        let model = try train("run").model
        #expect(model.modalities == [.image, .audio])
        let (image, audio) = (
            folder.url.appendingPathComponent("0.png"), Medium(url: folder.url.appendingPathComponent("0.wav"))
        )
        var seen: [[Float]] = []
        for sample in [Sample(id: "1", image: image), Sample(id: "1", audio: audio), Sample(id: "1", image: image, audio: audio)] {
            let predictions = try Inference(model: folder.url.appendingPathComponent("run"), samples: [sample], options).predict()
            #expect(abs(predictions.primary.values[0].reduce(0, +) - 1) < 1e-5)
            seen.append(predictions.primary.values[0])
        }
        #expect(Set(seen).count == 3)
        #expect(throws: BraidError.self) {
            try Inference(model: folder.url.appendingPathComponent("run"), samples: [Sample(id: "1", text: .inline("hi"))], options)
        }
    }

    @Test(arguments: BadSample.Policy.allCases) func badMediaAreNamedWithTheirRow(_ policy: BadSample.Policy) throws {
        for name in ["truncated.jpg", "text.png", "empty.wav"] {
            try FileManager.default.copyItem(at: Fixtures.url("bad/\(name)"), to: folder.url.appendingPathComponent(name))
        }
        try makeData(
            24,
            extra: ["b1,train,truncated.jpg,,high", "b2,train,text.png,,low", "b3,val,,empty.wav,high", "b4,train,gone.png,,low"])
        if policy == .fail {
            // A missing file shows before anything is decoded; the others when all the media are read.
            let missing = #expect(throws: BraidError.self) { try train("run") }
            #expect(missing?.faults.map(\.line) == [29])
            try FileManager.default.copyItem(at: Fixtures.url("bad/text.png"), to: folder.url.appendingPathComponent("gone.png"))
            let undecodable = #expect(throws: BraidError.self) { try train("run2") }
            #expect(undecodable?.faults.map(\.line) == [26, 27, 28, 29])
            #expect(undecodable?.code == .badData)
        } else {
            let outcome = try train("run", ["on_bad_sample=skip", "training.epochs=1"])
            #expect(outcome.skipped.map(\.id).sorted() == ["b1", "b2", "b3", "b4"])
            #expect(Set(outcome.skipped.map(\.fault.line)) == [26, 27, 28, 29])
        }
    }

    @Test(arguments: EmbeddingExport.Format.allCases) func embeddingsAreWrittenWithIDsAndPresence(_ format: EmbeddingExport.Format)
        throws
    {
        try makeData(12)
        _ = try train("run", ["training.epochs=1"])
        let out = folder.url.appendingPathComponent("out")
        let export = try EmbeddingExport(
            model: folder.url.appendingPathComponent("run"), manifest: folder.url.appendingPathComponent("manifest.csv"),
            selection: .init(modalities: [.image, .audio], fused: true), options)
        try export.write(to: .init(out, format: format))
        let ids = try String(contentsOf: out.appendingPathComponent("part-00000.ids.txt"), encoding: .utf8).split(separator: "\n")
        #expect(ids == (0..<12).map { "\($0)" })
        let index = try JSONObject(out.appendingPathComponent("index.json"))
        #expect(try index.int("rows") == 12)
        switch format {
        case .safetensors:
            let file = try SafetensorsFile(out.appendingPathComponent("part-00000.safetensors"))
            #expect(file.entries["image"]?.shape == [12, 24])
            #expect(file.entries["fused"]?.shape == [12, 16])
            #expect(try file.tensor("image_present").array(of: UInt8.self) == (0..<12).map { $0 % 6 == 5 ? 0 : 1 })
        case .npy:
            let data = try Data(contentsOf: out.appendingPathComponent("part-00000.audio.npy"))
            #expect(data.starts(with: [0x93] + Array("NUMPY".utf8)))
            #expect((data.count - 12 * 12 * 4) % 64 == 0)
        case .csv:
            let lines = try String(contentsOf: out.appendingPathComponent("part-00000.csv"), encoding: .utf8).split(separator: "\n")
            #expect(lines.count == 13)
            // id, then presence and values of image and audio, then the fused values.
            let columns = 1 + (1 + 24) + (1 + 12) + 16
            for line in lines { #expect(line.split(separator: ",").count == columns) }
        case .jsonl:
            let lines = try String(contentsOf: out.appendingPathComponent("part-00000.jsonl"), encoding: .utf8).split(
                separator: "\n")
            #expect(lines.count == 12)
            #expect(lines[5].contains("\"image\":null"))
        }
    }

    @Test func checkFindsLeakageConflictsAndBrokenMedia() throws {
        try FileManager.default.copyItem(at: Fixtures.url("bad/text.png"), to: folder.url.appendingPathComponent("text.png"))
        let manifest = try makeData(
            24, extra: ["x1,test,0.png,,low", "x2,train,0.png,0.wav,low", "x3,train,text.png,,low", "x4,train,gone.png,,low"])
        let check = try DataCheck(manifest: manifest, reporter: SilentReporter())
        #expect(
            check.errors.contains { $0.contains("leakage: 1 image") && $0.contains("lines 2 (train) and 26 (test)") },
            "\(check.errors)")
        #expect(check.errors.contains { $0.contains("no PNG, JPEG, WebP, GIF") })
        #expect(check.errors.contains { $0.contains("no such file") })
        #expect(
            check.warnings.contains { $0.contains("lines 2 and 27 are the same sample, labelled high and low") },
            "\(check.warnings)")
    }

    @Test func aFolderThatIsReplacedSurvivesACrash() throws {
        let url = folder.url.appendingPathComponent("folder")
        let content = { try String(contentsOf: url.appendingPathComponent("file"), encoding: .utf8) }
        let write = { (text: String) in
            try ReplacedFolder(url).write {
                try text.write(to: $0.appendingPathComponent("file"), atomically: true, encoding: .utf8)
            }
        }
        try write("one")
        try write("two")
        #expect(try content() == "two")
        #expect(throws: StopAfter.Stopped.self) { try ReplacedFolder(url).write { _ in throw StopAfter.Stopped() } }
        #expect(try content() == "two")
        // Between the two renames: the old folder is aside, the new one not yet in place.
        try FileManager.default.moveItem(at: url, to: folder.url.appendingPathComponent(".folder.old"))
        try ReplacedFolder(url).recover()
        #expect(try content() == "two")
    }

    @Test func labelsThatCannotBeLearntAreRefused() throws {
        try makeData(24, extra: ["n,test,0.png,,unseen"])
        let error = #expect(throws: BraidError.self) { try train("run") }
        #expect(error?.faults.first?.line == 26)
    }
}

/// Ends a training after some epochs, as a kill would, but at a point that a test can name.
private struct StopAfter {
    struct Stopped: Error {}
    let epochs: Int
    let run: URL

    func callAsFunction(_ epoch: Int) throws { if epoch == epochs { throw Stopped() } }
}
