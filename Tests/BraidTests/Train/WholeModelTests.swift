import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// The training loop on a whole model with LoRA in two encoders, against PyTorch and peft: scripts/references/whole_model.py.
@Suite struct WholeModelTests {
    private let folder: TemporaryFolder
    private let expected: SafetensorsFile

    init() throws {
        folder = try TemporaryFolder()
        expected = try Fixtures.tensors("whole_model.safetensors")
    }

    private func url(_ path: String) -> URL { folder.url.appendingPathComponent(path) }

    /// Rewrites a JSON file of an encoder's folder.
    private func change(_ path: String, _ body: (inout [String: Any]) -> Void) throws {
        let data = try Data(contentsOf: url(path))
        var root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        body(&root)
        try JSONSerialization.data(withJSONObject: root).write(to: url(path))
    }

    /// The reference's encoders: no dropout in BERT, and pictures as large as the ResNet takes them.
    private func writeEncoders() throws {
        _ = try TinyEncoders.write("hf-bert", to: url("bert"))
        try change("bert/config.json") { $0.merge(["hidden_dropout_prob": 0, "attention_probs_dropout_prob": 0]) { $1 } }
        try FileManager.default.copyItem(at: Fixtures.url("resnet"), to: url("resnet"))
        try change("resnet/config.json") { root in
            let picture = root["pretrained_cfg"] as? [String: Any]
            root["pretrained_cfg"] = picture?.merging(["crop_pct": 1]) { $1 }
        }
    }

    /// The reference's rows, in train and again in val, which the loop wants.
    private func writeManifest() throws {
        // Number 5 and on of the small tokenizer.
        let words = ["a", "bright", "dark", "picture", "of", "noise"]
        let (pictures, ids) = (try expected.tensor("pictures"), try expected.tensor("ids"))
        let labels = try expected.tensor("labels").array(of: Int64.self)
        let presence = try expected.tensor("presence")
        var rows = ["id,split,image,text,label"]
        for row in labels.indices {
            let pixels = try pictures.select(0, row).reshaped([24 * 24 * 3]).array(of: UInt8.self)
            try PNGFile.data(Image(width: 24, height: 24, pixels: pixels)).write(to: url("\(row).png"))
            let text = try ids.select(0, row).array(of: Int64.self).filter { $0 >= 0 }.map { words[Int($0) - 5] }
            let there = try presence.select(0, row).array(of: UInt8.self)
            for split in ["train", "val"] {
                let image = there[0] == 1 ? "\(row).png" : ""
                rows.append("\(split)\(row),\(split),\(image),\(there[1] == 1 ? text.joined(separator: " ") : ""),\(labels[row])")
            }
        }
        try folder.write(rows.joined(separator: "\n") + "\n", as: "manifest.csv")
    }

    /// Steps on all rows, cut into two batches whose gradients add up.
    private static let yaml = """
        manifest: manifest.csv
        modalities:
          image:
            weights: resnet
            train: lora:2
            lora_alpha: 4
            lora_targets: [layer4.0.conv1, layer4.0.conv2, layer4.1.conv1, layer4.1.conv2]
            learning_rate: 5.0e-4
          text: {weights: bert, train: "lora:3", lora_alpha: 6, lora_targets: [query, value], learning_rate: 2.0e-3}
        fusion: {type: concat, dim: 16, dropout: 0, modality_dropout: 0}
        head: {hidden: [8], dropout: 0}
        training:
          {epochs: 100, batch_size: 6, accumulate: 2, learning_rate: 1.0e-3, monitor: false, early_stopping: {patience: 0}}
        """

    @Test func aHundredStepsAreThoseOfPyTorchAndPeft() throws {
        try writeEncoders()
        try writeManifest()
        let configuration = try Configuration.parse(Self.yaml, folder: folder.url)
        let manifest = try Manifest.read(
            configuration.manifestURL, columns: configuration.columns, splits: configuration.splits,
            stratum: configuration.heads.stratum)
        let targets = try configuration.heads.map { try Target.fit($0, manifest.samples, file: "manifest.csv") }
        let preparation = try PhasePreparation(
            configuration, manifest, targets, fingerprint: "", device: .cpu, reporter: SilentReporter())
        let phase = try preparation.prepare(#require(preparation.phases.first), after: nil)
        let trained = phase.trainee.entries.filter { $0.kind == .parameter }
        let names = expected.entries.keys.filter { $0.hasPrefix("before/") }.map { String($0.dropFirst("before/".count)) }
        #expect(trained.map(\.path).sorted() == names.sorted())
        try withoutGradient {
            for entry in trained { try entry.tensor.copyInPlace(from: expected.tensor("before/\(entry.path)")) }
        }

        var state = TrainingState(configuration.training, targets, manifestSHA256: "")
        let loop = TrainingLoop(
            settings: configuration.training, phase: phase.phase, stopsEarly: true, modalityDropout: 0,
            reporter: SilentReporter(), trainee: phase.trainee, optimizer: phase.optimizer, data: phase.data,
            store: CheckpointMemory(), device: .cpu)
        // Layers are so small that threads would only wait for each other.
        _ = try onOneThread { try loop.run(&state) }
        let losses = try expected.tensor("losses").array().map(Double.init)
        #expect(losses.count == 100 && state.history.count == 100)
        let worst = zip(state.history.map(\.trainLoss), losses).map { abs($0 - $1) }.max() ?? .infinity
        #expect(worst <= 1e-5, "losses differ by \(worst)")
        for entry in trained {
            let difference = try maxDifference(entry.tensor.detached(), expected.tensor("after/\(entry.path)"))
            #expect(difference <= 1e-5, "\(entry.path) differs by \(difference)")
        }
        let logits = try withoutGradient {
            try phase.trainee.model(phase.data.val.batch(Array(0..<12)), mode: .evaluate).logits[0]
        }
        #expect(try maxDifference(logits, expected.tensor("logits")) <= 1e-5)
    }
}
