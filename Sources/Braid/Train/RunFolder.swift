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

    /// When the folder's report was written; nil where there is none.
    public var evaluated: Date? {
        (try? FileManager.default.attributesOfItem(atPath: file("report.txt").path))?[.modificationDate] as? Date
    }

    /// Takes the folder for one training, and makes it where a run begins. One that holds a run already is not written over.
    ///
    /// - Parameter resume: Whether the training goes on with what the folder holds.
    /// - Throws: `BraidError` where another process writes into the folder, or it holds a run and shall not, or holds something else and shall.
    func claim(resume: Bool) throws -> FolderLock {
        let holdsRun = { FileManager.default.fileExists(atPath: configuration.path) && !isUnbegun }
        guard !resume || holdsRun() else {
            throw BraidError(
                .noInput, "\(url.path) holds no run to resume: there is no config.yaml, and other files; name the run's folder")
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

    /// Whether nothing lies in the folder that a training would go on with: there is none, or what one leaves that ends before it has computed
    /// anything.
    var isUnbegun: Bool {
        func names(_ folder: URL) -> [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { !$0.hasPrefix(".") }
        }
        return Set(names(url)).isSubset(of: ["checkpoints", "config.yaml", "lineage.json"])
            && Set(names(url.appendingPathComponent("checkpoints"))).isSubset(of: ["choices.json"])
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

    /// Reads `run.json`, which a training writes when it is complete.
    ///
    /// - Throws: `BraidError` where it is not there, or was written by another version of Braid.
    public func readRecord() throws -> RunRecord {
        guard let record = try JSONText.record(self.record, as: RunRecord.self) else {
            throw BraidError(.noInput, "\(self.record.path): there is no such file; the training has not ended")
        }
        return record
    }

    /// Reads `metrics.jsonl`: the figures of each epoch.
    ///
    /// - Throws: `BraidError` where it is not there, or damaged.
    public func readHistory() throws -> [EpochRecord] {
        let lines = try InputFile.document(metrics, "the run's figures").split(separator: UInt8(ascii: "\n"))
        return try lines.enumerated().map { try JSONText.decode($1, file: "\(metrics.path):\($0 + 1)") }
    }

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
