public import Foundation
internal import Torch

/// The files of a run.
public struct RunFolder: Sendable {
    /// The folder.
    public let url: URL

    /// The run in folder `url`, whether it is there already or not.
    public init(_ url: URL) { self.url = url }

    /// The folder of the trained model.
    public var model: URL { url.appendingPathComponent("model") }
    var configuration: URL { url.appendingPathComponent("config.yaml") }
    var metrics: URL { url.appendingPathComponent("metrics.jsonl") }
    var choice: URL { url.appendingPathComponent("choice.json") }
    var stages: URL { url.appendingPathComponent("stages.json") }
    var lineage: URL { url.appendingPathComponent("lineage.json") }
    var adaptation: URL { url.appendingPathComponent("adaptation.json") }
    var choices: URL { url.appendingPathComponent("checkpoints/choices.json") }
    var record: URL { url.appendingPathComponent("run.json") }
    func checkpoint(_ name: String) -> URL { url.appendingPathComponent("checkpoints/\(name)") }
    func file(_ name: String) -> URL { url.appendingPathComponent(name) }

    /// Takes the folder for one training, and makes it where a run begins. One that holds a run already is not written over.
    ///
    /// - Parameter resume: Whether the training goes on with what the folder holds.
    /// - Throws: `BraidError` where another process writes into the folder, or it holds a run and shall not, or holds none and shall.
    func claim(resume: Bool) throws -> FolderLock {
        let holdsRun = { FileManager.default.fileExists(atPath: configuration.path) }
        guard !resume || holdsRun() else {
            throw BraidError(.noInput, "\(url.path) holds no run to resume: there is no config.yaml")
        }
        let lock = try FolderLock(url)
        guard resume || !holdsRun() else {
            lock.release()
            throw BraidError(
                .cannotCreate, "\(url.path) holds a run already: go on with --resume, or name another folder with --out")
        }
        try FileFault.makeFolder(url.appendingPathComponent("checkpoints"))
        return lock
    }

    /// Takes the ways of computing that the run began with, or writes down those that it begins with, so that a run which goes on elsewhere or another
    /// day rounds as before.
    func settleChoices(on device: Device, resume: Bool) throws {
        if resume, let kept = try JSONText.record(choices, as: [String: String].self) {
            return RememberedChoices.adopt(kept)
        }
        guard device == .cpu else { return }
        try write(RememberedChoices.all(), to: choices)
    }

    /// Looks whether the folder is still there. One that was removed while a training runs would be made anew, with half of what belongs there.
    func checkPresent() throws {
        guard !FileManager.default.fileExists(atPath: configuration.path) else { return }
        throw BraidError(
            .cannotCreate,
            "\(url.path) is gone, or its config.yaml: it was removed while the training ran; train again into another folder")
    }

    /// `metrics.jsonl`, a line an epoch. Written whole, so that a resumed run leaves what an uninterrupted one leaves.
    func writeMetrics(_ history: [EpochRecord]) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let lines = try history.map { try encoder.encode($0) + Data("\n".utf8) }
        try AtomicFile.write(lines.reduce(Data(), +), to: metrics)
    }

    /// `run.json`: what made the run, and when.
    func write(_ record: RunRecord) throws { try write(record, to: self.record) }

    /// `evaluation.json`: what cross-validation says of the recipe.
    func write(_ evaluation: CrossEvaluation) throws { try write(evaluation, to: url.appendingPathComponent("evaluation.json")) }

    /// `soup.json` and `wise_ft.json`: what the model's weights are an average of; nothing where they are none.
    func write(_ averages: AveragingRecord) throws {
        if let soup = averages.soup { try write(soup, to: url.appendingPathComponent("soup.json")) }
        if let interpolation = averages.interpolation { try write(interpolation, to: url.appendingPathComponent("wise_ft.json")) }
    }

    /// `adaptation.json`: how the training was adapted to a target domain.
    func write(_ adaptation: AdaptationRecord) throws { try write(adaptation, to: self.adaptation) }

    /// `choice.json`: which fusion was chosen, and why.
    func write(_ choice: FusionChoice) throws { try write(choice, to: self.choice) }

    /// `lineage.json`: which model the run begins with.
    func write(_ lineage: Lineage) throws { try write(lineage, to: self.lineage) }

    /// `stages.json`: how each stage's model does on each stage's test rows.
    func write(_ stages: StageReport) throws { try write(stages, to: self.stages) }

    private func write(_ value: some Encodable, to url: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        try AtomicFile.write(encoder.encode(value), to: url)
    }
}

