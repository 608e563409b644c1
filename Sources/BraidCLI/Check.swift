import ArgumentParser
import Braid
import Foundation

struct Check: ComputingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look for unreadable media, label conflicts, leakage across splits and class imbalance.",
        discussion: "Ends with 65 where it finds an error, with 0 where it finds warnings or nothing.")

    @Argument(help: "A manifest, or a configuration that names one.")
    var input: String

    @Option(help: ArgumentHelp("Write every fault to this file, one a line; the summary shows five of a kind.", valueName: "file"))
    var faults: String?

    @Flag(help: "Print counts and every fault as JSON.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    @OptionGroup var output: OutputOptions

    func run() throws {
        let url = URL(argument: input)
        let check: DataCheck
        if ["yaml", "yml"].contains(url.pathExtension.lowercased()) {
            check = try DataCheck(Configuration.read(url), reporter: output.reporter)
        } else {
            check = try DataCheck(manifest: url, reporter: output.reporter)
        }
        if let faults { try AtomicFile.write(Data(check.faultLines.utf8), to: URL(argument: faults)) }
        if json { try printJSON(check.record) } else { try emit(check.summary) }
        if !check.errors.isEmpty { throw ExitCode(BraidError.Code.badData.rawValue) }
    }
}
