internal import Foundation

/// What a training starts with: the manifest, the configuration as it acts on it, the earlier model where there is one, and what heads predict.
struct TrainingStart {
    let manifest: Manifest
    /// As asked, for the manifest.
    let configuration: Configuration
    /// nil where the training begins anew.
    let continuation: Continuation?
    /// One a head.
    let targets: [Target]

    init(_ asked: Configuration, _ reporter: any Reporter) throws {
        let read = try Manifest.read(
            asked.manifestURL, columns: asked.columns, splits: asked.splits, stratum: asked.heads.stratum,
            onBadSample: asked.onBadSample, reporter: reporter)
        for note in read.notes { reporter.note(note) }
        configuration = try asked.fitting(read, reporter: reporter)
        continuation = try Continuation(configuration, reporter)
        manifest = continuation?.honest(read, reporter) ?? read
        let samples = manifest.samples
        targets =
            try continuation?.targets(manifest, reporter)
            ?? configuration.heads.map { try Target.fit($0, samples, file: read.url.lastPathComponent) }
    }
}
