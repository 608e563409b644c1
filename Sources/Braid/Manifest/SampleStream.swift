internal import Foundation

/// A manifest's samples, some at a time: what is in memory does not grow with the file.
///
/// The file is read twice: whole at first, so that everything that is wrong with it is one error before any work is done.
struct SampleStream {
    let url: URL
    /// How many samples there are, and how many have each modality.
    let count: Int
    let media: [Modality: Int]
    /// What became of rows that are no samples.
    let notes: [String]
    private let columns: Columns
    private let split: Split?
    /// Where a split depends on all rows, they are held.
    private let held: [Sample]?

    /// - Parameters:
    ///   - columns: The mapping, which gives way to the file's own columns.
    ///   - given: What is said of the file's columns beyond that.
    ///   - split: Only these samples; nil for all.
    ///   - splits: How samples are split where the file has no split column.
    /// - Throws: `BraidError` with every fault of the file. Missing media are among them where `onBadSample` is `.fail`.
    init(
        _ url: URL, columns: Columns, given: Columns = Columns(), split: Split? = nil, splits: SplitFractions = SplitFractions(),
        stratum: String?,
        onBadSample: BadSample.Policy, reporter: any Reporter = SilentReporter()
    ) throws {
        self.url = url
        self.split = split
        self.columns = columns.adapted(to: try RowReader.columns(of: url), given: given)
        let unreachable = try WebMedia.fetch(for: url, self.columns, reporter)
        var reader = RowReader(url)
        var builder = SampleBuilder(manifest: url, columns: self.columns, needsLabels: false, unreachable: unreachable)
        var (count, media) = (0, [Modality: Int]())
        try reader.read(until: { builder.faultCount(onBadSample) > Limit.faults.value }) { row in
            builder.add(row)
            for sample in builder.take() where split == nil || sample.split == split {
                count += 1
                for modality in sample.media.keys { media[modality, default: 0] += 1 }
            }
        }
        let faults = Manifest.faults(reader, builder, self.columns, onBadSample: onBadSample)
        guard faults.isEmpty else { throw BraidError(.badData, faults: faults) }
        notes = (onBadSample == .skip ? builder.notes : []) + [self.columns.absence].compactMap { $0 }
        if let split, !builder.hasSplits {
            let all = try Manifest.read(
                url, columns: self.columns, splits: splits, stratum: stratum, needsLabels: false, onBadSample: onBadSample)
            let chosen = all.samples(in: split)
            held = chosen
            self.count = chosen.count
            self.media = Dictionary(
                uniqueKeysWithValues: self.columns.modalities.map { modality in (modality, chosen.count { $0.has(modality) }) })
        } else {
            held = nil
            (self.count, self.media) = (count, media)
        }
    }

    /// Calls `body` with `size` samples at a time, in the file's order.
    func forEach(_ size: Int, _ body: ([Sample]) throws -> Void) throws {
        if let held {
            for start in stride(from: 0, to: held.count, by: size) { try body(Array(held[start..<min(start + size, held.count)])) }
            return
        }
        var reader = RowReader(url)
        var builder = SampleBuilder(manifest: url, columns: columns, needsLabels: false)
        var chunk: [Sample] = []
        var failure: (any Error)?
        try reader.read { row in
            guard failure == nil else { return }
            builder.add(row)
            chunk += builder.take().filter { split == nil || $0.split == split }
            guard chunk.count >= size else { return }
            do { try body(chunk) } catch { failure = error }
            chunk = []
        }
        if let failure { throw failure }
        if !chunk.isEmpty { try body(chunk) }
    }
}
