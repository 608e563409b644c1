internal import Foundation
internal import Torch

/// Trains a fused classifier as a configuration asks, and leaves a run folder.
public struct Training {
    let configuration: Configuration
    let run: RunFolder
    let reporter: any Reporter
    private let command: [String]
    private let afterEpoch: ((Int) throws -> Void)?
    private let interruption: Interruption?

    /// - Parameters:
    ///   - configuration: What is trained, on what, and how.
    ///   - run: The folder that the run is left in.
    ///   - reporter: Is told of progress, and of what was loaded or left out.
    ///   - command: What `run.json` records as having made the run.
    ///   - interruption: Who may ask the training to stop.
    ///   - afterEpoch: Called with each epoch's number once its checkpoint is written; throwing ends the training there.
    public init(
        _ configuration: Configuration, into run: RunFolder, reporter: any Reporter = SilentReporter(), command: [String] = [],
        interruption: Interruption? = nil, afterEpoch: ((Int) throws -> Void)? = nil
    ) {
        self.configuration = configuration
        self.run = run
        self.reporter = reporter
        self.command = command
        self.afterEpoch = afterEpoch
        self.interruption = interruption
    }

    /// What came of a training.
    public struct Outcome {
        /// The model of the best epoch, calibrated.
        public let model: FusionModel
        /// Of the best checkpoint on the test split; nil where there is none.
        public let test: Predictions?
        /// What each modality adds on the test split; nil where there is none, one modality, or an encoder that is trained, so that it would have
        /// to run for each subset anew.
        public let ablation: Ablation?
        /// The figures of each epoch.
        public let history: [EpochRecord]
        /// The number of the epoch that the model is of, from 1.
        public let bestEpoch: Int
        /// Which weights the model has, and what they were chosen by, in words: `epoch 12 of 20, the best by macro_f1 on val`.
        public let selection: String
        /// What the training chose, and what speaks for it.
        public let findings: TrainingFindings
        /// Left out because their media cannot be read.
        public let skipped: [BadSample]
    }

    /// Trains, or goes on with what an interrupted training left.
    ///
    /// - Parameter resume: Whether to go on from the run's last checkpoint.
    /// - Throws: `BraidError` where data, configuration or checkpoint do not fit; what was finished before stays in the run folder.
    ///   `TrainingInterrupted` where it was asked to stop.
    public func callAsFunction(resume: Bool = false) throws -> Outcome {
        // The clock of the day may be set while a training runs: it says when, and not how long.
        let (started, clock) = (Date(), ContinuousClock.now)
        let resume = try resume && !isToBegin()
        let start = try TrainingStart(configuration, reporter)
        let (configuration, manifest) = (start.configuration, start.manifest)
        configuration.noteIdle(["search"], in: "train", reporter)
        let fingerprint = try Fingerprint.of(manifest.url)
        var preparation = try PhasePreparation(
            start.continuation?.configuration ?? configuration, manifest, start.targets, fingerprint: fingerprint,
            device: try configuration.device.resolve(), reporter: reporter, continuing: start.continuation)
        let lock = try run.claim(resume: resume)
        defer { lock.release() }
        if resume { try checkSame(configuration) }
        try run.settleChoices(on: preparation.device, resume: resume)
        try Generator.seed(UInt64(configuration.training.seed))
        let tracking = try Tracking(configuration.tracking, tracked(fingerprint, resume: resume), reporter)
        var isDone = false
        defer { if !isDone { tracking.abandon() } }
        if !resume { try AtomicFile.write(configuration.yaml(in: run.url), to: run.configuration) }
        let lineage = start.continuation?.lineage(manifestSHA256: fingerprint)
        if let lineage { try keep(lineage, resume: resume) }
        let choice = try choose(&preparation, resume: resume)
        let tuned = try PairTraining(preparation, run: run, interruption: interruption)?(resume: resume)
        if let tuned { try preparation.take(tuned) }
        var adaptation = try adapt(&preparation, resume: resume)
        var fitted = FittedTraining(preparation: preparation, run: run, tracking: tracking)
        let trained =
            preparation.configuration.fusion.kind.making != .trained
            ? try fitted()
            : try PhasedTraining(
                preparation: preparation, run: run, afterEpoch: afterEpoch, interruption: interruption,
                tracking: tracking)(resume: resume)
        let (model, data) = (trained.model, trained.data)
        let seen = SeenRows(manifest.samples)
        model.seen = start.continuation?.earlier.seen.map { $0.union(seen) } ?? seen
        model.lineage = lineage
        let test = try data.test.map { try model.predict($0) }
        model.tested = try test.map { TestFigures(rows: $0.samples.count, scores: try $0.allScores()) }
        if let reference = try driftReference(preparation.configuration, model, data, test) { model.driftReference = reference }
        try run.checkPresent()
        try ModelFolder.write(model, to: run.model)
        try run.write(trained.averages)
        try adaptation?.judge(model, preparation)
        if let adaptation { try run.write(adaptation) }
        let stages = try start.continuation.map { continuation in
            try StageEvaluation(
                continuation: continuation, run: run, device: preparation.device, reporter: reporter,
                cache: configuration.embeddingCache()
            )(model, data.test, manifest: manifest.url, seed: configuration.training.seed)
        }
        if let stages { try run.write(stages) }
        let ablation = try ablate(model, data.test)
        let evaluation = try evaluate(&preparation)
        var findings = TrainingFindings()
        (findings.choice, findings.evaluation, findings.averages) = (choice, evaluation, trained.averages)
        (findings.adaptation, findings.stages) = (adaptation, stages)
        let outcome = Outcome(
            model: model, test: test, ablation: ablation, history: trained.history, bestEpoch: trained.bestEpoch,
            selection: trained.selection(configuration.training), findings: findings, skipped: data.skipped)
        let embedding = trained.embeddingSeconds
        var seconds = [
            "embedding": embedding, "training": (ContinuousClock.now - clock) / .seconds(1) - embedding - (tuned?.seconds ?? 0),
        ]
        seconds["contrastive"] = tuned?.seconds
        var record = try record(
            outcome, manifest, fingerprint, data, preparation.device, started, seconds, trained.stoppedEarly, tuned?.trained ?? 0)
        if let test {
            try Report(
                test, title: run.url.lastPathComponent, history: trained.history, ablation: ablation, findings: findings,
                source: source(record, outcome, manifest, data)
            )
            .write(to: run)
        }
        try run.write(record)
        try tracking.finish(end(outcome, data.test))
        // Last of all: only now nothing is left to go on with.
        record.configurationSHA256 = try Fingerprint.of(run.configuration)
        try run.write(record)
        isDone = true
        return outcome
    }

