internal import Foundation

/// The samples of a target domain as training sees them: without labels.
struct AdaptationTarget {
    /// Whose samples have no labels, and ids that no sample of the source has.
    let manifest: Manifest
    private let columns: Columns
    private let onBadSample: BadSample.Policy

    static let prefix = "target:"

    /// Reads what a configuration names; nil where it names none.
    ///
    /// - Throws: `BraidError` where the manifest cannot be read, or a sample has none of the modalities.
    init?(_ configuration: Configuration, reporter: any Reporter) throws {
        guard let settings = configuration.training.adaptation else { return nil }
        let url = Paths.resolve(settings.target, in: configuration.folder)
        (columns, onBadSample) = (configuration.columns, configuration.onBadSample)
        // Cells of ignored columns are dropped as a row is read: no label gets any further.
        let labels = columns.oneHot + columns.labels.map(columns.name)
        let unlabelled = Columns(
            names: columns.names, ignored: columns.ignored + labels, labels: columns.labels, modalities: columns.modalities)
        let read = try Manifest.read(
            url, columns: unlabelled, adaptsColumns: true, splits: nil, needsLabels: false, onBadSample: onBadSample,
            reporter: reporter)
        for note in read.notes { reporter.note(note) }
        let file = url.lastPathComponent
        let bare = read.samples.filter { sample in !configuration.modalities.keys.contains(where: sample.has) }
        guard bare.isEmpty else {
            let names = configuration.modalities.keys.sorted().map(\.rawValue).joined(separator: ", ")
            throw BraidError(
                .badData,
                faults: bare.map { Fault("has none of the configured modalities (\(names))", file: file, line: $0.line) })
        }
        manifest = Manifest(
            url: url, samples: read.samples.map { Self.renamed($0, labels: [:]) }, hasSplitColumn: read.hasSplitColumn)
        guard !adapting(manifest.samples).isEmpty else {
            throw BraidError(.badData, "\(file): every row is of the test split, so that none is left to adapt to")
        }
    }

    private static func renamed(_ sample: Sample, labels: [String: String]) -> Sample {
        Sample(
            id: prefix + sample.id, line: sample.line, split: sample.split, group: sample.group, media: sample.media,
            labels: labels, weight: sample.weight)
    }

    /// The numbers of the samples to adapt to.
    func adapting(_ samples: [Sample]) -> [Int] {
        samples.indices.filter { !manifest.hasSplitColumn || samples[$0].split != .test }
    }

    /// The numbers of those that judge; the same where the manifest has no split column.
    func judging(_ samples: [Sample]) -> [Int] {
        samples.indices.filter { !manifest.hasSplitColumn || samples[$0].split == .test }
    }

    /// The same samples with the labels that the manifest has for them, as far as `targets` know them: for figures, once nothing is chosen any more.
    func labelled(_ samples: [Sample], _ targets: [Target]) throws -> [Sample] {
        let read = try Manifest.read(
            manifest.url, columns: columns, adaptsColumns: true, splits: nil, needsLabels: false, onBadSample: .skip)
        let labels = Dictionary(read.samples.map { (Self.prefix + $0.id, $0.labels) }, uniquingKeysWith: { first, _ in first })
        return samples.map { sample in
            let known = (labels[sample.id] ?? [:]).filter { column, text in
                targets.contains { $0.column == column && (try? $0.value(of: text)) != nil }
            }
            return Sample(
                id: sample.id, line: sample.line, split: sample.split, group: sample.group, media: sample.media, labels: known,
                weight: sample.weight)
        }
    }
}
