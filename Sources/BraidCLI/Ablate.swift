import ArgumentParser
import Braid
import Foundation

struct Ablate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what each modality adds: evaluate every subset of a model's modalities.")

    @Argument(help: "A run folder, or the model folder in one.")
    var model: String

    @Option(help: "Labelled samples.")
    var manifest: String

    @OptionGroup var rows: RowOptions

    @Option(help: "Also draw the metric against these shares of samples that lack each modality, 0 to 1 with commas between.")
    var missingRates: String?

    @Option(name: .shortAndLong, help: "Also write report.html and the tables there.")
    var out: String?

    @Flag(help: "Print the table as JSON.")
    var json = false

    @OptionGroup var inference: InferenceOptions

    private struct Figures: Encodable {
        let heads: [Ablation.Head]
        let missingRates: [MissingRates.Head]?
        let rows: RowUse?
    }

    func validate() throws { _ = try rates() }

    func run() throws {
        let session = try Inference(
            model: URL(argument: model), manifest: URL(argument: manifest), rows: rows.rows(), needsLabels: true,
            inference.options())
        let ablation = try Ablation(session)
        let curves = try rates().map { try MissingRates(session, rates: $0) }
        if let out {
            let title = "\(URL(argument: model).lastPathComponent), ablated"
            try Report(session.predict(), title: title, ablation: ablation, missingRates: curves, rows: session.rowUse).write(
                to: RunFolder(URL(argument: out)))
        }
        if json { return try printJSON(Figures(heads: ablation.heads, missingRates: curves?.heads, rows: session.rowUse)) }
        try emit(ablation.table + (curves.map { "\n" + $0.table } ?? ""))
        if let rows = session.rowUse { try emitLine(rows.sentence) }
    }

    /// What `--missing-rates` names; nil where it is not given.
    private func rates() throws -> [Double]? {
        guard let missingRates else { return nil }
        let rates = missingRates.split(separator: ",", omittingEmptySubsequences: false).map {
            Double($0.trimmingCharacters(in: .whitespaces))
        }
        let known = rates.compactMap { $0 }.filter { (0...1).contains($0) }
        guard known.count == rates.count else {
            throw ValidationError("--missing-rates \(missingRates): expected shares from 0 to 1 with commas between, as 0,0.25,0.5")
        }
        return known.sorted()
    }
}
