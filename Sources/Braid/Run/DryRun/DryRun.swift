internal import Foundation
internal import Torch

/// Finds out what a training would do and take, without training: encoders are loaded, and a few real steps are made on real samples. It
/// leaves no run folder, and nothing in the cache.
public struct DryRun {
    private let configuration: Configuration
    private let reporter: any Reporter

    /// - Parameters:
    ///   - configuration: What would be trained, on what, and how.
    ///   - reporter: Is told of progress, and of what was loaded or left out.
    public init(_ configuration: Configuration, reporter: any Reporter = SilentReporter()) {
        (self.configuration, self.reporter) = (configuration, reporter)
    }

    /// Tries each phase.
    ///
    /// - Throws: `BraidError` where data or configuration do not fit, as the training would.
    public func callAsFunction() throws -> TrainingForecast {
        let start = try TrainingStart(configuration, reporter)
        let (manifest, targets) = (start.manifest, start.targets)
        let configuration = start.continuation?.configuration ?? start.configuration
        guard configuration.fusion.kind.making == .trained else {
            throw BraidError(
                .badConfiguration,
                "fusion.type: \(configuration.fusion.kind.name): its phases are not known before a training; --dry-run tells of fusions that are trained by gradients"
            )
        }
        let device = try configuration.device.resolve()
        let process = ResidentMemory.current ?? 0
        try Generator.seed(UInt64(configuration.training.seed))
        let chosen = Manifest(
            url: manifest.url, samples: Self.chosen(manifest.samples, configuration.training),
            hasSplitColumn: manifest.hasSplitColumn)
        let preparation = try PhasePreparation(
            try configuration.with(["embedding_cache": "false"]).fitting(manifest, reporter: SilentReporter()), chosen, targets,
            fingerprint: "", device: device, reporter: SilentReporter(), continuing: start.continuation)
        var forecaster = PhaseForecaster(
            configuration: configuration, samples: manifest.samples, device: device, process: process)
        let progress = reporter.begin("trying phases", total: preparation.phases.count)
        let phases = try preparation.phases.map { phase in
            defer { progress.advance() }
            return try forecaster.forecast(phase, preparation)
        }
        progress.finish()
        let counts = { (split: Split) in manifest.samples.count { $0.split == split } }
        return TrainingForecast(
            device: device.description, samples: ["train": counts(.train), "val": counts(.val), "test": counts(.test)],
            stepSize: configuration.training.batchSize * configuration.training.accumulation,
            optimizer: configuration.training.optimizer.rawValue, phases: phases, afterwards: forecaster.afterwards,
            basis: forecaster.basis)
    }

    /// The first batch of the training's own order, and as many val samples at most.
    private static func chosen(_ samples: [Sample], _ settings: TrainingSettings) -> [Sample] {
        var random = RandomSource(seed: UInt64(settings.seed))
        let train = samples.filter { $0.split == .train }
        let order = train.indices.shuffled(using: &random).prefix(settings.batchSize)
        return order.map { train[$0] } + samples.filter { $0.split == .val }.prefix(settings.batchSize)
    }
}
