public import Foundation
internal import Torch

extension Comparison {
    /// What a person reads: a row a recipe, and the verdict.
    public var table: String {
        let names = entries.map(\.name)
        let width = max(8, names.map(\.count).max() ?? 0)
        let header =
            TextTable.leading("recipe", width) + TextTable.trailing("\(metric.title), test", 26)
            + TextTable.trailing("val", 12) + TextTable.trailing("parameters", 12) + TextTable.trailing("train, s", 10)
            + TextTable.trailing("ms / 1000", 11)
        var lines = [header, String(repeating: "─", count: header.count)]
        for entry in entries {
            lines.append(
                TextTable.leading(entry.name, width) + TextTable.trailing(text(entry.test), 26)
                    + TextTable.trailing(metric.text(entry.val.mean), 12) + TextTable.trailing("\(entry.parameters)", 12)
                    + TextTable.trailing(String(format: "%.1f", entry.trainSeconds), 10)
                    + TextTable.trailing(String(format: "%.1f", entry.milliseconds), 11))
        }
        lines.append("")
        lines.append(verdict)
        lines.append(
            "Means ± 95 % intervals over \(seeds.count) seeds; encoders are frozen and shared, their embeddings made once "
                + String(format: "(%.0f s; all trainings %.0f s).", embeddingSeconds, trainingSeconds))
        return lines.joined(separator: "\n") + "\n"
    }

    /// One line: whether fusing helps, by how much, and how sure that is.
    public var verdict: String {
        guard let bestFusion else { return "Nothing was compared." }
        let found = "\(bestFusion.name) is best on the val split: \(text(bestFusion.test)) \(metric.title) on test"
        guard let bestSingle else { return "\(found). There is only one modality, so nothing to compare fusion with." }
        let single = "the best single modality (\(bestSingle.modalities[0]), \(text(bestSingle.test)))"
        guard let test else {
            let samples = sampleTest.map { " (McNemar's exact test over test samples: \(Self.p($0)))" } ?? ""
            return "\(found), \(signed(difference)) against \(single)\(samples); more than one seed would tell how sure that is."
        }
        let interval = test.difference.halfWidth.map { " ± \(size($0, unit: false))" } ?? ""
        let p = Self.p(test.p)
        let gain = metric.isBetterWhenHigher ? test.difference.mean : -test.difference.mean
        let judgement = test.p >= 0.05 ? "which is no proof that fusing helps" : gain > 0 ? "so fusing helps" : "so fusing hurts"
        return
            "\(found), \(signed(test.difference.mean, unit: false))\(interval)\(metric.isShare ? " points" : "") against \(single), \(judgement) (\(p), paired t-test over seeds)."
    }

    private static func p(_ value: Double) -> String { value < 0.0001 ? "p < 0.0001" : String(format: "p = %.4f", value) }

    private var difference: Double { (bestFusion?.comparable.first ?? 0) - (bestSingle?.comparable.first ?? 0) }

    private func text(_ interval: Interval) -> String {
        let mean = metric.isShare ? String(format: "%.2f", 100 * interval.mean) : String(format: "%.4f", interval.mean)
        let unit = metric.isShare ? " %" : ""
        return interval.halfWidth.map { "\(mean) ± \(size($0, unit: false))\(unit)" } ?? mean + unit
    }

    private func signed(_ value: Double, unit: Bool = true) -> String { (value < 0 ? "-" : "+") + size(abs(value), unit: unit) }

    private func size(_ value: Double, unit: Bool = true) -> String {
        metric.isShare ? String(format: "%.2f", 100 * value) + (unit ? " points" : "") : String(format: "%.4f", value)
    }

    /// A row a recipe.
    public var csv: String {
        var lines = [
            "recipe,modalities,single,metric,test_mean,test_half_width,val_mean,parameters,train_seconds,milliseconds_per_1000,seeds,test_samples"
        ]
        for entry in entries {
            let numbers: [String] = [
                "\(entry.test.mean)", entry.test.halfWidth.map { "\($0)" } ?? "", "\(entry.val.mean)", "\(entry.parameters)",
                "\(entry.trainSeconds)", "\(entry.milliseconds)", "\(entry.runs.count)", "\(entry.samples)",
            ]
            let names = [entry.name, entry.modalities.map(\.rawValue).joined(separator: "+"), "\(entry.isSingle)", metric.name]
            lines.append((names.map(DelimitedText.quoted) + numbers).joined(separator: ","))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A row a training.
    var runsCSV: String {
        var lines = ["recipe,seed,test,val,best_epoch,epochs,train_seconds,milliseconds_per_1000"]
        for entry in entries {
            for run in entry.runs {
                lines.append(
                    "\(DelimitedText.quoted(entry.name)),\(run.seed),\(run.test),\(run.val),\(run.bestEpoch),\(run.epochs),\(run.trainSeconds),\(run.milliseconds)"
                )
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Writes `compare.txt`, `compare.csv`, `runs.csv`, `compare.svg`, and in `recipes/` each configuration that ran.
    public func write(to folder: URL) throws {
        do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
            throw BraidError(.cannotCreate, "\(folder.path) cannot be created: \(error.localizedDescription)")
        }
        try AtomicFile.write(table, to: folder.appendingPathComponent("compare.txt"))
        try AtomicFile.write(csv, to: folder.appendingPathComponent("compare.csv"))
        try AtomicFile.write(runsCSV, to: folder.appendingPathComponent("runs.csv"))
        try AtomicFile.write(chart.svg, to: folder.appendingPathComponent("compare.svg"))
        let place = folder.appendingPathComponent("recipes")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        for (name, document) in recipes {
            let file = name.replacingOccurrences(of: "/", with: "-").replacingOccurrences(of: " ", with: "-")
            try AtomicFile.write(document(place), to: place.appendingPathComponent("\(file).yaml"))
        }
    }

    /// Quality against cost.
    private var chart: ScatterChart {
        ScatterChart(
            title: "\(metric.title) on test against training time", xTitle: "seconds a training (logarithmic)",
            yTitle: metric.isShare ? "\(metric.title), %" : metric.title,
            points: entries.map { entry in
                let scale = metric.isShare ? 100.0 : 1
                return .init(
                    name: entry.name, x: entry.trainSeconds, y: scale * entry.test.mean,
                    error: entry.test.halfWidth.map { scale * $0 }, isHollow: entry.isSingle)
            })
    }
}
