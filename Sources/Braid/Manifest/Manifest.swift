public import Foundation

/// The samples of a manifest file, each with its split.
public struct Manifest: Sendable {
    /// The file.
    public let url: URL
    /// Every row, in the file's order.
    public let samples: [Sample]
    /// Whether the file says which split a sample is in.
    public let hasSplitColumn: Bool
    /// Files that samples name and that are not there. `samples` still holds those samples.
    public let missingFiles: [BadSample]

    /// Makes one from its parts, for samples that no file was read for.
    public init(url: URL, samples: [Sample], hasSplitColumn: Bool = false, missingFiles: [BadSample] = []) {
        self.url = url
        self.samples = samples
        self.hasSplitColumn = hasSplitColumn
        self.missingFiles = missingFiles
    }

    /// Reads a manifest whole, and reports everything that is wrong with it in one error.
    ///
    /// - Parameters:
    ///   - url: The file.
    ///   - columns: Which column of the file holds what: the mapping.
    ///   - adaptsColumns: Whether the mapping gives way to the file's own columns.
    ///   - splits: How samples are split where the file has no split column; nil leaves them without one.
    ///   - stratum: The label column whose classes splits divide alike; nil where labels are no classes.
    ///   - needsLabels: Whether a row without a label is a fault, as it is in training.
    ///   - onBadSample: Whether a media file that is missing is a fault, or only noted in `missingFiles`.
    /// - Throws: `BraidError` with every fault by file, line and column. Missing media files are among them only where
    ///   there is a fault of another kind too, or `onBadSample` is `.fail`.
    public static func read(
        _ url: URL, columns: Columns = Columns(), adaptsColumns: Bool = false, splits: SplitFractions? = SplitFractions(),
        stratum: String? = "label", needsLabels: Bool = true,
        onBadSample: BadSample.Policy = .fail
    ) throws -> Manifest {
        let columns = adaptsColumns ? columns.adapted(to: try RowReader.columns(of: url)) : columns
        var reader = RowReader(url)
        var builder = SampleBuilder(manifest: url, columns: columns, needsLabels: needsLabels)
        try reader.read { builder.add($0) }
        try check(reader, builder, columns, onBadSample: onBadSample)
        var samples = builder.samples
        if let splits, !builder.hasSplits { splits.assign(&samples, by: stratum) }
        return Manifest(url: url, samples: samples, hasSplitColumn: builder.hasSplits, missingFiles: builder.missingFiles)
    }

    /// - Throws: `BraidError` with everything that is wrong with a file that was read to its end.
    static func check(
        _ reader: RowReader, _ builder: SampleBuilder, _ columns: Columns, onBadSample: BadSample.Policy
    ) throws {
        let file = reader.url.lastPathComponent
        let headerFaults = columns.faults(in: reader.columns, file: file) + builder.columnFaults(reader.columns)
        var faults = headerFaults + reader.faults + builder.faults
        if faults.isEmpty && builder.count == 0 { faults.append(Fault("the manifest has a header and no rows", file: file)) }
        let missing = builder.missingFiles
        guard faults.isEmpty, onBadSample == .skip || missing.isEmpty else {
            let all = faults + missing.map(\.fault)
            throw BraidError(.badData, faults: all.sorted { ($0.line ?? 0) < ($1.line ?? 0) })
        }
    }

    /// The samples of one split, in the file's order.
    public func samples(in split: Split) -> [Sample] { samples.filter { $0.split == split } }

    /// The modalities that any sample has.
    public var modalities: [Modality] { Modality.allCases.filter { modality in samples.contains { $0.has(modality) } } }
}

/// A sample whose media cannot be used: which, where it stands, and why.
public struct BadSample: Error, Sendable, CustomStringConvertible {
    /// What becomes of such samples.
    public enum Policy: String, CaseIterable, Sendable {
        /// The run ends before anything is trained.
        case fail
        /// The sample is left out, and reported.
        case skip
    }

    /// The sample's id.
    public let id: String
    /// What is wrong with it, by file, line and column.
    public let fault: Fault

    init(_ sample: Sample, manifest: URL, field: String, message: String) {
        id = sample.id
        fault = Fault(message, file: manifest.lastPathComponent, line: sample.line, field: field)
    }

    /// The fault in a line.
    public var description: String { fault.description }
}
