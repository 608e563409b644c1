public import ArgumentParser
public import Braid
import Foundation

extension Split: ExpressibleByArgument {}
extension Modality: ExpressibleByArgument {}

extension Collection<Modality> {
    /// The modality that an option names.
    ///
    /// - Throws: `BraidError` where there is none of that name among these.
    func find(_ name: String, option: String) throws -> Modality {
        if let found = named(name) { return found }
        throw BraidError(.usage, "\(option): \(name) is none of \(sorted().map(\.rawValue).joined(separator: ", "))")
    }
}

extension DeviceChoice: ExpressibleByArgument {}
extension BadSample.Policy: ExpressibleByArgument {}
extension EmbeddingExport.Format: ExpressibleByArgument {}

extension Metric: ExpressibleByArgument {
    /// The metric of that name; nil where there is none.
    public init?(argument: String) {
        guard let metric = Metric.registry[argument] else { return nil }
        self = metric
    }

    /// The names of all metrics, for the help and for shell completion.
    public static var allValueStrings: [String] { Metric.registry.names }
}

/// How much a command tells on stderr.
struct OutputOptions: ParsableArguments {
    @Flag(name: .long, help: "Say nothing on stderr but errors.")
    var quiet = false

    @Flag(help: "Tell on stderr what says nothing new where all is well, too: how each file of weights was loaded.")
    var verbose = false

    var reporter: any Reporter {
        StoppableReporter(inner: quiet ? SilentReporter() : TerminalReporter(isVerbose: verbose))
    }

    func validate() throws {
        if quiet && verbose { throw ValidationError("--quiet and --verbose: give one of them.") }
    }
}

/// How a trained model is used.
struct InferenceOptions: ParsableArguments {
    @Option(help: "Where to compute: auto, cpu or cuda. Default: auto.")
    var device: DeviceChoice?

    @Option(
        name: .customLong("on-bad-sample"), help: "What to do with samples whose media cannot be read: fail or skip. Default: fail."
    )
    var onBadSample: BadSample.Policy?

    @Flag(name: .customLong("no-cache"), help: "Neither take embeddings from the user's cache nor put any there.")
    var withoutCache = false

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Say what the manifest's columns are: columns.image=photo. May be given several times.",
            valueName: "columns.name=column"))
    var settings: [String] = []

    @OptionGroup var output: OutputOptions

    func options() throws -> Inference.Options {
        try Inference.Options(
            device: device ?? .auto, onBadSample: onBadSample ?? .fail, reporter: output.reporter,
            cachesEmbeddings: !withoutCache, columns: Columns(settings: settings))
    }

    /// Where a configuration has its own say, what the command line does not.
    func options(_ configuration: Configuration) throws -> Inference.Options {
        try Inference.Options(
            device: device ?? configuration.device, onBadSample: onBadSample ?? configuration.onBadSample,
            reporter: output.reporter,
            cachesEmbeddings: !withoutCache && configuration.cachesEmbeddings, columns: Columns(settings: settings))
    }
}

/// Test-time augmentation.
struct ViewOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "See each picture in 2 to 10 views (itself, mirrored, corners), and answer by the mean of probabilities.",
            valueName: "views"))
    var tta: Int?

    func validate() throws {
        if let tta, !(2...10).contains(tta) { throw ValidationError("--tta must lie in 2 ... 10.") }
    }
}

/// Which rows of a manifest a command takes that judges a model.
struct RowOptions: ParsableArguments {
    @Option(
        help:
            "train, val, test or all. Default: the test split of a manifest that has one, else all rows; never a row that the model has learnt from or was chosen by."
    )
    var split: String?

    func rows() throws -> Inference.Rows { try .init(option: split) ?? .heldOut }
}

/// Which rows of a manifest a command takes that judges nothing: nothing is held out from it.
struct EveryRowOptions: ParsableArguments {
    @Option(help: "train, val, test or all. Default: all.")
    var split: String?

    func rows() throws -> Inference.Rows { try .init(option: split) ?? .all }
}

extension Inference.Rows {
    /// What `--split` names; nil where it is not given.
    fileprivate init?(option name: String?) throws {
        guard let name else { return nil }
        if name.lowercased() == "all" {
            self = .all
        } else if let split = Split(named: name) {
            self = .split(split)
        } else {
            throw BraidError(.usage, "--split \(name): expected train, val, test or all")
        }
    }
}

extension URL {
    /// A path as a user writes it.
    init(argument: String) { self = URL(fileURLWithPath: argument).standardizedFileURL }
}

/// Writes a result to stdout. What cannot be written is an error: a full disk must not look like success.
func emit(_ text: String, _ form: StandardStreams.Form = .prose) throws { try StandardStreams.emit(text, form) }

func emitLine(_ text: String) throws { try emit(text + "\n") }

/// Prints a result as JSON.
func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try emit(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n", .data)
}
