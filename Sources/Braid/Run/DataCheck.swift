public import Foundation
internal import Torch

/// What a look at a manifest's data finds before anything is trained on them.
public struct DataCheck {
    /// Samples by head, split and class; of regression heads by split alone, the class empty.
    public let counts: [(head: String, splits: [Split: [String: Int]])]
    /// Samples that lack each modality.
    public let missing: [Modality: Int]
    /// The samples of the manifest.
    public let total: Int
    /// What makes training impossible or its figures wrong.
    public let errors: [String]
    /// What a user should know and may accept.
    public let warnings: [String]

    /// Reads the manifest and decodes every medium in it. What is in memory grows by some dozen bytes a sample.
    ///
    /// `heads` is what is to be learnt; nil: the column `label`, of whatever task it looks like.
    ///
    /// - Throws: `BraidError` where the manifest cannot be opened; what is wrong in it is in `errors`.
    public init(
        manifest url: URL, columns: Columns = Columns(), splits: SplitFractions = SplitFractions(),
        heads: [HeadSettings]? = nil, reporter: any Reporter = SilentReporter()
    ) throws {
        let heads = try heads ?? [ConfigurationProposal.head(for: url, columns)]
        try self.init(url, columns, splits, heads, frontEnds: [:], onBadSample: .fail, reporter)
    }

    /// Reads what a configuration names, and prepares every medium as its encoders will.
    ///
    /// - Throws: `BraidError` where the manifest cannot be opened, or an encoder cannot be built.
    public init(_ configuration: Configuration, reporter: any Reporter = SilentReporter()) throws {
        // A table's own check needs no statistics of its rows.
        let frontEnds = try configuration.modalities.filter { !$0.value.isFitted }.map { modality, settings in
            let encoder = try ModalityEncoder(modality, settings, relativeTo: configuration.folder, reporter: reporter)
            return (modality, encoder.frontEnd)
        }
        try self.init(
            configuration.manifestURL, configuration.columns, configuration.splits, configuration.heads,
            frontEnds: Dictionary(uniqueKeysWithValues: frontEnds), onBadSample: configuration.onBadSample, reporter)
    }

    private init(
        _ url: URL, _ columns: Columns, _ splits: SplitFractions, _ heads: [HeadSettings],
        frontEnds: [Modality: any FrontEnd], onBadSample: BadSample.Policy, _ reporter: any Reporter
    ) throws {
        var census = MediaCensus(url, columns.modalities, frontEnds, reporter)
        var rows = CheckedRows(heads, seed: splits.seed)
        var unfilled = Set(columns.inTables)
        // Media are read all the same where the manifest has faults: what is wrong with them shows in one go.
        let scan = try ManifestScan(url, columns: columns, onBadSample: onBadSample, reporter: reporter) { sample in
            census.add(sample)
            for modality in columns.tables.keys where !unfilled.isEmpty {
                if let medium = sample.media[modality], let row = try? TableRow(medium) { unfilled.subtract(row.cells.keys) }
            }
            rows.append(sample)
        }
        census.finish()
        let division = splits.divide(&rows, by: heads.stratum, hasSplits: scan.hasSplits)
        let empty = rows.count == 0 ? [] : columns.inTables.filter(unfilled.contains)
        var errors = scan.faults.map(\.description) + Self.leakage(rows, census)
        errors += empty.map { "column \($0) is empty in every row; leave it out of its table" }
        var warnings = scan.notes + [division].compactMap { $0 } + Self.conflicts(rows, census, heads.map(\.column))
        switch onBadSample {
        case .fail: errors += census.bad.map(\.description)
        case .skip: warnings += (scan.missingFiles + census.bad).map { "will be skipped: \($0)" }
        }

        let present = Set(rows.all.compactMap(\.split))
        // Where no row could be read at all, what splits lack says nothing more.
        for split in [Split.train, .val] where !present.contains(split) && rows.count > 0 {
            errors.append("split \(split.rawValue) has no samples; training needs some")
        }
        if !present.contains(.test) && rows.count > 0 {
            warnings.append("split test has no samples; training will report no test figures")
        }
        var counts: [(head: String, splits: [Split: [String: Int]])] = []
        for head in heads {
            let found = Self.counts(rows, head)
            counts.append((head.name, found))
            errors += Self.labelFaults(rows, head, file: url.lastPathComponent)
            warnings += Self.nearlyEqual(found, head) + Self.namesOfNothing(rows, head)
            warnings += Self.imbalance(found[.train] ?? [:], head)
        }
        (self.errors, self.warnings, self.counts) = (errors, warnings, counts)
        total = rows.count
        missing = census.counts.mapValues { [total] in total - $0 }
    }

    /// The same medium in two splits: what is tested was trained on.
    private static func leakage(_ rows: CheckedRows, _ census: MediaCensus) -> [String] {
        census.modalities.filter { !$0.kind.mayRepeat }.compactMap { modality in
            let pairs = census.repeats(of: modality).compactMap { pair -> String? in
                let (a, b) = (rows.row(pair.first), rows.row(pair.second))
                guard a.split != b.split else { return nil }
                return "lines \(a.line) (\(a.split?.rawValue ?? "none")) and \(b.line) (\(b.split?.rawValue ?? "none"))"
            }
            guard !pairs.isEmpty else { return nil }
            let more = pairs.count > 3 ? ", …" : ""
            return
                "leakage: \(counted(pairs.count, "\(modality) file")) with the same content in two splits: \(pairs.prefix(3).joined(separator: "; "))\(more)"
        }
    }

    /// Samples that are the same in everything but the label.
    private static func conflicts(_ rows: CheckedRows, _ census: MediaCensus, _ columns: [String]) -> [String] {
        let labels = { (row: CheckedRows.Row) in columns.map { row.label($0) ?? "nothing" }.joined(separator: ", ") }
        return census.wholeRepeats.map { pair in
            let (a, b) = (rows.row(pair.first), rows.row(pair.second))
            return "lines \(a.line) and \(b.line) are the same sample"
                + (labels(a) == labels(b) ? "" : ", labelled \(labels(a)) and \(labels(b))")
        }
    }
}
