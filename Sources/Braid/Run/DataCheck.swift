public import Foundation
internal import Torch

/// What a look at a manifest's data finds before anything is trained on them.
public struct DataCheck {
    /// Samples by split and label.
    public let counts: [Split: [String: Int]]
    /// Samples that lack each modality.
    public let missing: [Modality: Int]
    public let total: Int
    /// What makes training impossible or its figures wrong.
    public let errors: [String]
    /// What a user should know and may accept.
    public let warnings: [String]

    /// Reads the manifest and every medium in it.
    ///
    /// - Throws: `BraidError` where the manifest itself has faults.
    public init(
        manifest url: URL, columns: Columns = Columns(), splits: SplitFractions = SplitFractions(),
        style: ProgressBar.Style = .automatic
    ) throws {
        let manifest = try Manifest.read(url, columns: columns, splits: splits, onBadSample: .skip)
        var errors = manifest.missingFiles.map(\.description)
        let missingIDs = Set(manifest.missingFiles.map(\.id))
        let contents = Self.read(manifest, style) { errors.append($0.description) }
        errors += Self.leakage(manifest, contents)
        var warnings = Self.conflicts(manifest, contents)

        var counts: [Split: [String: Int]] = [:]
        for sample in manifest.samples { counts[sample.split ?? .train, default: [:]][sample.label ?? "", default: 0] += 1 }
        for split in [Split.train, .val] where counts[split] == nil {
            errors.append("split \(split.rawValue) has no samples; training needs some")
        }
        if counts[.test] == nil { warnings.append("split test has no samples; training will report no test figures") }
        let train = counts[.train] ?? [:]
        if train.count == 1 { errors.append("the train split has one class; a classifier needs at least two") }
        for split in [Split.val, .test] {
            for label in (counts[split] ?? [:]).keys.sorted() where train[label] == nil {
                errors.append("class \(label) is in \(split.rawValue) and not in train")
            }
        }
        if let most = train.values.max(), let least = train.values.min(), most > 5 * least {
            warnings.append(
                "classes are unbalanced in train: from \(least) to \(most) samples; consider training.class_weights: balanced")
        }
        self.counts = counts
        self.errors = errors
        self.warnings = warnings
        total = manifest.samples.count
        missing = Dictionary(
            uniqueKeysWithValues: manifest.modalities.map { modality in
                (modality, manifest.samples.filter { !$0.has(modality) || missingIDs.contains($0.id) }.count)
            })
    }

    /// Decodes every medium once; gives the content hash of each by sample.
    private static func read(_ manifest: Manifest, _ style: ProgressBar.Style, _ report: (BadSample) -> Void) -> [[Modality:
        String]]
    {
        let absent = Set(manifest.missingFiles.map(\.id))
        let progress = ProgressBar("reading media", total: manifest.samples.count, style: style)
        let contents = manifest.samples.map { sample -> [Modality: String] in
            defer { progress.advance() }
            guard !absent.contains(sample.id) else { return [:] }
            var hashes: [Modality: String] = [:]
            for modality in Modality.allCases where sample.has(modality) {
                do { hashes[modality] = try content(of: sample, modality) } catch {
                    report(BadSample(sample, manifest: manifest.url, field: modality.rawValue, message: "\(error)"))
                }
            }
            return hashes
        }
        progress.finish()
        return contents
    }

    private static func content(of sample: Sample, _ modality: Modality) throws -> String {
        switch modality {
        case .image:
            guard let url = sample.image else { return "" }
            _ = try ImageDecoder.decode(url)
            return try Fingerprint.of(url)
        case .audio:
            guard let audio = sample.audio else { return "" }
            _ = try AudioDecoder.decode(audio)
            return try Fingerprint.of(audio.url) + "\(audio.start ?? 0)-\(audio.end ?? -1)"
        case .text:
            switch sample.text {
            case .inline(let text): return Fingerprint.of(text)
            case .file(let url):
                guard String(validating: try Data(contentsOf: url), as: UTF8.self) != nil else {
                    throw DecodeError(path: url.path, reason: "is not UTF-8; save it as UTF-8")
                }
                return try Fingerprint.of(url)
            case nil: return ""
            }
        }
    }

    /// The same medium in two splits: what is tested was trained on.
    private static func leakage(_ manifest: Manifest, _ contents: [[Modality: String]]) -> [String] {
        Modality.allCases.filter { $0 != .text }.compactMap { modality in
            var first: [String: Int] = [:]
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
    private static func conflicts(_ manifest: Manifest, _ contents: [[Modality: String]]) -> [String] {
        var first: [[Modality: String]: Int] = [:]
        var warnings: [String] = []
        for (index, hashes) in contents.enumerated() where !hashes.isEmpty {
            let earlier = first[hashes] ?? index
            first[hashes] = earlier
            let (a, b) = (manifest.samples[earlier], manifest.samples[index])
            if index != earlier {
                warnings.append(
                    "lines \(a.line) and \(b.line) are the same sample"
                        + (a.label == b.label ? "" : ", labelled \(a.label ?? "") and \(b.label ?? "")"))
            }
        }
        return warnings
    }

    /// What a person reads.
    public var summary: String {
        var lines: [String] = []
        for split in Split.allCases {
            guard let labels = counts[split] else { continue }
            let classes = labels.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
            let shown = classes.prefix(12).joined(separator: ", ") + (classes.count > 12 ? ", … (\(classes.count) classes)" : "")
            lines.append("\(split.rawValue): \(labels.values.reduce(0, +)) samples: \(shown)")
        }
        for (modality, count) in missing.sorted(by: { $0.key < $1.key }) {
            lines.append("\(modality): \(total - count) of \(total) samples have it")
        }
        lines += errors.map { "error: \($0)" } + warnings.map { "warning: \($0)" }
        lines.append(
            errors.isEmpty && warnings.isEmpty ? "No faults found." : "\(errors.count) errors, \(warnings.count) warnings.")
        return lines.joined(separator: "\n") + "\n"
    }
}
