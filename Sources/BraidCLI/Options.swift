public import ArgumentParser
public import Braid
import Foundation

extension Split: ExpressibleByArgument {}
extension Modality: ExpressibleByArgument {}
extension DeviceChoice: ExpressibleByArgument {}
extension BadSample.Policy: ExpressibleByArgument {}
extension EmbeddingExport.Format: ExpressibleByArgument {}

/// How much a command tells on stderr.
struct OutputOptions: ParsableArguments {
    @Flag(name: .long, help: "Say nothing on stderr but errors.")
    var quiet = false

    var style: ProgressBar.Style { quiet ? .quiet : .automatic }
}

/// How a trained model is used.
struct InferenceOptions: ParsableArguments {
    @Option(help: "Where to compute.")
    var device = DeviceChoice.auto

    @Option(name: .customLong("on-bad-sample"), help: "What to do with samples whose media cannot be read.")
    var onBadSample = BadSample.Policy.fail

    @OptionGroup var output: OutputOptions

    var options: Inference.Options { Inference.Options(device: device, onBadSample: onBadSample, style: output.style) }
}

/// Which rows of a manifest a command takes.
struct RowOptions: ParsableArguments {
    @Option(help: "train, val, test or all. Default: test where the manifest has a split column, all rows where it has none.")
    var split: String?

    func rows() throws -> Inference.Rows {
        switch split {
        case nil: return .held
        case "all": return .all
        case let name?:
            guard let split = Split(rawValue: name) else { throw ValidationError("--split \(name): expected train, val, test or all") }
            return .split(split)
        }
    }
}

extension URL {
    /// A path as a user writes it.
    init(argument: String) { self = URL(fileURLWithPath: argument).standardizedFileURL }
}

/// Prints a result as JSON.
func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
}
