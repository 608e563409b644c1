import ArgumentParser
import Braid
import Foundation

struct Embed: ComputingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write embeddings, per modality and fused.",
        discussion: "From a trained model, or from a configuration's encoders before any training.")

    @Argument(help: "A run folder, the model folder in one, or a YAML configuration.")
    var source: String

    @Option(help: "The samples; labels are not needed.")
    var manifest: String

    @Option(name: .shortAndLong, help: "The folder to write.")
    var out: String

    @Option(
        name: .customLong("modality"),
        help: "Any of the modalities and fused, with commas between: image,fused. Default: all there are.")
    var modalities: String?

    @Option(help: "How embeddings are written.")
    var format = EmbeddingExport.Format.safetensors

    @Option(name: .customLong("part-size"), help: "The most rows of a part: what is in memory at a time.")
    var partSize = 4096

    @Flag(help: "Go on with what an earlier call, that did not end, left in the folder.")
    var resume = false

    @OptionGroup var rows: EveryRowOptions

    @OptionGroup var threads: ThreadOptions

    @OptionGroup var inference: InferenceOptions

    private var isConfiguration: Bool { ["yaml", "yml"].contains(URL(argument: source).pathExtension.lowercased()) }

    func validate() throws {
        _ = try names()
        guard (1...1_000_000).contains(partSize) else { throw ValidationError("--part-size must lie in 1 ... 1000000.") }
        if isConfiguration && rows.split != nil {
            throw ValidationError("--split acts only with a trained model; a configuration embeds every row.")
        }
        if isConfiguration, try names()?.contains("fused") == true {
            throw ValidationError("--modality fused needs a trained model, not a configuration.")
        }
    }

    func run() throws {
        let url = URL(argument: source)
        let chosen = try names()
        let export: EmbeddingExport
        if isConfiguration {
            let configuration = try Configuration.read(url)
            try configuration.refuseInitialModel(in: "embed CONFIG")
            let wanted = try Self.modalities(chosen, of: Set(configuration.modalities.keys))
            export = try EmbeddingExport(
                configuration: configuration, manifest: URL(argument: manifest), modalities: wanted,
                inference.options(configuration))
        } else {
            let wanted = try Self.modalities(chosen, of: ModelFolder.modalities(of: url))
            let selection = EmbeddingExport.Selection(modalities: wanted, fused: chosen?.contains("fused") ?? true)
            let split: Split? = if case .split(let asked) = try rows.rows() { asked } else { nil }
            export = try EmbeddingExport(
                model: url, manifest: URL(argument: manifest), split: split, selection: selection, inference.options())
        }
        let goOn = "braid embed \(source) --manifest \(manifest) --out \(out) --resume"
        try StopSignals.shared.stopping(goOn) {
            try export.write(to: .init(URL(argument: out), format: format, partSize: partSize, resumes: resume))
        }
        try emitLine("Embeddings: \(URL(argument: out).path)")
    }

    /// The modalities that are named among those there are; all where none is.
    private static func modalities(_ names: [String]?, of known: Set<Modality>) throws -> Set<Modality> {
        try names.map { Set(try $0.filter { $0 != "fused" }.map { try known.find($0, option: "--modality") }) } ?? known
    }

    /// What `--modality` names; nil where it is not given.
    private func names() throws -> [String]? {
        guard let modalities else { return nil }
        let names = modalities.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        if names.isEmpty { throw ValidationError("--modality is empty") }
        return names
    }
}
