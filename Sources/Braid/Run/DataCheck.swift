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

    /// Reads the manifest and every medium in it.
    ///
    /// `heads` is what is to be learnt; nil: the column `label`, of whatever task it looks like.
    ///
    /// - Throws: `BraidError` where the manifest cannot be opened; what is wrong in it is in `errors`.
    public init(
        manifest url: URL, columns: Columns = Columns(), splits: SplitFractions = SplitFractions(),
        heads: [HeadSettings]? = nil, reporter: any Reporter = SilentReporter()
    ) throws {
        let heads = try heads ?? [ConfigurationProposal.head(for: url, columns)]
        let (manifest, faults) = try Manifest.scan(
            url, columns: columns, splits: splits, stratum: heads.stratum, onBadSample: .fail)
        // Media are read all the same: what is wrong with them shows in one go.
        var errors = faults.map(\.description)
        let missingIDs = Set(manifest.missingFiles.map(\.id))
        let contents = Self.read(manifest, reporter) { errors.append($0.description) }
        errors += Self.leakage(manifest, contents)
        var warnings = manifest.notes + Self.conflicts(manifest, contents, heads.map(\.column))

        let present = Set(manifest.samples.compactMap(\.split))
        for split in [Split.train, .val] where !present.contains(split) {
            errors.append("split \(split.rawValue) has no samples; training needs some")
        }
        if !present.contains(.test) { warnings.append("split test has no samples; training will report no test figures") }
        counts = heads.map { ($0.name, Self.counts(manifest, $0)) }
        for head in heads {
            errors += Self.labelFaults(manifest, head)
            warnings += Self.nearlyEqual(manifest, head)
            warnings += Self.imbalance(counts.first { $0.head == head.name }?.splits[.train] ?? [:], head)
        }
        self.errors = errors
        self.warnings = warnings
        total = manifest.samples.count
        missing = Dictionary(
            uniqueKeysWithValues: manifest.modalities.map { modality in
                (modality, manifest.samples.filter { !$0.has(modality) || missingIDs.contains($0.id) }.count)
            })
    }

    /// Decodes every medium once; gives what each is, by sample.
    private static func read(
        _ manifest: Manifest, _ reporter: any Reporter, _ report: (BadSample) -> Void
    ) -> [[Modality: EmbeddingKey]] {
        let absent = Set(manifest.missingFiles.map(\.id))
        let progress = reporter.begin("reading media", total: manifest.samples.count)
        let contents = manifest.samples.map { sample -> [Modality: EmbeddingKey] in
            defer { progress.advance() }
            guard !absent.contains(sample.id) else { return [:] }
            var hashes: [Modality: EmbeddingKey] = [:]
            for (modality, medium) in sample.media.sorted(by: { $0.key < $1.key }) {
                do {
                    try modality.kind.check(medium)
                    hashes[modality] = EmbeddingKey(sample, modality)
                } catch {
                    report(BadSample(sample, manifest: manifest.url, field: modality.rawValue, message: "\(error)"))
                }
            }
            return hashes
        }
        progress.finish()
        return contents
    }

    /// The same medium in two splits: what is tested was trained on.
    private static func leakage(_ manifest: Manifest, _ contents: [[Modality: EmbeddingKey]]) -> [String] {
        Modality.allCases.filter { !$0.kind.mayRepeat }.compactMap { modality in
            var first: [EmbeddingKey: Int] = [:]
            var pairs: [String] = []
            for (index, hashes) in contents.enumerated() {
                guard let hash = hashes[modality] else { continue }
                let earlier = first[hash] ?? index
                first[hash] = earlier
                let (a, b) = (manifest.samples[earlier], manifest.samples[index])
                if a.split != b.split {
                    pairs.append("lines \(a.line) (\(a.split?.rawValue ?? "none")) and \(b.line) (\(b.split?.rawValue ?? "none"))")
                }
            }
            guard !pairs.isEmpty else { return nil }
            let more = pairs.count > 3 ? ", …" : ""
            return
                "leakage: \(pairs.count) \(modality) files stand in two splits with the same content: \(pairs.prefix(3).joined(separator: "; "))\(more)"
        }
    }

    /// Samples that are the same in everything but the label.
    private static func conflicts(_ manifest: Manifest, _ contents: [[Modality: EmbeddingKey]], _ columns: [String]) -> [String] {
        var first: [[Modality: EmbeddingKey]: Int] = [:]
        var warnings: [String] = []
        // Of a sample with a medium that cannot be read it is not known what it is.
        for (index, hashes) in contents.enumerated() where !hashes.isEmpty && hashes.count == manifest.samples[index].media.count {
            let earlier = first[hashes] ?? index
            first[hashes] = earlier
            let (a, b) = (manifest.samples[earlier], manifest.samples[index])
            if index != earlier {
                let labels = { (sample: Sample) in columns.map { sample.labels[$0] ?? "nothing" }.joined(separator: ", ") }
                warnings.append(
                    "lines \(a.line) and \(b.line) are the same sample"
                        + (labels(a) == labels(b) ? "" : ", labelled \(labels(a)) and \(labels(b))"))
            }
        }
        return warnings
    }
}
