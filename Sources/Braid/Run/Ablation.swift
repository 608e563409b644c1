internal import Foundation

/// How one trained model does with each subset of its modalities, the others hidden as if they were missing.
public struct Ablation: Sendable {
    /// One subset's figures.
    public struct Entry: Sendable, Codable {
        public let modalities: [Modality]
        /// Samples that have any of them.
        public let samples: Int
        public let accuracy: Double
        public let macroF1: Double
    }

    /// From single modalities to all of them.
    public let entries: [Entry]
    /// How many points of accuracy all modalities have over the best single one, on the samples that have that one.
    public let gain: Double?

    public init(_ inference: Inference) throws {
        let modalities = inference.model.modalities
        let subsets = (1..<(1 << modalities.count)).map { bits in
            modalities.indices.filter { bits & (1 << $0) != 0 }.map { modalities[$0] }
        }
        entries = try subsets.sorted { ($0.count, $0.map(\.rawValue).joined()) < ($1.count, $1.map(\.rawValue).joined()) }.map {
            subset in
            let predictions = try inference.predict(hiding: Set(modalities).subtracting(subset))
            // A sample that has nothing of the subset says nothing about it.
            let usable = predictions.keeping { sample in subset.contains(where: sample.has) }
            let confusion = try usable.confusion()
            return Entry(modalities: subset, samples: confusion.total, accuracy: confusion.accuracy, macroF1: confusion.macro.f1)
        }
        let single = entries.filter { $0.modalities.count == 1 && $0.samples > 0 }.max { $0.accuracy < $1.accuracy }
        gain =
            try modalities.count < 2
            ? nil
            : single.map { single in
                let fused = try inference.predict().keeping { sample in single.modalities.contains(where: sample.has) }
                return try 100 * (fused.confusion().accuracy - single.accuracy)
            }
    }

    /// With every modality the model takes.
    public var full: Entry? { entries.last }

    /// The most accurate single modality.
    public var bestSingle: Entry? {
        entries.filter { $0.modalities.count == 1 && $0.samples > 0 }.max { $0.accuracy < $1.accuracy }
    }

    /// The table, and what fusion adds.
    public var table: String {
        let names = entries.map { $0.modalities.map(\.rawValue).joined(separator: " + ") }
        let width = max(10, names.map(\.count).max() ?? 0)
        var lines = [pad("modalities", width) + "   samples   accuracy   macro F1", String(repeating: "─", count: width + 33)]
        for (name, entry) in zip(names, entries) {
            let figures = String(format: "   %7.2f %%   %8.4f", 100 * entry.accuracy, entry.macroF1)
            lines.append(
                pad(name, width) + String(format: "%10d", entry.samples) + (entry.samples > 0 ? figures : "         n/a        n/a")
            )
        }
        if let gain, let bestSingle {
            lines.append("")
            lines.append(
                String(format: "Fusion: %+.2f points over the best single modality (", gain)
                    + "\(bestSingle.modalities[0])), on the samples that have it.")
        }
        lines.append("One model, trained once; what is left out is hidden from it as missing.")
        return lines.joined(separator: "\n") + "\n"
    }

    private func pad(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }
}

extension Predictions {
    /// Those of the samples that `condition` holds for.
    func keeping(_ condition: (Sample) -> Bool) -> Predictions {
        let kept = samples.indices.filter { condition(samples[$0]) }
        return Predictions(
            labels: labels, samples: kept.map { samples[$0] }, source: source, probabilities: kept.map { probabilities[$0] },
            loss: nil)
    }
}
