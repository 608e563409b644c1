import ArgumentParser
import Braid
import Foundation

struct Curve: ComputingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draw accuracy against labels a class: transfer beside scratch, head beside head.",
        discussion: """
            For each number of labels and each draw of them from train and val, trains on embeddings of the frozen encoders, which are made \
            once, and, unless --no-scratch says otherwise, the same encoders from random weights on the same labels; that is most of the \
            time. The test split judges and nothing is chosen by it. Prints the table; the folder also gets curve.csv, curve.json, \
            curve.svg and curve.html.
            """)

    @Argument(help: "A YAML configuration with frozen encoders.")
    var config: String

    @Option(help: ArgumentHelp("Labels a class, with commas between, and all.", valueName: "numbers"))
    var shots = "1,2,4,8,16,32,all"

    @Option(help: "How many times labels are drawn.")
    var draws = 5

    @Option(help: "Another seed draws others.")
    var seed = 0

    @Option(
        help: ArgumentHelp(
            "Classifiers (logistic, prototype, knn, tip-adapter, ridge, lda) and fusions to train beside each other in place of the configuration's own, with commas between.",
            valueName: "names"))
    var heads: String?

    @Flag(inversion: .prefixedNo, help: "Also train the encoders from random weights: most of the time.")
    var scratch = true

    @Option(help: "Say how many labels a class are needed for this figure, for example 0.9.")
    var target: Double?

    @Option(help: "What is judged. Default: the metric that early stopping goes by.")
    var metric: Metric?

    @Option(name: .shortAndLong, help: "A folder for what is found. Default: curve/ and the configuration's name.")
    var out: String?

    @Flag(help: "Go on with the curve that the folder holds.")
    var resume = false

    @Option(help: "How many trainings run at a time, each on one thread. Default: the number of processors; 1 on a GPU.")
    var jobs: Int?

    @Option(name: .customLong("set"), help: ArgumentHelp("Override a key of the configuration.", valueName: "key=value"))
    var overrides: [String] = []

    @Flag(help: "Print everything as JSON.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    @OptionGroup var output: OutputOptions

    func validate() throws {
        if !(1...1000).contains(draws) { throw ValidationError("--draws \(draws): expected 1 to 1000") }
        if let jobs, !(1...1024).contains(jobs) { throw ValidationError("--jobs \(jobs): expected 1 to 1024") }
    }

    func run() throws {
        let url = URL(argument: config)
        let names = (heads ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        let settings = LearningCurve.Settings(
            shots: try Shots(shots), draws: draws, seed: seed, heads: names, withScratch: scratch, target: target, metric: metric,
            jobs: jobs)
        let folder = URL(argument: out ?? "curve/\(url.deletingPathExtension().lastPathComponent)")
        let curve = try LearningCurve(
            Configuration.read(url, overrides: overrides), into: folder, settings, reporter: output.reporter)
        let outcome = try StopSignals.shared.stopping("braid curve \(config) --out \(folder.path) --resume") {
            try curve(resume: resume)
        }
        if json { return try emit(outcome.json, .data) }
        try emit(outcome.table)
        try emitLine("Curve: \(folder.path)")
    }
}
