import ArgumentParser
import Braid
import Foundation

struct SearchCommand: ComputingCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Look for a better recipe: draw some, train all shortly and the best in full, on the same embeddings.",
        discussion: """
            What is tried stands in the configuration's search.space; without it, what suits the fusion. Encoders stay frozen and run once; \
            the val split judges, or folds of the train split (search.folds), and the test split is not looked at. Prints the best \
            recipes; the folder also gets search.csv and best.yaml, a configuration for braid train.
            """)

    @Argument(help: "A YAML configuration.")
    var config: String

    @Option(name: .shortAndLong, help: "A folder for what is found. Default: search/ and the configuration's name.")
    var out: String?

    @Flag(help: "Go on with the search that the folder holds.")
    var resume = false

    @Option(help: "What recipes are judged by. Default: the metric that early stopping goes by.")
    var metric: Metric?

    @Option(help: "How many trainings run at a time, each on one thread. Default: the number of processors; 1 on a GPU.")
    var jobs: Int?

    @Option(name: .customLong("set"), help: ArgumentHelp("Override a key of the configuration.", valueName: "key=value"))
    var overrides: [String] = []

    @Flag(help: "Print the results as JSON.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    @OptionGroup var output: OutputOptions

    func validate() throws {
        if let jobs, !(1...1024).contains(jobs) { throw ValidationError("--jobs \(jobs): expected 1 to 1024") }
    }

    func run() throws {
        let url = URL(argument: config)
        let configuration = try Configuration.read(url, overrides: overrides)
        try configuration.refuseInitialModel(in: "search")
        let folder = URL(argument: out ?? "search/\(url.deletingPathExtension().lastPathComponent)")
        let search = try Search(configuration, into: folder, metric: metric, jobs: jobs, reporter: output.reporter)
        let outcome = try StopSignals.shared.stopping("braid search \(config) --out \(folder.path) --resume") {
            try search(resume: resume)
        }
        if json { return try printJSON(outcome.results) }
        try emit(outcome.table)
        try emitLine("Search: \(folder.path)")
    }
}
