import ArgumentParser
import Braid
import Foundation

struct Evaluate: ComputingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure a model on labelled samples.",
        discussion: "Prints the classification report; writes it with the confusion matrix, predictions and report.html to --out.")

    @Argument(help: "A run folder, or the model folder in one.")
    var model: String

    @Option(help: "The samples.")
    var manifest: String

    @OptionGroup var rows: RowOptions

    @Option(name: .shortAndLong, help: "Where the files go. Default: evaluation-<manifest> in the run folder.")
    var out: String?

    @Flag(help: "Print the figures as JSON.")
    var json = false

    @OptionGroup var views: ViewOptions

    @OptionGroup var threads: ThreadOptions

    @OptionGroup var inference: InferenceOptions

    private struct Figures: Encodable {
        let samples: Int
        let rows: RowUse?
        let scores: [String: Double]
        let loss: Double?
    }

    func run() throws {
        let url = URL(argument: manifest)
        var options = try inference.options()
        options.views = views.tta ?? 1
        let session = try Inference(
            model: URL(argument: model), manifest: url, rows: rows.rows(), needsLabels: true, options)
        let predictions = try session.predict()
        let name = url.deletingPathExtension().lastPathComponent
        let folder = out.map { URL(argument: $0) } ?? URL(argument: model).appendingPathComponent("evaluation-\(name)")
        let report = Report(
            predictions, title: "\(URL(argument: model).lastPathComponent) on \(name)", rows: session.rowUse,
            source: ReportSource(
                model: URL(argument: model), manifest: url, rows: try rows.rows(), modalities: session.model.modalities,
                command: Train.recorded(CommandLine.arguments)))
        try FolderLock.holding(folder) {
            let earlier = RunFolder(folder).evaluated
            try report.write(to: RunFolder(folder))
            if let earlier {
                let day = earlier.formatted(.iso8601)
                inference.output.reporter.note("replaces the evaluation of \(day) in \(folder.path); --out keeps both")
            }
        }
        if json {
            return try printJSON(
                Figures(
                    samples: predictions.samples.count, rows: session.rowUse, scores: predictions.allScores(),
                    loss: predictions.loss))
        }
        try emitLine(predictions.report())
        if let rows = session.rowUse { try emitLine(rows.sentence) }
        try emitLine("Files: \(folder.path)")
    }
}
