internal import Foundation

/// How many rows a model is judged on, and what it knew of them.
public struct RowUse: Sendable, Codable, Equatable {
    /// The rows used.
    public let used: Int
    /// Of these, rows that the training never had.
    public let new: Int
    /// Of these, rows of the training's own test split.
    public let test: Int
    /// Of these, rows that the model has learnt from or was chosen by (train and val): figures on them flatter it.
    public let seen: Int
    /// Rows left out because the model has learnt from them or was chosen by them.
    public let leftOut: Int

    private enum CodingKeys: String, CodingKey {
        case used, new, test, seen
        case leftOut = "left_out"
    }

    /// A sentence for a report.
    public var sentence: String {
        var parts: [String] = []
        if test > 0 { parts.append("\(test) of the training's test split") }
        if new > 0 { parts.append("\(new) new") }
        if seen > 0 { parts.append("\(seen) THAT THE MODEL HAS LEARNT FROM, so that the figures flatter it") }
        let left = leftOut > 0 ? "; \(leftOut) left out that it has learnt from or was chosen by" : ""
        return "Rows: \(used) (\(parts.joined(separator: ", ")))\(left)."
    }
}

/// Chooses rows of a manifest for a model, by what the model has seen of them.
struct RowChoice {
    let manifest: Manifest
    /// nil for models that do not say which rows they have seen.
    let seen: SeenRows?
    /// SHA-256 of the manifest that the model was trained on.
    let trainedOn: String
    let reporter: any Reporter

    private var name: String { manifest.url.lastPathComponent }

    /// The samples, and what the model knew of them where that can be told.
    ///
    /// - Throws: `BraidError` where no row is left.
    func choose(_ rows: Inference.Rows) throws -> (samples: [Sample], use: RowUse?) {
        guard let seen else {
            reporter.note("the model has no \(SeenRows.fileName): rows that it has learnt from cannot be told from others")
            return (try chooseByFile(rows), nil)
        }
        let known = manifest.samples.map(seen.split)
        let isKnown = { (index: Int, splits: Set<Split>) in known[index].map(splits.contains) ?? false }
        let all = Array(manifest.samples.indices)
        var wanted = all
        switch rows {
        case .all: break
        case .split(let split):
            wanted = all.filter { manifest.hasSplitColumn ? manifest.samples[$0].split == split : known[$0] == split }
        case .heldOut:
            if manifest.hasSplitColumn { wanted = all.filter { manifest.samples[$0].split == .test } }
        case .unseen: break
        }
        let barred: [Inference.Rows: Set<Split>] = [.heldOut: [.train, .val], .unseen: [.train, .val, .test]]
        let kept = wanted.filter { !isKnown($0, barred[rows] ?? []) }
        let use = RowUse(
            used: kept.count, new: kept.count { known[$0] == nil }, test: kept.count { known[$0] == .test },
            seen: kept.count { isKnown($0, [.train, .val]) }, leftOut: wanted.count - kept.count)
        guard !kept.isEmpty else { throw nothing(rows, leftOut: use.leftOut) }
        // What the training had and is left out here is more than what such a sentence speaks of.
        if rows != .unseen { reporter.note(use.sentence) }
        return (kept.map { manifest.samples[$0] }, use)
    }

    private func nothing(_ rows: Inference.Rows, leftOut: Int) -> BraidError {
        if leftOut > 0, rows == .unseen {
            return BraidError(
                .badData,
                "\(name): the training had all \(leftOut) rows, so that none is new; name a manifest of new rows, or --split all to take them all the same"
            )
        }
        if leftOut > 0 {
            return BraidError(
                .badData,
                "\(name): the model has learnt from all \(leftOut) rows, or was chosen by them, so that none can judge it; --split all takes them all the same"
            )
        }
        let split = if case .split(let split) = rows { split } else { Split.test }
        return BraidError(
            .badData, "\(name) has no sample in split \(split.rawValue); name another with --split, or --split all")
    }

    /// As models tell that do not know their rows: the training's own manifest is held to the training's own test split.
    private func chooseByFile(_ rows: Inference.Rows) throws -> [Sample] {
        let split: Split
        switch rows {
        case .all, .unseen: return manifest.samples
        case .split(let asked): split = asked
        case .heldOut:
            let isTrainingData = try Fingerprint.of(manifest.url) == trainedOn
            guard manifest.hasSplitColumn || isTrainingData else {
                reporter.note(
                    "\(name) has no split column: all \(manifest.samples.count) rows are used"
                )
                return manifest.samples
            }
            split = .test
        }
        let samples = manifest.samples(in: split)
        guard !samples.isEmpty else { throw nothing(rows, leftOut: 0) }
        return samples
    }
}