    /// Chooses the fusion where the configuration leaves it to training, and puts it into `preparation`. A resumed run keeps its choice.
    private func choose(_ preparation: inout PhasePreparation, resume: Bool) throws -> FusionChoice? {
        let configuration = preparation.configuration
        guard configuration.fusion.kind.isAutomatic else { return nil }
        let kept = resume ? try JSONText.record(run.choice, as: FusionChoice.self) : nil
        let choice =
            try kept ?? FusionChooser.untried(configuration)
            ?? {
                let samples = try preparation.embedFrozen()
                return try FusionChooser(
                    configuration: configuration, targets: preparation.targets, device: preparation.device, reporter: reporter
                ).choose(samples.encoders, samples.source)
            }()
        guard let kind = FusionKind.registry[choice.fusion],
            let chosen = try configuration.choosing(kind, members: choice.members ?? [])
        else {
            throw BraidError(
                .badData, "\(run.choice.path): names no fusion that can do what the configuration asks; start a new run")
        }
        try run.write(choice)
        preparation.configuration = chosen
        return choice
    }

    /// Tries what the configuration names on a target domain, and puts what is kept into `preparation`. A resumed run keeps its choice.
    private func adapt(_ preparation: inout PhasePreparation, resume: Bool) throws -> AdaptationRecord? {
        guard let settings = preparation.configuration.training.adaptation, let domain = preparation.domain else { return nil }
        let kept = resume ? try JSONText.record(run.adaptation, as: AdaptationRecord.self) : nil
        let record = try kept ?? preparation.tryAdaptation(settings, domain)
        reporter.note(record.summary)
        try run.write(record)
        preparation.configuration = try preparation.configuration.adapting(by: record.hasHelped ? record.method : nil)
        return record
    }

    /// What cross-validation says of the recipe as it was given.
    private func evaluate(_ preparation: inout PhasePreparation) throws -> CrossEvaluation? {
        let asked = preparation.asked
        guard asked.evaluation.folds > 0 else { return nil }
        let samples = try preparation.embedFrozen(tokens: asked.fusion.tokens)
        let evaluation = try CrossEvaluator(
            configuration: asked, targets: preparation.targets, device: preparation.device, reporter: reporter
        )(samples.encoders, samples.source)
        try run.write(evaluation)
        return evaluation
    }

    /// What is kept of the data for `braid drift`; nil where nothing is to be.
    private func driftReference(
        _ configuration: Configuration, _ model: FusionModel, _ data: SplitData, _ test: Predictions?
    ) throws -> DriftReference? {
        guard configuration.training.driftReference > 0 else { return nil }
        let isOfBoth = configuration.training.refit && configuration.fusion.kind.making != .trained
        let source = DriftReference.Source(
            data: data, learntFrom: isOfBoth ? [.train, .val] : [.train],
            changed: Set(self.configuration.modalities.filter { $0.value.train != .none }.keys),
            answered: test.map { [.test: $0] } ?? [:])
        return try DriftReference(
            model, source, rows: configuration.training.driftReference, seed: configuration.training.seed)
    }

