import ArgumentParser
import Braid
import Foundation

/// Which encoders are probed, and how.
struct ProbeOptions: ParsableArguments {
    @Argument(help: "A YAML configuration; its encoders are probed, and its first head says what for.")
    var config: String

    @Option(
        name: .customLong("try"),
        help: ArgumentHelp(
            "Another encoder: image=bundled:efficientnet-lite0, text=FOLDER, audio=NAME.", valueName: "modality=weights"))
    var others: [String] = []

    @Option(help: "In how many parts rows are held out.")
    var folds = 5

    @Option(name: .customLong("set"), help: ArgumentHelp("Override a key of the configuration.", valueName: "key=value"))
    var overrides: [String] = []

    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        if !(2...100).contains(folds) { throw ValidationError("--folds \(folds): expected 2 to 100") }
    }

    func probe() throws -> EncoderProbe {
        let configuration = try Configuration.read(URL(argument: config), overrides: overrides)
        try configuration.refuseInitialModel(in: "probe")
        return EncoderProbe(
            configuration, others: try others.map { try .init($0, of: configuration) },
            folds: folds, reporter: output.reporter)
    }
}

struct Probe: ComputingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say how well pretrained encoders suit the data, without training any.",
        discussion: """
            A linear model of each encoder's embeddings in k-fold cross-validation on the rows of train and val, LogME, H-score, and what \
            a sample costs; and the best of each modality together. The test split is not looked at.
            """)

    @OptionGroup var options: ProbeOptions

    @OptionGroup var threads: ThreadOptions

    @Flag(help: "Print the figures as JSON.")
    var json = false

    private struct Figures: Encodable {
        let metric: String
        let encoders: [ProbeResult.Figures]
        let together: Estimate?
    }

    func run() throws {
        let result = try options.probe()()
        if json {
            return try printJSON(Figures(metric: result.metric.name, encoders: result.encoders, together: result.together))
        }
        try emit(result.table)
    }
}

struct Choose: ComputingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Choose the pretrained encoder of each modality, and write the configuration that takes it.",
        discussion: """
            Probes the configuration's encoders and those that --try names, as braid probe does, takes of each modality the quickest that \
            the best does not beat, and prints the configuration; the table goes to stderr.
            """)

    @OptionGroup var options: ProbeOptions

    @OptionGroup var threads: ThreadOptions

    @Option(name: .shortAndLong, help: "A file for the configuration. Default: stdout.")
    var out: String?

    func run() throws {
        if options.others.isEmpty {
            throw BraidError(.usage, "name at least one more encoder with --try, or there is nothing to choose")
        }
        let probe = try options.probe()
        let result = try probe()
        options.output.reporter.note(result.table)
        let place = out.map { URL(argument: $0).deletingLastPathComponent() } ?? URL(argument: ".")
        let document = try probe.configuration(with: result, in: place)
        guard let out else { return try emit(document, .data) }
        guard !FileManager.default.fileExists(atPath: URL(argument: out).path) else {
            throw BraidError(.cannotCreate, "\(out) is there already; name another file, or remove it")
        }
        try AtomicFile.write(document, to: URL(argument: out))
    }
}
