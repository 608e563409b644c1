import ArgumentParser
import Braid
import Foundation

struct Ablate: ComputingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what each modality adds: evaluate every subset of a model's modalities.")

    @Argument(help: "A run folder, or the model folder in one.")
    var model: String

    @Option(help: "Labelled samples.")
    var manifest: String

    @OptionGroup var rows: RowOptions

    @Option(
        help:
            "Also draw the metric against these shares of samples that lack each modality, 0 to 1 with commas between; or give each modality a share of its own: image=0.9,text=0.1."
    )
    var missingRates: String?

    @Option(name: .shortAndLong, help: "Also write report.html and the tables, as CSV too, there.")
    var out: String?

    @Flag(help: "Print the table as JSON.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    @OptionGroup var inference: InferenceOptions

    private struct Figures: Encodable {
        let heads: [Ablation.Head]
        let missingRates: [MissingRates.Head]?
        let imbalancedRates: ImbalancedRates?
        let learning: ModalityLearning?
        let rows: RowUse?

        private enum CodingKeys: String, CodingKey {
            case heads, learning, rows
            case missingRates = "missing_rates"
            case imbalancedRates = "imbalanced_rates"
        }
    }

    /// What `--missing-rates` asks for.
    private enum Rates {
        case curve([Double])
        case own([(name: String, rate: Double)])
    }

    func validate() throws { _ = try rates() }

    func run() throws {
        let session = try Inference(
            model: URL(argument: model), manifest: URL(argument: manifest), rows: rows.rows(), needsLabels: true,
            inference.options())
        let ablation = try Ablation(session)
        var (curves, own): (MissingRates?, ImbalancedRates?) = (nil, nil)
        switch try rates() {
        case .curve(let rates): curves = try MissingRates(session, rates: rates)
        case .own(let rates):
            let named = try rates.map { (try session.model.modalities.find($0.name, option: "--missing-rates"), $0.rate) }
            own = try ImbalancedRates(session, rates: Dictionary(uniqueKeysWithValues: named), ablation)
        case nil: break
        }
        let learning = ModalityLearning(run: URL(argument: model))
        if let out {
            let title = "\(URL(argument: model).lastPathComponent), ablated"
            let report = try Report(
                session.predict(), title: title, ablation: ablation, missingRates: curves, imbalanced: own, learning: learning,
                rows: session.rowUse,
                source: ReportSource(
                    model: URL(argument: model), manifest: URL(argument: manifest), rows: rows.rows(),
                    modalities: session.model.modalities, command: Train.recorded(CommandLine.arguments)))
            try FolderLock.holding(URL(argument: out)) { try report.write(to: RunFolder(URL(argument: out))) }
        }
        if json {
            return try printJSON(
                Figures(
                    heads: ablation.heads, missingRates: curves?.heads, imbalancedRates: own, learning: learning,
                    rows: session.rowUse))
        }
        try emit(ablation.table + (curves.map { "\n" + $0.table } ?? "") + (own.map { "\n" + $0.table } ?? ""))
        if let learning { try emitLine(learning.sentence) }
        if let rows = session.rowUse { try emitLine(rows.sentence) }
    }

    /// What `--missing-rates` names; nil where it is not given.
    private func rates() throws -> Rates? {
        guard let missingRates else { return nil }
        let parts = missingRates.split(separator: ",", omittingEmptySubsequences: false).map {
            $0.split(separator: "=", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
        }
        let known = parts.compactMap { $0.last.flatMap(Double.init) }.filter { (0...1).contains($0) }
        let names = parts.filter { $0.count == 2 && !$0[0].isEmpty }.map { $0[0] }
        guard known.count == parts.count, names.isEmpty ? parts.allSatisfy({ $0.count == 1 }) : names.count == parts.count,
            Set(names).count == names.count
        else {
            throw ValidationError(
                "--missing-rates \(missingRates): expected shares from 0 to 1 with commas between, as 0,0.25,0.5, or one for each modality named, as image=0.9,text=0.1"
            )
        }
        return names.isEmpty ? .curve(known.sorted()) : .own(zip(names, known).map { (name: $0, rate: $1) })
    }
}
