import ArgumentParser
import Braid
import Foundation

struct Train: ComputingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a fused classifier.",
        discussion: "Leaves a run folder: the model, checkpoints, metrics, and the report of the best epoch on the test split.")

    @Argument(help: "A YAML configuration.")
    var config: String

    @Option(name: .shortAndLong, help: "The run folder. Default: runs/ and the configuration's name.")
    var out: String?

    @Flag(help: "Go on from the run's last checkpoint.")
    var resume = false

    @Option(
        name: .customLong("init-from"),
        help: ArgumentHelp(
            "Go on from an earlier run's model: its encoders, fusion and heads, which new classes extend. The same as init_from in the configuration.",
            valueName: "run"))
    var initialRun: String?

    @Option(name: .customLong("set"), help: ArgumentHelp("Override a key of the configuration.", valueName: "key=value"))
    var overrides: [String] = []

    @Option(
        name: .customLong("on-bad-sample"), help: "What to do with samples whose media cannot be read; overrides the configuration."
    )
    var onBadSample: BadSample.Policy?

    @Flag(
        name: .customLong("dry-run"),
        help:
            "Train nothing: print what each phase trains, at which rates, and what memory and time it would probably take, of a few steps on real samples. No run folder is made."
    )
    var isDryRun = false

    @Flag(help: "Print the figures as JSON.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    @OptionGroup var output: OutputOptions

    func validate() throws {
        if isDryRun && resume { throw ValidationError("--dry-run tells of a whole training: leave out --resume.") }
        if isDryRun && out != nil { throw ValidationError("--dry-run makes no run folder: leave out --out.") }
    }

    func run() throws {
        let url = URL(argument: config)
        let policy = onBadSample.map { ["on_bad_sample=\($0.rawValue)"] } ?? []
        let configuration = try Configuration.read(url, overrides: overrides + policy + initial(for: url))
        if isDryRun {
            let forecast = try DryRun(configuration, reporter: output.reporter)()
            return try json ? printJSON(forecast) : emit(forecast.table)
        }
        let run = RunFolder(URL(argument: out ?? "runs/\(url.deletingPathExtension().lastPathComponent)"))
        let signals = StopSignals.shared
        let goOn = "braid train \(config) --out \(out ?? run.url.path)"
        // Where it is ended before its first step the run's folder may not be there yet.
        signals.advise(
            "\(goOn) --resume, or without --resume where there is no \(run.url.lastPathComponent)/config.yaml")
        let training = Training(
            configuration, into: run, reporter: output.reporter, command: Self.recorded(CommandLine.arguments),
            interruption: signals.interruption)
        let outcome: Training.Outcome
        do { outcome = try training(resume: resume) } catch let stop as TrainingInterrupted {
            signals.advise("\(goOn) --resume")
            throw signals.stopped(stop.description)
        } catch let stop as Stopped {
            throw signals.stopped(stop.description)
        }
        if json { return try printJSON(outcome.history) }
        if let choice = outcome.findings.choice { try emitLine("\(choice.summary)\n") }
        for sentence in outcome.findings.averages.summary { try emitLine("\(sentence)\n") }
        if let test = outcome.test {
            let weights = outcome.findings.averages.summary.isEmpty ? "epoch \(outcome.bestEpoch)" : "averaged weights"
            try emitLine("Test split, \(weights):\n\n\(try test.report())")
        }
        if let stages = outcome.findings.stages { try emitLine(stages.table) }
        if let evaluation = outcome.findings.evaluation { try emitLine(evaluation.table) }
        if let adaptation = outcome.findings.adaptation { try emitLine(adaptation.table) }
        if let ablation = outcome.ablation { try emitLine(ablation.table) }
        try emitLine("Run: \(run.url.path)")
    }

    /// The earlier run as the configuration would name it.
    private func initial(for config: URL) -> [String] {
        guard let initialRun else { return [] }
        let path =
            initialRun.hasPrefix("/")
            ? initialRun : Paths.relative(URL(argument: initialRun), to: config.deletingLastPathComponent())
        return ["init_from='\(path.replacingOccurrences(of: "'", with: "''"))'"]
    }

    /// The command as `run.json` keeps it: a run is passed on, and where its maker's files lie is nobody's business.
    static func recorded(_ arguments: [String]) -> [String] {
        let here = URL(argument: ".")
        let shown = arguments.dropFirst().map { argument in
            // Of --option=value and --set key=value what stands behind the sign.
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            return parts.map { $0.hasPrefix("/") ? Paths.portable(URL(argument: $0), from: here) : $0 }.joined(separator: "=")
        }
        return ["braid"] + shown
    }
}
