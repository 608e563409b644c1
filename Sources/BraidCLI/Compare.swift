import ArgumentParser
import Braid
import Foundation

struct Compare: ComputingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say which fusion to use: train each with several seeds on the same embeddings.",
        discussion: """
            One configuration is compared over all fusions, several as they are; each modality by itself is trained beside them. Encoders \
            stay frozen and run once. Prints the table and a verdict; --out also gets compare.csv, runs.csv and compare.svg.
            """)

    @Argument(help: "YAML configurations of one manifest.")
    var configs: [String]

    @Option(help: ArgumentHelp("Fusions to compare, with commas between, or all.", valueName: "types"))
    var fusions: String?

    @Option(help: "How many seeds each is trained with, from 0 up.")
    var seeds = 5

    @Option(help: "How many trainings run at a time, each on one thread. Default: the number of processors; 1 on a GPU.")
    var jobs: Int?

    @Flag(help: "Train every recipe with every seed. Default: two seeds for one that is behind on val beyond chance.")
    var allSeeds = false

    @Option(help: "What is compared. Default: accuracy; micro_f1 for multilabel, r2 for regression.")
    var metric: Metric?

    @Option(name: .shortAndLong, help: "A folder for the table, the CSV files and the picture.")
    var out: String?

    @Option(name: .customLong("set"), help: ArgumentHelp("Override a key of every configuration.", valueName: "key=value"))
    var overrides: [String] = []

    @Flag(help: "Print the figures as JSON.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    @OptionGroup var output: OutputOptions

    func validate() throws {
        _ = try kinds()
        if !(1...1000).contains(seeds) { throw ValidationError("--seeds \(seeds): expected 1 to 1000") }
        if let jobs, !(1...1024).contains(jobs) { throw ValidationError("--jobs \(jobs): expected 1 to 1024") }
        if configs.isEmpty { throw ValidationError("Give at least one configuration.") }
    }

    private struct Figures: Encodable {
        let metric: String
        let entries: [Comparison.Entry]
        let conclusion: String
        let verdict: Verdict?
    }

    func run() throws {
        let recipes = try configs.map { path in
            let url = URL(argument: path)
            let name = url.deletingPathExtension().lastPathComponent
            let configuration = try Configuration.read(url, overrides: overrides)
            try configuration.refuseInitialModel(in: "compare")
            return Comparison.Candidate(name: name, configuration: configuration)
        }
        guard Set(recipes.map(\.name)).count == recipes.count else {
            throw BraidError(.usage, "two configurations have the same name; rename one, since the table calls them by it")
        }
        if let out, FileManager.default.fileExists(atPath: URL(argument: out).appendingPathComponent("compare.csv").path) {
            throw BraidError(.cannotCreate, "\(out) holds a comparison already; name another folder, or remove it")
        }
        let lock = try out.map { try FolderLock(URL(argument: $0)) }
        defer { lock?.release() }
        let candidates = try Comparison.candidates(recipes, fusions: kinds())
        // Embeddings that are made lie in the cache; trainings begin again.
        let comparison = try StopSignals.shared.stopping("the same command, which finds the embeddings in the cache") {
            try Comparison.run(
                candidates, metric: metric, seeds: Array(0..<seeds), jobs: jobs, givesUp: !allSeeds, reporter: output.reporter)
        }
        if let out { try comparison.write(to: URL(argument: out)) }
        if json {
            return try printJSON(
                Figures(
                    metric: comparison.metric.name, entries: comparison.entries, conclusion: comparison.conclusion,
                    verdict: comparison.verdict))
        }
        try emit(comparison.table)
    }

    /// What `--fusions` names; nil where it is not given.
    private func kinds() throws -> [FusionKind]? {
        guard let fusions else { return nil }
        guard fusions != "all" else { return FusionKind.fusions }
        return try fusions.split(separator: ",").map { name in
            let name = name.trimmingCharacters(in: .whitespaces)
            guard let kind = FusionKind.registry[name], !kind.isAutomatic else {
                let known = FusionKind.fusions.map(\.name).joined(separator: ", ")
                throw ValidationError("--fusions \(name): expected any of \(known), or all")
            }
            return kind
        }
    }
}
