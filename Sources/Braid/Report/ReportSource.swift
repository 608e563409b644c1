public import Foundation

/// Where a report's figures come from: what was judged, the run that made the model, and the command.
public struct ReportSource: Sendable {
    /// How many rows of a part of the data have each modality.
    struct Presence: Sendable {
        let part: String
        let rows: Int
        /// By modality.
        let counts: [Modality: Int]
        /// Rows by what they have, the most frequent first.
        let sets: [(modalities: [Modality], rows: Int)]

        init(_ part: String, _ samples: [Sample], _ modalities: [Modality]) {
            (self.part, rows) = (part, samples.count)
            counts = Dictionary(uniqueKeysWithValues: modalities.map { name in (name, samples.count { $0.has(name) }) })
            let sets = Dictionary(grouping: samples) { sample in modalities.filter(sample.has) }
            self.sets = sets.map { (modalities: $0.key, rows: $0.value.count) }.sorted {
                ($1.rows, $0.modalities.map(\.rawValue).joined()) < ($0.rows, $1.modalities.map(\.rawValue).joined())
            }
        }
    }

    /// In words, for example "the test split".
    let rows: String
    /// The manifest's name.
    let manifest: String
    let manifestSHA256: String?
    /// The model's, in its order; empty where they are not known.
    let modalities: [Modality]
    /// nil where no run's record lies beside the model.
    let run: RunRecord?
    /// The run's configuration as it was read.
    let configuration: String?
    /// The metric that the best epoch was chosen by.
    let chosenBy: String?
    /// Each epoch's figures; none where they are not known.
    let history: [EpochRecord]
    /// The parts of the data other than what is judged.
    let parts: [Presence]
    /// What made the report; empty where it was a program that uses the library.
    let command: [String]
    /// When the figures were made.
    let date: Date

    /// What an evaluation of a trained model is of.
    ///
    /// - Parameters:
    ///   - model: A run's folder, or the model's within it.
    ///   - manifest: The samples that the model is judged on.
    ///   - rows: Which of them.
    ///   - modalities: Those that the model takes; none where they are not known.
    ///   - command: What makes the report.
    public init(
        model: URL? = nil, manifest: URL, rows: Inference.Rows, modalities: [Modality] = [], command: [String] = []
    ) {
        self.rows = rows.name
        (self.manifest, manifestSHA256) = (manifest.lastPathComponent, try? Fingerprint.of(manifest))
        (self.modalities, self.command, parts, chosenBy, date) = (modalities, command, [], nil, Date())
        let folder = model.map { RunFolder($0.lastPathComponent == "model" ? $0.deletingLastPathComponent() : $0) }
        run = folder.flatMap { try? $0.readRecord() }
        history = folder.flatMap { try? $0.readHistory() } ?? []
        configuration = folder.flatMap { try? InputFile.document($0.configuration, "") }.flatMap {
            String(validating: $0, as: UTF8.self)
        }
    }

    /// What a training's own report is of.
    init(
        _ run: RunRecord, manifest: URL, modalities: [Modality], configuration: String?, chosenBy: String?, history: [EpochRecord],
        parts: [Presence]
    ) {
        (rows, self.manifest, manifestSHA256) = ("the test split", manifest.lastPathComponent, run.manifestSHA256)
        (self.run, self.modalities, self.configuration, self.chosenBy) = (run, modalities, configuration, chosenBy)
        (self.history, self.parts, command, date) = (history, parts, run.command, run.started)
    }

    /// Names and values, for the head of a page.
    func facts(judged: Int) -> [(name: String, value: String)] {
        var facts = [("judged on", "\(rows), \(counted(judged, "row"))"), ("manifest", Shown.name(manifest))]
        if let manifestSHA256 { facts.append(("manifest, SHA-256", String(manifestSHA256.prefix(16)) + "…")) }
        facts.append(("date", Self.text(date)))
        guard let run else { return facts + [("Braid", Version.current)] }
        if run.started != date { facts.append(("model trained", Self.text(run.started))) }
        facts.append(("seed", "\(run.seed)"))
        let chosen = chosenBy.map { ", by \($0) on val" } ?? ""
        let ended = run.stoppedEarly ? " (early stopping)" : ""
        facts.append(
            (
                "best epoch",
                "\(run.bestEpoch)\(history.isEmpty ? "" : " of \(counted(history.count, "epoch")) run")\(ended)\(history.count > 1 ? chosen : "")"
            ))
        facts.append(("fusion", run.fusion))
        if !modalities.isEmpty { facts.append(("modalities", modalities.map(\.rawValue).joined(separator: ", "))) }
        let sizes = ["train", "val", "test"].compactMap { name in run.samples[name].map { "\(name) \($0)" } }
        facts.append(("rows of the training", sizes.joined(separator: ", ")))
        facts.append(("parameters", "\(Shown.count(run.trainedParameters)) trained of \(Shown.count(run.allParameters))"))
        if let seconds = run.seconds["training"] { facts.append(("training time", Self.duration(seconds))) }
        facts.append(("device", run.device))
        facts.append(("versions", "Braid \(run.braid), libtorch \(run.libtorch)"))
        return facts
    }

    private static func duration(_ seconds: Double) -> String {
        seconds < 120 ? "\(Shown.number(seconds, digits: 1)) s" : "\(Shown.number(seconds / 60, digits: 0)) min"
    }

    static func text(_ date: Date) -> String {
        ISO8601DateFormatter().string(from: date).replacingOccurrences(of: "T", with: " ").replacingOccurrences(
            of: "Z", with: " UTC")
    }
}

extension Inference.Rows {
    /// In words.
    fileprivate var name: String {
        switch self {
        case .all: "all rows"
        case .split(let split): "the \(split.rawValue) split"
        case .heldOut: "the rows that the model was neither trained nor chosen on"
        case .unseen: "the rows that the training did not have"
        }
    }
}
