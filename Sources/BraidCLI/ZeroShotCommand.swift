import ArgumentParser
import Braid
import Foundation

struct ZeroShotCommand: ComputingCommand {
    static let configuration = CommandConfiguration(
        commandName: "zero-shot",
        abstract: "Classify pictures or sounds by labels in words, without training.",
        discussion: """
            With models whose towers share a space with a text tower: CLIP, SigLIP, CLAP. Each label becomes a sentence by --template, and the label whose \
            sentence lies nearest is the answer. One sample from --image and --audio, or the rows of --manifest as CSV; with --out the figures \
            on a labelled manifest, and a report.

              braid zero-shot openai/clip-vit-base-patch32 --labels cat,dog --image pet.jpg
            """)

    @Argument(help: "Weights of whole models, one a modality: files, folders or Hugging Face ids.")
    var weights: [String]

    @Option(
        help:
            "The labels with commas between, or a file with a label a line, behind a tab the words that stand for it in sentences.")
    var labels: String

    @Option(
        help: ArgumentHelp(
            "A sentence with {} where the label goes. Given several times, a label is the mean of its sentences. Default: a photo of {}; the sound of {}.",
            valueName: "sentence"))
    var template: [String] = []

    @Flag(help: "Judge each label by itself, so that several or none may be said: for models that were trained that way (SigLIP).")
    var multilabel = false

    @Option(help: "Samples to classify.")
    var manifest: String?

    @Option(help: "A picture.")
    var image: String?

    @Option(help: "A recording, or a film of which the sound is taken.")
    var audio: String?

    @Option(name: .shortAndLong, help: "A folder for figures and a report: the manifest's labels are compared with the answers.")
    var out: String?

    @Flag(help: "Print one JSON object a sample; with --out, the figures.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    @OptionGroup var inference: InferenceOptions

    private var isSingle: Bool { image != nil || audio != nil }

    func validate() throws {
        if isSingle == (manifest != nil) { throw ValidationError("Give --manifest, or one sample by --image and --audio.") }
        if isSingle && out != nil { throw ValidationError("--out acts only with --manifest.") }
        if isSingle && inference.withoutCache { throw ValidationError("--no-cache acts only with --manifest.") }
        if isSingle && !inference.settings.isEmpty { throw ValidationError("--set acts only with --manifest.") }
    }

    func run() throws {
        let labels = try ZeroShotLabels(labels, templates: template)
        var options = try inference.options()
        if isSingle { options.reporter = SilentReporter() }
        let classifier = try ZeroShot(weights, relativeTo: URL(argument: "."), labels: labels, isMultilabel: multilabel, options)
        guard let manifest else {
            var media: [Modality: Medium] = [:]
            media[.image] = image.map { .file(URL(argument: $0)) }
            media[.audio] = audio.map { .file(URL(argument: $0)) }
            let predictions = try classifier.predict([Sample(id: "sample", line: 0, media: media)])
            return try json ? emit(predictions.jsonLines(), .data) : emit(predictions.summary(of: 0))
        }
        let url = URL(argument: manifest)
        let predictions = try classifier.predict(manifest: url, isJudged: out != nil)
        guard let out else { return try emit(json ? predictions.jsonLines() : predictions.csv, .data) }
        let folder = URL(argument: out)
        let title = "zero-shot on \(url.deletingPathExtension().lastPathComponent)"
        let report = Report(
            predictions, title: title, question: classifier.question,
            source: ReportSource(manifest: url, rows: .all, command: Train.recorded(CommandLine.arguments)))
        try FolderLock.holding(folder) { try report.write(to: RunFolder(folder)) }
        if json { return try printJSON(predictions.allScores()) }
        try emitLine(predictions.report())
        try emitLine("Files: \(folder.path)")
    }
}
