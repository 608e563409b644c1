import ArgumentParser
import Braid
import Foundation

struct DriftCommand: ComputingCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift",
        abstract: "Say whether new data are still like those a model was trained on, and which modality moved.",
        discussion: """
            Needs no labels. Ends with 0 where no drift is seen, with 1 where something has moved and it is time to transfer again, and with a \
            code from 64 on where it could not tell: as diff does, for a job that runs every night. \
            Writes report.html, drift.json and drift.csv to --out.
            """)

    @Argument(help: "A run folder, or the model folder in one.")
    var model: String

    @Option(help: "The new data.")
    var manifest: String

    @Option(help: "train, val, test or all. Default: every row that the model's training did not have.")
    var split: String?

    @Option(help: "The chance of an alarm where nothing moved, over all tests together.")
    var alpha = 0.05

    @Option(
        name: .customLong("smallest-effect"),
        help: "The smallest difference that matters: told apart beyond 50 %, in missing rates, in shares of classes.")
    var smallest = 0.05

    @Option(help: "The most new rows that are embedded, drawn at random.")
    var sample = 1000

    @Option(help: "Another seed draws other rows and permutations.")
    var seed = 0

    @Option(name: .shortAndLong, help: "Where the files go. Default: drift-<manifest> in the run folder.")
    var out: String?

    @Flag(help: "Print the figures as JSON.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    @OptionGroup var inference: InferenceOptions

    func validate() throws {
        if !(0.005...0.5).contains(alpha) { throw ValidationError("--alpha \(alpha): expected 0.005 to 0.5") }
        if !(0...0.5).contains(smallest) { throw ValidationError("--smallest-effect \(smallest): expected 0 to 0.5") }
        if !(10...10_000).contains(sample) { throw ValidationError("--sample \(sample): expected 10 to 10000") }
        if seed < 0 { throw ValidationError("--seed \(seed): expected 0 or more") }
        _ = try rows()
    }

    func run() throws {
        let (folder, url) = (URL(argument: model), URL(argument: manifest))
        let drift = try Drift(
            model: folder, manifest: url, rows: rows(), .init(alpha: alpha, smallest: smallest, sample: sample, seed: seed),
            inference.options())
        let name = url.deletingPathExtension().lastPathComponent
        let place = out.map { URL(argument: $0) } ?? folder.appendingPathComponent("drift-\(name)")
        let report = DriftReport(drift, title: "\(folder.lastPathComponent) and \(name)", command: command)
        try FolderLock.holding(place) { try report.write(to: RunFolder(place)) }
        if json {
            try printJSON(drift)
        } else {
            try emit(report.text)
            try emitLine("Files: \(place.path)")
        }
        if drift.hasMoved { throw ExitCode(1) }
    }

    /// What learns from the new data, beginning with what the model knows.
    private var command: String {
        let folder = URL(argument: model)
        let known = FileManager.default.fileExists(atPath: folder.appendingPathComponent("config.yaml").path)
        // It stands in the report, which may be passed on. The manifest is named from the configuration's folder, as --set wants it.
        let name = model.hasPrefix("/") ? Paths.portable(folder, from: URL(argument: ".")) : model
        let place = Paths.portable(URL(argument: manifest), from: folder)
        return
            "braid train \(known ? "\(name)/config.yaml" : "CONFIG") --init-from \(name) --set manifest=\(place) --out \(name)-again"
    }

    private func rows() throws -> Inference.Rows {
        switch split {
        case nil: return .unseen
        case "all": return .all
        case let name?:
            guard let split = Split(named: name) else {
                throw ValidationError("--split \(name): expected train, val, test or all")
            }
            return .split(split)
        }
    }
}