    /// What each modality adds, with a warning where a single one does as well.
    private func ablate(_ model: FusionModel, _ test: BatchSource?) throws -> Ablation? {
        guard let test, model.modalities.count > 1, model.encoders.values.allSatisfy(\.isFrozen) else { return nil }
        let ablation = try Ablation(model, test)
        for head in ablation.heads {
            guard let verdict = head.verdict, verdict.judgement == .unproven || verdict.judgement == .worse,
                let single = head.bestSingle?.modalities.first
            else { continue }
            let name = ablation.heads.count > 1 ? "\(head.name): " : ""
            reporter.note(
                "warning: \(name)\(single) alone does as well as the fusion on these \(verdict.items) test rows; braid compare tells more"
            )
        }
        return ablation
    }

    /// `lineage.json`: which model the run begins with. A resumed run begins with the same.
    private func keep(_ lineage: Lineage, resume: Bool) throws {
        guard resume else { return try run.write(lineage) }
        let kept = try JSONText.record(run.lineage, as: Lineage.self)
        guard kept?.parent == lineage.parent else {
            throw BraidError(
                .badConfiguration,
                "init_from: \(configuration.initFrom ?? "") is not the model that this run began with: it was trained again, or changed; start a new run"
            )
        }
    }

    /// What trackers are told at the beginning.
    private func tracked(_ fingerprint: String, resume: Bool) -> TrackedRun {
        TrackedRun(
            folder: run, parameters: configuration.parameters(in: run.url),
            facts: [
                ("braid.version", Version.current), ("braid.libtorch", Library.version), ("braid.manifest_sha256", fingerprint),
            ],
            resumes: resume)
    }

    /// What trackers are told at the end.
    private func end(_ outcome: Outcome, _ test: BatchSource?) throws -> TrackedEnd {
        let best = outcome.history.first { $0.epoch == outcome.bestEpoch }
        return TrackedEnd(
            step: best?.step ?? 0, test: outcome.test,
            embeddings: try test.flatMap { try embeddings(outcome.model, $0) },
            files: ["report.html", "report.txt", "config.yaml", "run.json"].map(run.file)
                .filter { FileManager.default.fileExists(atPath: $0.path) })
    }

    /// Fused embeddings of evenly spaced test rows, no more values than a page of the projector can take.
    private func embeddings(_ model: FusionModel, _ test: BatchSource) throws -> (rows: [Int], values: [[Float]])? {
        let width = model.fusedDimension
        let most = min(configuration.tracking.projector, width > 0 ? Self.mostProjected / width : 0, test.samples.count)
        guard most > 0 else { return nil }
        let rows = (0..<most).map { $0 * test.samples.count / most }
        let flat = try model.fused(test.subset(rows)).moved(to: .cpu).converted(to: .float32).array() as [Float]
        return (rows, rows.indices.map { Array(flat[$0 * width..<($0 + 1) * width]) })
    }

    private static let mostProjected = 500_000

    /// Where the report's figures come from.
    private func source(_ record: RunRecord, _ outcome: Outcome, _ manifest: Manifest, _ data: SplitData) -> ReportSource {
        let modalities = outcome.model.modalities
        return ReportSource(
            record, manifest: manifest.url, modalities: modalities,
            configuration: (try? InputFile.document(run.configuration, "")).flatMap { String(validating: $0, as: UTF8.self) },
            chosenBy: configuration.training.stoppingTitle(outcome.model), history: outcome.history,
            parts: [.init("train", data.train.samples, modalities), .init("val", data.val.samples, modalities)])
    }

    private func record(
        _ outcome: Outcome, _ manifest: Manifest, _ fingerprint: String, _ data: SplitData, _ device: Device, _ started: Date,
        _ seconds: [String: Double], _ stoppedEarly: Bool, _ tuned: Int
    ) throws -> RunRecord {
        let (counts, findings) = (outcome.model.parameterCounts, outcome.findings)
        return try RunRecord(
            command: command, braid: Version.current, libtorch: Library.version, seed: configuration.training.seed,
            device: device.description, int8: outcome.model.int8Records, manifest: manifest.url.lastPathComponent,
            manifestSHA256: fingerprint, configurationSHA256: nil,
            samples: ["train": data.train.samples.count, "val": data.val.samples.count, "test": data.test?.samples.count ?? 0],
            trainedParameters: counts.trained + tuned, allParameters: counts.all, started: started, seconds: seconds,
            stoppedEarly: stoppedEarly, bestEpoch: outcome.bestEpoch, averages: findings.averages,
            fusion: outcome.model.settings.fusion.kind.name, choice: findings.choice, evaluation: findings.evaluation,
            adaptation: findings.adaptation, lineage: outcome.model.lineage, stages: findings.stages,
            test: outcome.test?.allScores() ?? [:], calibration: outcome.model.calibration.temperatures)
    }
}
