internal import Foundation

extension DataCheck {
    /// Samples by split and class; a multilabel sample counts for each of its classes.
    static func counts(_ rows: CheckedRows, _ head: HeadSettings) -> [Split: [String: Int]] {
        let names = names(rows, head)
        return rows.counts(head.column).mapValues { found in
            zip(names, found).reduce(into: [:]) { counts, text in
                guard text.1 > 0 else { return }
                for name in text.0 { counts[name, default: 0] += text.1 }
            }
        }.filter { !$0.value.isEmpty }
    }

    /// The classes that each text of a head's labels names; of numbers one without a name.
    private static func names(_ rows: CheckedRows, _ head: HeadSettings) -> [[String]] {
        (rows.labels(of: head.column)?.texts ?? []).map { text in
            head.kind.form == .number ? [""] : (try? head.task.names(in: text)) ?? []
        }
    }

    /// What training would refuse.
    static func labelFaults(_ rows: CheckedRows, _ head: HeadSettings, file: String) -> [String] {
        guard rows.all.contains(where: { $0.split == .train }) else { return [] }
        do {
            _ = try Target.fit(head, rows.all, file: file)
            return []
        } catch let error as BraidError where !error.faults.isEmpty {
            return error.faults.map(\.description)
        } catch { return ["\(error)"] }
    }

    /// Classes that differ in case alone, or as 1 does from 1.0: most likely one class, written in two ways.
    ///
    /// - Parameter counts: Samples by split and class.
    static func nearlyEqual(_ counts: [Split: [String: Int]], _ head: HeadSettings) -> [String] {
        guard head.kind.form != .number else { return [] }
        let rows = counts.values.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
        // So many are refused anyway.
        guard rows.count <= Limit.classes.value else { return [] }
        // Longer ones are texts, and nobody's other way to write a name.
        let names = rows.keys.filter { $0.utf8.count <= 200 }
        let alike = Dictionary(grouping: names) { name in
            let whole = name.hasSuffix(".0") ? String(name.dropLast(2)) : name
            return whole.lowercased().filter { !$0.isWhitespace }
        }
        return alike.values.filter { $0.count > 1 }.map { $0.sorted() }.sorted { $0[0] < $1[0] }.map { names in
            let counts = names.map { "\"\($0)\" (\(counted(rows[$0] ?? 0, "row")))" }.joined(separator: " and ")
            return "\(head.column): \(counts) are different classes; write them alike if they are one"
        }
    }

    /// Words that programs write where there is nothing, and that are classes here.
    static func namesOfNothing(_ rows: CheckedRows, _ head: HeadSettings) -> [String] {
        guard head.kind.form != .number, let labels = rows.labels(of: head.column) else { return [] }
        let words: Set = ["na", "n/a", "nan", "null", "none", "<na>"]
        let counts = rows.counts(head.column).values
        let found = labels.texts.enumerated().filter { words.contains($0.element.lowercased()) }
        return found.sorted { $0.element < $1.element }.map { place, name in
            let count = counts.reduce(0) { $0 + $1[place] }
            return
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
