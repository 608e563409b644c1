import ArgumentParser
import Braid
import BraidHub
import Foundation

struct Models: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show architectures, and find, fetch and check weights.",
        subcommands: [List.self, Info.self, Pull.self, Verify.self])

    struct List: ComputingCommand {
        static let configuration = CommandConfiguration(
            abstract: "The architectures there are, by modality, and the bundled weights.",
            discussion: """
                Weights, input and embedding size are those of the usual weights, whose licence is named; --json names the weights too. Input is \
                the sides of a picture in pixels, the most tokens of a text, the seconds of a window.

                  braid models list vit_base clip --measure
                """)

        @Argument(help: "Names, or parts of names; all where none is given.")
        var names: [String] = []

        @Flag(
            help:
                "Measure how many samples of its usual size each encodes a second here, in fp32 with drawn weights. Name some: all take long."
        )
        var measure = false

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var threads: ThreadOptions

        @OptionGroup var output: OutputOptions

        func run() throws {
            let catalogue = try ModelCatalogue(names, isMeasured: measure, reporter: output.reporter)
            if json { return try printJSON(catalogue) }
            try emit(catalogue.table)
        }
    }

    struct Info: ComputingCommand {
        static let configuration = CommandConfiguration(
            abstract: "What weights are: architecture, sizes, front end, and how they load.",
            discussion:
                "Of an architecture's name: what it is in the size of its usual weights. With --json weights of two towers (CLIP) give a list."
        )

        @Argument(
            help:
                "A file, a folder, a Hugging Face id (downloaded where the cache lacks it), bundled:NAME, or an architecture's name."
        )
        var name: String

        @Option(help: "The modality, where the weights do not say; of weights of two towers, as CLIP's, the one that is shown.")
        var modality: Modality?

        @Option(help: "The architecture, where the weights do not say.")
        var encoder: String?

        @Flag(help: "Measure how many samples it encodes a second here, in fp32.")
        var measure = false

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var threads: ThreadOptions

        @OptionGroup var output: OutputOptions

        func run() throws {
            let here = URL(argument: ".")
            if ModelCatalogue.has(name), !FileManager.default.fileExists(atPath: URL(argument: name).path) {
                let architecture = try ModelCatalogue(architecture: name, modality: modality, isMeasured: measure)
                return try json ? printJSON(architecture) : emit(architecture.details)
            }
            let towers = try ModelInfo.towers(
                ModelCatalogue.weights(name), modality: modality, encoder: encoder, relativeTo: here, isMeasured: measure,
                reporter: output.reporter)
            guard json else { return try emit(towers.map(\.table).joined(separator: "\n")) }
            if towers.count == 1 { try printJSON(towers[0]) } else { try printJSON(towers) }
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
