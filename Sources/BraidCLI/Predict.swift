import ArgumentParser
import Braid
import Foundation

struct Predict: ComputingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Classify samples.",
        discussion: "One sample from any of --image, --text, --audio and --input, or the rows of --manifest as CSV.")

    @Argument(help: "A run folder, or the model folder in one.")
    var model: String

    @Option(help: "Samples to classify; labels are not needed.")
    var manifest: String?

    @Option(help: "A picture: PNG, JPEG, WebP, GIF, TIFF, BMP, HEIC or AVIF.")
    var image: String?

    // A text may begin with a dash.
    @Option(parsing: .unconditional, help: "The text itself; - reads it from standard input.")
    var text: String?

    @Option(help: "A recording, or a film of which the sound is taken.")
    var audio: String?

    @Option(
        name: .customLong("input"),
        help: ArgumentHelp(
            "Another modality's input: a text, the path of a file, or a table's cells as a JSON object. May be given several times.",
            valueName: "modality=value"))
    var inputs: [String] = []

    @OptionGroup var rows: EveryRowOptions

    @Flag(help: "Print one JSON object a sample.")
    var json = false

    @Flag(name: .customLong("keep-columns"), help: "Write the manifest's own columns behind the predictions.")
    var keepsColumns = false

    @OptionGroup var views: ViewOptions

    @OptionGroup var threads: ThreadOptions

    @OptionGroup var inference: InferenceOptions

    private var isSingle: Bool { image != nil || text != nil || audio != nil || !inputs.isEmpty }

    func validate() throws {
        if isSingle == (manifest != nil) {
            throw ValidationError("Give --manifest, or one sample by --image, --text, --audio and --input.")
        }
        for input in inputs where try Self.parts(input).value.isEmpty {
            throw ValidationError("--input \(input): the value is empty; leave it out where there is none.")
        }
        if text?.isEmpty == true { throw ValidationError("--text is empty; leave it out where there is no text.") }
        if isSingle && inference.withoutCache { throw ValidationError("--no-cache acts only with --manifest.") }
        if isSingle && !inference.settings.isEmpty { throw ValidationError("--set acts only with --manifest.") }
        if keepsColumns && (isSingle || json) { throw ValidationError("--keep-columns acts only with --manifest, and on CSV.") }
        if isSingle && rows.split != nil { throw ValidationError("--split acts only with --manifest.") }
    }

    func run() throws {
        let predictions = try self.predictions()
        if json { return try emit(try predictions.jsonLines(), .data) }
        if keepsColumns, let manifest { return try emit(predictions.csv(keepingColumnsOf: URL(argument: manifest)), .data) }
        try isSingle ? emit(predictions.summary(of: 0)) : emit(predictions.csv, .data)
    }

    private func predictions() throws -> Predictions {
        let folder = URL(argument: model)
        var options = try inference.options()
        options.views = views.tta ?? 1
        if let manifest {
            return try Inference(
                model: folder, manifest: URL(argument: manifest), rows: rows.rows(), needsLabels: false, options
            ).predict()
        }
        let known = Set(Modality.allCases).union(try ModelFolder.modalities(of: folder))
        let sample = Sample(id: "sample", line: 0, media: try media(known.sorted()))
        options.reporter = SilentReporter()
        return try Inference(model: folder, samples: [sample], options).predict()
    }

    private static func parts(_ input: String) throws -> (name: String, value: String) {
        let parts = input.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !parts[0].isEmpty else {
            throw ValidationError("--input \(input): expected MODALITY=VALUE, the modality one of the model's.")
        }
        return (parts[0], parts[1])
    }

    /// What the options give, by modality.
    private func media(_ known: [Modality]) throws -> [Modality: Medium] {
        var media: [Modality: Medium] = [:]
        media[.image] = image.map { .file(URL(argument: $0)) }
        media[.text] = try text.map { .inline(try StandardStreams.text($0, option: "--text")) }
        media[.audio] = audio.map { .file(URL(argument: $0)) }
        for input in inputs {
            let (name, value) = try Self.parts(input)
            let modality = try known.find(name, option: "--input \(input)")
            guard media[modality] == nil else { throw BraidError(.usage, "--input \(input): \(modality) is given twice") }
            media[modality] = modality.medium(value)
        }
        return media
    }
}
