import ArgumentParser
import Braid
import Foundation

struct Ablate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what each modality adds: evaluate every subset of a model's modalities.")

    @Argument(help: "A run folder, or an exported model.")
    var model: String

    @Option(help: "Labelled samples.")
    var manifest: String

    @OptionGroup var rows: RowOptions

    @Option(name: .shortAndLong, help: "Also write report.html and the tables there.")
    var out: String?

    @Flag(help: "Print the table as JSON.")
    var json = false

    @OptionGroup var inference: InferenceOptions

    func run() throws {
        let session = try Inference(
            model: URL(argument: model), manifest: URL(argument: manifest), rows: rows.rows(), needsLabels: true, inference.options)
        let ablation = try Ablation(session)
        if let out {
            let title = "\(URL(argument: model).lastPathComponent), ablated"
            try Report(session.predict(), title: title, ablation: ablation).write(to: RunFolder(URL(argument: out)))
        }
        if json { return try printJSON(ablation.entries) }
        try emit(ablation.table)
    }
}
