internal import Foundation

/// What a reading of a manifest from its first row to its last finds besides samples, which are given away as they come.
struct ManifestScan {
    /// Everything that is wrong with the file, in the order of its lines.
    let faults: [Fault]
    /// Whether the file says which split a sample is in.
    let hasSplits: Bool
    /// Files that samples name and that are not there.
    let missingFiles: [BadSample]
    /// What a reader of the manifest should know.
    let notes: [String]

    /// Reads the file.
    ///
    /// - Parameter body: Takes each sample; whoever needs less than all of it keeps less.
    init(
        _ url: URL, columns: Columns, needsLabels: Bool = true, onBadSample: BadSample.Policy, reporter: any Reporter,
        _ body: (Sample) -> Void
    ) throws {
        var reader = RowReader(url)
        let unreachable = try WebMedia.fetch(for: url, columns, reporter)
        var builder = SampleBuilder(manifest: url, columns: columns, needsLabels: needsLabels, unreachable: unreachable)
        try reader.read(until: { builder.faultCount(onBadSample) > Limit.faults.value }) { row in
            builder.add(row)
            for sample in builder.take() { body(sample) }
        }
        faults = Manifest.faults(reader, builder, columns, onBadSample: onBadSample)
        notes = reader.notes + (onBadSample == .skip ? builder.notes : []) + [columns.absence].compactMap { $0 }
        (hasSplits, missingFiles) = (builder.hasSplits, builder.missingFiles)
    }
}
