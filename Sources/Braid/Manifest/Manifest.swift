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
    /// What a reader of the manifest should know: rows that were left out, splits that were made.
    public let notes: [String]

    /// Makes one from its parts, for samples that no file was read for.
    public init(
        url: URL, samples: [Sample], hasSplitColumn: Bool = false, missingFiles: [BadSample] = [], notes: [String] = []
    ) {
        self.url = url
        self.samples = samples
        self.hasSplitColumn = hasSplitColumn
        self.missingFiles = missingFiles
        self.notes = notes
    }

    /// Reads a manifest whole, and reports everything that is wrong with it in one error.
    ///
    /// - Parameters:
    ///   - url: The file.
    ///   - columns: Which column of the file holds what: the mapping.
    ///   - adaptsColumns: Whether the mapping gives way to the file's own columns.
    ///   - given: What is said of the file's columns beyond the mapping that gives way.
    ///   - splits: How samples are split where the file has no split column; nil leaves them without one.
    ///   - stratum: The label column whose classes splits divide alike; nil where labels are no classes.
    ///   - needsLabels: Whether a row without a label is a fault, as it is in training.
    ///   - onBadSample: Whether a media file that is missing is a fault, or only noted in `missingFiles`.
    ///   - reporter: Is told of media that are fetched from the web.
    /// - Throws: `BraidError` with every fault by file, line and column. Missing media files are among them only where
    ///   there is a fault of another kind too, or `onBadSample` is `.fail`.
    public static func read(
        _ url: URL, columns: Columns = Columns(), adaptsColumns: Bool = false, given: Columns = Columns(),
        splits: SplitFractions? = SplitFractions(), stratum: String? = "label", needsLabels: Bool = true,
        onBadSample: BadSample.Policy = .fail, reporter: any Reporter = SilentReporter()
    ) throws -> Manifest {
        let columns = adaptsColumns ? columns.adapted(to: try RowReader.columns(of: url), given: given) : columns
        var samples: [Sample] = []
        let scan = try ManifestScan(
            url, columns: columns, needsLabels: needsLabels, onBadSample: onBadSample, reporter: reporter
        ) { samples.append($0) }
        guard scan.faults.isEmpty else { throw BraidError(.badData, faults: scan.faults) }
        // Val is taken from train for training, and not where a model is applied.
        let note = splits?.divide(&samples, by: stratum, hasSplits: scan.hasSplits, holdsOut: !adaptsColumns)
        return Manifest(
            url: url, samples: samples, hasSplitColumn: scan.hasSplits, missingFiles: scan.missingFiles,
            notes: scan.notes + [note].compactMap { $0 })
    }

    /// Everything that is wrong with a file that was read to its end, in the order of its lines. Media that are missing are part of it where
    /// they are not to be skipped, or something else is wrong too.
    static func faults(
        _ reader: RowReader, _ builder: SampleBuilder, _ columns: Columns, onBadSample: BadSample.Policy
    ) -> [Fault] {
        let file = reader.url.lastPathComponent
        let headerFaults = columns.faults(in: reader.columns, file: file) + builder.columnFaults(reader.columns)
        var faults = headerFaults + reader.faults + builder.faults
        if faults.isEmpty && builder.count == 0 && builder.emptyRows.isEmpty {
            faults.append(Fault("the manifest has a header and no rows", file: file))
        }
        // Where no column holds media, that is one fault, and not one a row.
        let isHopeless = !headerFaults.isEmpty && builder.count == 0
        let bad = (isHopeless ? [] : builder.emptyRows) + builder.missingFiles.map(\.fault)
        let count = builder.faultCount(onBadSample)
        if count > Limit.faults.value {
            faults.append(Limit.faults.fault("reading ends after \(count) faults", file: file))
        }
        guard !faults.isEmpty || onBadSample == .fail else { return [] }
        return (faults + bad).sorted { ($0.line ?? 0) < ($1.line ?? 0) }
    }

    /// The samples of one split, in the file's order.
    public func samples(in split: Split) -> [Sample] { samples.filter { $0.split == split } }

    /// The modalities that any sample has.
    public var modalities: [Modality] { Set(samples.lazy.flatMap(\.media.keys)).sorted() }
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
        fault = Fault(message, file: manifest.lastPathComponent, line: sample.line > 0 ? sample.line : nil, field: field)
    }

    /// The fault in a line.
    public var description: String { fault.description }
}
