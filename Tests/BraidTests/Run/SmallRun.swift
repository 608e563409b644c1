import Foundation
import TestSupport

@testable import Braid

/// A small set to train on: pictures told apart by brightness, tones by pitch, and the small encoders of the fixtures.
struct SmallRun {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// - Parameters:
    ///   - labels: The columns of labels by name, from a sample's number.
    ///   - lacksAudio: Whether a sample has no recording; else each has both.
    @discardableResult
    func makeData(
        _ count: Int = 24, labels: [(name: String, value: (Int) -> String)] = [("label", { $0 % 2 == 0 ? "high" : "low" })],
        hasImage: (Int) -> Bool = { _ in true }, hasAudio: (Int) -> Bool = { _ in true }
    ) throws -> URL {
        var rows = ["id,split,image,audio," + labels.map(\.name).joined(separator: ",")]
        for index in 0..<count {
            let isHigh = index % 2 == 0
            let split = index < count / 2 ? "train" : index < count * 3 / 4 ? "val" : "test"
            try TestMedia.greyPNG(level: isHigh ? 200 : 40, seed: index).write(
                to: folder.url.appendingPathComponent("\(index).png"))
            try TestMedia.tone(hertz: isHigh ? 2500 : 400, seed: index, seconds: 1).write(
                to: folder.url.appendingPathComponent("\(index).wav"))
            let cells =
                [hasImage(index) ? "\(index).png" : "", hasAudio(index) ? "\(index).wav" : ""] + labels.map { $0.value(index) }
            rows.append("\(index),\(split),\(cells.joined(separator: ","))")
        }
        return try folder.write(rows.joined(separator: "\n") + "\n", as: "manifest.csv")
    }

    /// - Parameter head: The line of the head, or of the heads.
    func configuration(_ overrides: [String] = [], head: String = "head: {hidden: [8]}") throws -> Configuration {
        let yaml = """
            modalities:
              image: {weights: "\(Fixtures.url("resnet").path)"}
              audio: {weights: "\(Fixtures.url("cnn10").path)"}
            fusion: {type: concat, dim: 16, modality_dropout: 0.3}
            \(head)
            training: {epochs: 3, batch_size: 8, learning_rate: 0.01, early_stopping: {patience: 0}}
            """
        return try Configuration.read(folder.write(yaml, as: "config.yaml"), overrides: overrides)
    }

    /// A configuration that names the encoders and a fusion, and leaves everything else as it comes.
    func plain(_ fusion: String, _ overrides: [String] = []) throws -> Configuration {
        let yaml = """
            modalities:
              image: {weights: "\(Fixtures.url("resnet").path)"}
              audio: {weights: "\(Fixtures.url("cnn10").path)"}
            fusion: {type: \(fusion)}
            """
        return try Configuration.read(folder.write(yaml, as: "plain.yaml"), overrides: overrides)
    }

    @discardableResult
    func train(plain fusion: String, _ name: String, _ overrides: [String] = [], resume: Bool = false) throws -> Training.Outcome {
        let run = RunFolder(folder.url.appendingPathComponent(name))
        return try Training(plain(fusion, overrides), into: run)(resume: resume)
    }

    @discardableResult
    func train(
        _ name: String, _ overrides: [String] = [], head: String = "head: {hidden: [8]}", resume: Bool = false,
        afterEpoch: ((Int) throws -> Void)? = nil
    ) throws -> Training.Outcome {
        let run = RunFolder(folder.url.appendingPathComponent(name))
        return try Training(configuration(overrides, head: head), into: run, reporter: SilentReporter(), afterEpoch: afterEpoch)(
            resume: resume)
    }

    func losses(_ name: String, _ overrides: [String], head: String = "head: {hidden: [8]}") throws -> [Double] {
        try train(name, overrides, head: head).history.map(\.trainLoss)
    }

    func inference(_ name: String, rows: Inference.Rows = .heldOut) throws -> Inference {
        try Inference(
            model: folder.url.appendingPathComponent(name), manifest: folder.url.appendingPathComponent("manifest.csv"), rows: rows,
            needsLabels: true, Inference.Options(device: .cpu, reporter: SilentReporter()))
    }
}
