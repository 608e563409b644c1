public import Foundation
internal import Torch

extension Comparison {
    /// What a person reads: a row a recipe, and the verdict.
    public var table: String {
        let names = entries.map(\.name)
        let width = max(8, names.map(\.count).max() ?? 0)
        let header =
            TextTable.leading("recipe", width) + TextTable.trailing("\(metric.title), test", 26)
            + TextTable.trailing("val", 12) + TextTable.trailing("seeds", 7) + TextTable.trailing("parameters", 12)
            + TextTable.trailing("train, s", 10)
            + TextTable.trailing("ms / 1000", 11)
        var lines = [header, String(repeating: "─", count: header.count)]
        for entry in entries {
            lines.append(
                TextTable.leading(entry.name, width) + TextTable.trailing(text(entry.test), 26)
                    + TextTable.trailing(metric.text(entry.val.mean), 12) + TextTable.trailing("\(entry.runs.count)", 7)
                    + TextTable.trailing("\(entry.parameters)", 12)
                    + TextTable.trailing(String(format: "%.1f", entry.trainSeconds), 10)
                    + TextTable.trailing(String(format: "%.1f", entry.milliseconds), 11))
        }
        lines.append("")
        lines.append(conclusion)
        if !givenUp.isEmpty {
            lines.append(
                "Given up after fewer seeds, since on val they are behind the best of their kind beyond chance (p < 0.01): \(givenUp.map(\.name).joined(separator: ", "))."
            )
        }
        lines.append(
            "Means ± 95 % intervals over \(rows) test rows and \(seeds.count) seed\(seeds.count == 1 ? "" : "s"); encoders are frozen and shared, their embeddings made once "
                + String(format: "(%.0f s; all trainings %.0f s).", embeddingSeconds, trainingSeconds))
        return lines.joined(separator: "\n") + "\n"
    }

    private var rows: String {
        let counts = entries.map(\.samples)
        guard let low = counts.min(), let high = counts.max() else { return "0" }
        return low == high ? "\(high)" : "\(low) to \(high)"
    }

    /// A sentence: which fusion is best, whether fusing helps, by how much, and how sure that is.
    public var conclusion: String {
        guard let bestFusion else { return "Nothing was compared." }
        let basis = commonRows > 0 ? "the \(commonRows) val rows that all recipes can judge" : "its own val rows"
        let found = "\(bestFusion.name) is best on \(basis): \(text(bestFusion.test)) \(metric.title) on test"
        guard let bestSingle, let verdict else { return "\(found). There is only one modality, so nothing to compare fusion with." }
        let single = "the best single modality (\(bestSingle.name), \(text(bestSingle.test)))"
        return "\(found).\n\(verdict.sentence(bestFusion.name, against: single))."
    }

    private func text(_ estimate: Estimate?) -> String { estimate?.text(metric) ?? "undefined" }

    /// A row a recipe.
    public var csv: String {
        var lines = [
            "recipe,modalities,single,metric,test_mean,test_half_width,val_mean,parameters,train_seconds,milliseconds_per_1000,seeds,test_samples"
        ]
        for entry in entries {
            let numbers: [String] = [
                entry.test.map { "\($0.mean)" } ?? "", entry.test?.halfWidth.map { "\($0)" } ?? "", "\(entry.val.mean)",
                "\(entry.parameters)",
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
        try FileFault.makeFolder(folder)
        try AtomicFile.write(Printable.text(table), to: folder.appendingPathComponent("compare.txt"))
        try AtomicFile.write(csv, to: folder.appendingPathComponent("compare.csv"))
        try AtomicFile.write(runsCSV, to: folder.appendingPathComponent("runs.csv"))
        try AtomicFile.write(chart.svg, to: folder.appendingPathComponent("compare.svg"))
        let place = folder.appendingPathComponent("recipes")
        try FileFault.makeFolder(place)
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
            points: entries.compactMap { entry in
                let scale = metric.isShare ? 100.0 : 1
                return entry.test.map { test in
                    .init(
                        name: entry.name, x: entry.trainSeconds, y: scale * test.mean,
                        error: test.halfWidth.map { scale * $0 }, isHollow: entry.isSingle)
                }
            }, limits: metric.isShare ? 0...100 : -Double.infinity...Double.infinity)
    }
}
