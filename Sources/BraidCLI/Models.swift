import ArgumentParser
import Braid
import BraidHub
import Foundation

struct Models: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show architectures, and find, fetch and check weights.",
        subcommands: [List.self, Info.self, Pull.self, Verify.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The architectures there are, and the bundled weights.")

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let catalogue = ModelCatalogue()
            if json { return try printJSON(catalogue) }
            try emit(catalogue.table)
        }
    }

    struct Info: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What weights are: architecture, sizes, front end, and how they load.")

        @Argument(help: "A file, a folder, a Hugging Face id (downloaded where the cache lacks it), or bundled:NAME.")
        var name: String

        @Option(help: "The modality, where the weights do not say.")
        var modality: Modality?

        @Option(help: "The architecture, where the weights do not say.")
        var encoder: String?

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var output: OutputOptions

        func run() throws {
            let info = try ModelInfo(
                name, modality: modality, encoder: encoder, relativeTo: URL(argument: "."), reporter: output.reporter)
            if json { return try printJSON(info) }
            try emit(info.table)
        }
    }

    struct Pull: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Download weights from a Hugging Face hub into the cache that all its clients share.",
            discussion: """
                Prints the folder. What is in the cache is not fetched again; what was cut off is continued; checksums are compared.
                HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE act as in the hub's own client.
                """)

        @Argument(help: "A Hugging Face id, org/name or org/name@REVISION.")
        var name: String

        @OptionGroup var output: OutputOptions

        func run() throws { try emitLine(ModelCatalogue.pull(name, reporter: output.reporter).path) }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compute the checksums of cached weights anew, and compare them with the hub's.")

        @Argument(help: "A Hugging Face id, org/name or org/name@REVISION.")
        var name: String

        func run() throws {
            let verification = try ModelCatalogue.verify(name)
            try emitLine(verification.description)
            guard verification.damaged.isEmpty else { throw ExitCode(BraidError.Code.badData.rawValue) }
        }
    }
}
