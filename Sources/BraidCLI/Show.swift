import ArgumentParser
import Braid
import Foundation

struct Show: ComputingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a page of augmented samples to look at and listen to.",
        discussion: "Each sample as it is, and as the first epochs of a training with this configuration will see it.")

    @Argument(help: "A YAML configuration.")
    var configuration: String

    @Option(name: .shortAndLong, help: "The page to write.")
    var out = "augmentation.html"

    @Option(help: "How many samples of the train split are shown.")
    var samples = 8

    @Option(help: "How many draws of each.")
    var draws = 5

    @Option(name: .customLong("set"), help: ArgumentHelp("Override a key. May be given several times.", valueName: "key=value"))
    var overrides: [String] = []

    @OptionGroup var threads: ThreadOptions

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...1000).contains(samples) else { throw ValidationError("--samples must lie in 1 ... 1000.") }
        guard (1...100).contains(draws) else { throw ValidationError("--draws must lie in 1 ... 100.") }
    }

    func run() throws {
        let configuration = try Configuration.read(URL(argument: configuration), overrides: overrides)
        let page = URL(argument: out)
        try AugmentationShow(configuration, samples: samples, draws: draws, reporter: output.reporter).write(to: page)
        try emitLine("Page: \(page.path)")
    }
}
