internal import Foundation

extension DataCheck {
    /// Samples by split and class; a multilabel sample counts for each of its classes.
    static func counts(_ manifest: Manifest, _ head: HeadSettings) -> [Split: [String: Int]] {
        var counts: [Split: [String: Int]] = [:]
        for sample in manifest.samples {
            guard let text = sample.labels[head.column] else { continue }
            let names = (try? head.task.names(in: text)) ?? []
            let classes = head.kind.form == .number ? [""] : names
            for name in classes { counts[sample.split ?? .train, default: [:]][name, default: 0] += 1 }
        }
        return counts
    }

    /// What training would refuse.
    static func labelFaults(_ manifest: Manifest, _ head: HeadSettings) -> [String] {
        guard manifest.samples.contains(where: { $0.split == .train }) else { return [] }
        do {
            _ = try Target.fit(head, manifest.samples, file: manifest.url.lastPathComponent)
            return []
        } catch let error as BraidError where !error.faults.isEmpty {
            return error.faults.map(\.description)
        } catch { return ["\(error)"] }
    }

    /// Classes that differ in case alone, or as 1 does from 1.0: most likely one class, written in two ways.
    static func nearlyEqual(_ manifest: Manifest, _ head: HeadSettings) -> [String] {
        guard head.kind.form != .number else { return [] }
        var rows: [String: Int] = [:]
        for sample in manifest.samples {
            for name in sample.labels[head.column].flatMap({ try? head.task.names(in: $0) }) ?? [] { rows[name, default: 0] += 1 }
        }
        let alike = Dictionary(grouping: rows.keys) { name in
            let whole = name.hasSuffix(".0") ? String(name.dropLast(2)) : name
            return whole.lowercased().filter { !$0.isWhitespace }
        }
        return alike.values.filter { $0.count > 1 }.map { $0.sorted() }.sorted { $0[0] < $1[0] }.map { names in
            let counts = names.map { "\"\($0)\" (\(counted(rows[$0] ?? 0, "row")))" }.joined(separator: " and ")
            return "\(head.column): \(counts) are different classes; write them alike if they are one"
        }
    }

    /// Words that programs write where there is nothing, and that are classes here.
    static func namesOfNothing(_ manifest: Manifest, _ head: HeadSettings) -> [String] {
        guard head.kind.form != .number else { return [] }
        let words: Set = ["na", "n/a", "nan", "null", "none", "<na>"]
        let labels = manifest.samples.lazy.compactMap { $0.labels[head.column] }.filter { words.contains($0.lowercased()) }
        return Dictionary(labels.map { ($0, 1) }, uniquingKeysWith: +).sorted { $0.key < $1.key }.map { name, count in
            "\(head.column): \"\(name)\" (\(counted(count, "row"))) is a class like any other; leave the cell empty if it means that there is no label"
        }
    }

    static func imbalance(_ train: [String: Int], _ head: HeadSettings) -> [String] {
        guard head.kind.form != .number, let most = train.values.max(), let least = train.values.min(), most > 5 * least else {
            return []
        }
        return [
            "classes are unbalanced in train: from \(least) to \(most) samples; consider \(head.name == "label" ? "head" : "heads.\(head.name)").class_weights: balanced"
        ]
    }

    /// What a person reads.
    public var summary: String {
        var lines: [String] = []
        for (head, splits) in counts {
            for split in Split.allCases {
                guard let labels = splits[split] else { continue }
                let name = counts.count > 1 ? "\(head), \(split.rawValue)" : split.rawValue
                let total = labels.values.reduce(0, +)
                guard labels.keys.sorted() != [""] else {
                    lines.append("\(name): \(total) samples with a number")
                    continue
                }
                let classes = labels.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
                let shown =
                    classes.prefix(12).joined(separator: ", ") + (classes.count > 12 ? ", … (\(classes.count) classes)" : "")
                lines.append("\(name): \(total) samples: \(shown)")
            }
        }
        for (modality, count) in missing.sorted(by: { $0.key < $1.key }) {
            lines.append("\(modality): \(total - count) of \(counted(total, "sample")) can be used")
        }
        lines += GroupedLines.of(errors, prefix: "error: ") + GroupedLines.of(warnings, prefix: "warning: ")
        lines.append(
            errors.isEmpty && warnings.isEmpty
                ? "No faults found." : "\(counted(errors.count, "error")), \(counted(warnings.count, "warning")).")
        return lines.joined(separator: "\n") + "\n"
    }
}
