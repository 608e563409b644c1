internal import Foundation

/// Going on with what an earlier training left, and telling when there is nothing to go on with.
extension Training {
    /// What a complete run recorded, of which nothing is left to do; nil where `resume` would go on with something.
    ///
    /// - Throws: `BraidError` where the manifest or the run's files cannot be read.
    public func completed() throws -> RunRecord? {
        guard FileManager.default.fileExists(atPath: run.record.path) else { return nil }
        // What an earlier version of Braid wrote does not say it.
        guard let record = try? run.readRecord() else { return nil }
        let start = try TrainingStart(configuration, SilentReporter())
        let isSame =
            try before(start.configuration).differing.isEmpty && record.configurationSHA256 == Fingerprint.of(run.configuration)
        return try isSame && record.manifestSHA256 == Fingerprint.of(start.manifest.url) ? record : nil
    }

    /// Whether a training that shall go on has nothing to go on with, so that it begins.
    func isToBegin() throws -> Bool {
        guard run.isUnbegun else { return false }
        reporter.note("\(run.url.path) holds no run yet: training begins")
        return true
    }

    /// The configuration that the run has, and the keys in which `configuration` differs from it.
    private func before(_ configuration: Configuration) throws -> (configuration: Configuration, differing: [String]) {
        let before = try Configuration.read(run.configuration, facts: configuration.facts)
        return (before, before.keysThatDiffer(from: configuration))
    }

    /// Looks whether the run's configuration is the one that is given, and takes over what may change.
    ///
    /// - Throws: `BraidError` that names the keys which differ and may not.
    func checkSame(_ configuration: Configuration) throws {
        let (before, differing) = try before(configuration)
        let mayDiffer = Self.mayDiffer + [configuration.training.phasePlan.lastEpochsKey].compactMap { $0 }
        let others = differing.filter { !mayDiffer.contains($0) }
        guard others.isEmpty, configuration.training.epochs >= before.training.epochs else {
            let shown = (others.isEmpty ? differing : others).map { key in
                "\(key) (\(before.text(of: key)) there, \(configuration.text(of: key)) now)"
            }
            throw BraidError(
                .badConfiguration,
                "\(run.configuration.path) differs from the configuration given: \(shown.joined(separator: ", ")); resume with the same (only training.epochs may grow, and training.early_stopping.patience, training.checkpoint.steps and minutes and training.soup change), or start a new run"
            )
        }
        guard !differing.isEmpty else { return }
        if configuration.training.epochs > before.training.epochs {
            reporter.note("goes on to epoch \(configuration.training.epochs), at the learning rates of a training of that many")
        }
        try AtomicFile.write(configuration.yaml(in: run.url), to: run.configuration)
    }

    /// What may be another where a run goes on.
    private static let mayDiffer = [
        "training.epochs", "training.early_stopping.patience", "training.checkpoint.steps", "training.checkpoint.minutes",
        "training.soup", "tracking.projector", "tracking.mlflow", "tracking.experiment",
    ]
}
