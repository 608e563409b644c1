import ArgumentParser
import Braid
import Foundation

struct Train: ComputingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a fused classifier.",
        discussion: """
            Leaves a run folder: the model, checkpoints, metrics, and the report of the best epoch on the test split.

              braid train config.yaml --out runs/first
              braid train runs/first --resume
              braid train manifest.csv
            """)

    @Argument(
        help:
            "A YAML configuration; a manifest, for which one is proposed as braid init does; or, with --resume, a run's folder.")
    var source: String

    @Option(name: .shortAndLong, help: "The run folder. Default: runs/ and the name of the configuration or manifest.")
    var out: String?

    @Flag(help: "Go on from the run's last checkpoint; where there is no run yet, begin.")
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
        let given = try TrainSource(source, resume: resume)
        let policy = onBadSample.map { ["on_bad_sample=\($0.rawValue)"] } ?? []
        let configuration = try given.configuration(
            overrides: overrides + policy + initial(for: given.url), reporter: output.reporter)
        if isDryRun {
            let forecast = try DryRun(configuration, reporter: output.reporter)()
            return try json ? printJSON(forecast) : emit(forecast.table)
        }
        let run = RunFolder(out.map { URL(argument: $0) } ?? given.folder)
        let training = Training(
            configuration, into: run, reporter: output.reporter, command: Self.recorded(CommandLine.arguments),
            interruption: StopSignals.shared.interruption)
        if resume, let record = try training.completed() { return try tell(record, of: run) }
        let outcome = try stoppable(training, run)
        if json { return try printJSON(TrainingFigures(run)) }
        try tell(outcome)
        try emitLine("Run: \(run.url.path)")
    }

    /// Trains; where a signal stops it, says what goes on with it.
    private func stoppable(_ training: Training, _ run: RunFolder) throws -> Training.Outcome {
        let signals = StopSignals.shared
        signals.advise("braid train \(source) --out \(out ?? run.url.path) --resume")
        do { return try training(resume: resume) } catch let stop as TrainingInterrupted {
            throw signals.stopped(stop.description)
        } catch let stop as Stopped {
            throw signals.stopped(stop.description)
        }
    }

    /// Says that nothing is left to do, and leaves everything as it is.
    private func tell(_ record: RunRecord, of run: RunFolder) throws {
        if json { return try printJSON(TrainingFigures(run)) }
        let figures = record.test.sorted { $0.key < $1.key }.map { "\($0.key) \(String(format: "%.4f", $0.value))" }
        try emitLine(
            "Already complete, since \(record.started.formatted(.iso8601)): epoch \(record.bestEpoch) is the model. Nothing was changed."
        )
        if !figures.isEmpty { try emitLine("Test split: \(figures.joined(separator: ", "))") }
        try emitLine("Run: \(run.url.path)")
    }

    private func tell(_ outcome: Training.Outcome) throws {
        if let choice = outcome.findings.choice { try emitLine("\(choice.summary)\n") }
        for sentence in outcome.findings.averages.summary { try emitLine("\(sentence)\n") }
        if let test = outcome.test { try emitLine("Test split, \(outcome.selection):\n\n\(try test.report())") }
        if let stages = outcome.findings.stages { try emitLine(stages.table) }
        if let evaluation = outcome.findings.evaluation { try emitLine(evaluation.table) }
        if let adaptation = outcome.findings.adaptation { try emitLine(adaptation.table) }
        if let ablation = outcome.ablation { try emitLine(ablation.table) }
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
