import ArgumentParser
import Braid
import Foundation

struct Models: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show architectures and weights.", subcommands: [List.self, Info.self])

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

        @Argument(help: "A folder, a file, a Hugging Face id in the local cache, or bundled:NAME.")
        var name: String

        @Option(help: "The modality, where the weights do not say.")
        var modality: Modality?

        @Option(help: "The architecture, where the weights do not say.")
        var encoder: String?

        func run() throws {
            let info = try ModelCatalogue.info(name, modality: modality, encoder: encoder, relativeTo: URL(argument: "."))
            try emit(info)
        }
    }
}