/// One epoch's figures: a line of `metrics.jsonl`.
public struct EpochRecord: Codable, Sendable {
    /// From 1.
    public let epoch: Int
    /// Optimizer steps so far.
    public let step: Int
    /// The mean training loss over the epoch's samples.
    public let trainLoss: Double
    /// The learning rate of the epoch's last step.
    public let learningRate: Double
    /// The loss on the val split; nil where a head has no labelled sample there.
    public let valLoss: Double?
    /// By metric; with several heads by `HEAD.METRIC`.
    public let val: [String: Double]
    /// What plugins found, by name: for example `gradient_norm/image`, `probe/image`, `blending/fused`.
    public let figures: [String: Double]
    /// What the epoch took, in seconds.
    public let seconds: Double

    private enum CodingKeys: String, CodingKey {
        case epoch, step, val, figures, seconds
        case trainLoss = "train_loss"
        case learningRate = "learning_rate"
        case valLoss = "val_loss"
    }
}

extension EpochRecord {
    /// The loss and the figures that a line has room for.
    var summary: String {
        let shown = ["accuracy", "macro_f1", "rmse", "r2"]
        let figures = val.sorted { $0.key < $1.key }.filter { figure in shown.contains { figure.key.hasSuffix($0) } }
            .map { "\($0.key.replacingOccurrences(of: "_f1", with: " F1")) \(String(format: "%.4f", $0.value))" }
        return String(format: "loss %.4f", trainLoss) + "  val \(figures.joined(separator: ", "))"
    }
}

/// What made a run.
public struct RunRecord: Codable, Sendable {
    /// The command and its arguments; empty where the library made the run.
    public let command: [String]
    /// Braid's version.
    public let braid: String
    /// The version of libtorch.
    public let libtorch: String
    /// The seed of initial weights, order and dropout.
    public let seed: Int
    /// Where tensors were computed, for example `cpu` or `cuda:0`.
    public let device: String
    /// What int8 costs encoders that were asked for it, by modality, where this run found out; nil where there are none.
    public let int8: [String: Int8Record]?
    /// The name of the manifest's file.
    public let manifest: String
    /// SHA-256 of the manifest's file.
    public let manifestSHA256: String
    /// How many samples of each split were used, by its name.
    public let samples: [String: Int]
    /// How many values training changed.
    public let trainedParameters: Int
    /// How many values the model has.
    public let allParameters: Int
    /// When the run began.
    public let started: Date
    /// What `embedding` and `training` took, in seconds.
    public let seconds: [String: Double]
    /// Whether training ended because the metric no longer improved.
    public let stoppedEarly: Bool
    /// The number of the epoch that the model is of, from 1.
    public let bestEpoch: Int
    /// What the model's weights are an average of.
    public let averages: AveragingRecord
    /// What `fusion.type` calls the model's fusion.
    public let fusion: String
    /// Why it was taken, where the configuration left that to training.
    public let choice: FusionChoice?
    /// What cross-validation says of the recipe, where the configuration asks for it.
    public let evaluation: CrossEvaluation?
    /// How it was adapted to a target domain, where the configuration names one.
    public let adaptation: AdaptationRecord?
    /// Which training of a chain the run is; nil where it began with no earlier model.
    public let lineage: Lineage?
    /// How each stage's model does on each stage's test rows, where there are several.
    public let stages: StageReport?
    /// The figures of the test split by metric, with several heads by `HEAD.METRIC`; empty where there is none.
    public let test: [String: Double]
    /// Temperatures by head and subset of modalities.
    public let calibration: [String: [String: Double]]

    private enum CodingKeys: String, CodingKey {
        case command, braid, libtorch, seed, device, manifest, samples, started, seconds, fusion, choice, evaluation,
            adaptation, test, calibration, averages, lineage, stages, int8
        case manifestSHA256 = "manifest_sha256"
        case trainedParameters = "trained_parameters"
        case allParameters = "all_parameters"
        case stoppedEarly = "stopped_early"
        case bestEpoch = "best_epoch"
    }
}
