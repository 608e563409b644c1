public import Foundation

extension Predictions {
    /// `id`, and then a head's `label` (only where samples have one), `prediction`, and `probability` and a column a class
    /// where it has classes. With several heads the columns begin with the head's name and a dot.
    public var csv: String { csv(with: [], cells: [:]) }

    /// The same, and behind it every column of the manifest that the samples come from, as it stands there.
    ///
    /// - Throws: `BraidError` where the manifest cannot be read any more.
    public func csv(keepingColumnsOf manifest: URL) throws -> String {
        var reader = RowReader(manifest)
        let lines = Set(samples.map(\.line))
        var cells: [Int: RowCells] = [:]
        try reader.read { if lines.contains($0.line) { cells[$0.line] = $0.cells } }
        return csv(with: reader.columns, cells: cells)
    }

    /// - Parameter cells: What rows have in further columns, by line.
    private func csv(with columns: [String], cells: [Int: RowCells]) -> String {
        let blocks = heads.map { $0.columns(prefix: heads.count > 1 ? "\($0.target.name)." : "") }
        let own = ["id"] + blocks.flatMap(\.header)
        let taken = Set(own)
        let further = columns.filter { !taken.contains($0) }
        var lines = [(own + further).map(DelimitedText.quoted).joined(separator: ",")]
        for (index, sample) in samples.enumerated() {
            let kept = further.map { cells[sample.line]?[$0] ?? "" }
            let row = [sample.id] + blocks.flatMap { $0.cells(index) } + kept
            lines.append(row.map(DelimitedText.quoted).joined(separator: ","))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// One JSON object a line: id, the label where the sample has one, prediction, and the probability of each class. With several heads
    /// these stand in `heads`, by name.
    public func jsonLines() throws -> String {
        try samples.indices.map { index in
            var fields: [String: Any] = ["id": samples[index].id]
            if heads.count == 1 {
                fields.merge(heads[0].fields(of: index)) { $1 }
            } else {
                fields["heads"] = Dictionary(uniqueKeysWithValues: heads.map { ($0.target.name, $0.fields(of: index)) })
            }
            return String(decoding: try JSONSerialization.data(withJSONObject: fields, options: [.sortedKeys]), as: UTF8.self)
                + "\n"
        }.joined()
    }

    /// What a person reads of one sample: the likeliest classes of each head, a line each, or its number.
    public func summary(of index: Int, top: Int = 5) -> String {
        heads.map { head in
            (heads.count > 1 ? "\(head.target.name):\n" : "") + head.summary(of: index, top: top)
        }.joined()
    }
}

extension HeadPredictions {
    fileprivate func columns(prefix: String) -> (header: [String], cells: (Int) -> [String]) {
        let hasLabels = samples.contains { $0.labels[target.column] != nil }
        let hasProbability = target.form == .classes
        let header =
            (hasLabels ? ["label"] : []) + ["prediction"] + (hasProbability ? ["probability"] : [])
            + target.classes.map { "p_\($0)" }
        return (
            header.map { prefix + $0 },
            { index in
                let row = values[index]
                return (hasLabels ? [samples[index].labels[target.column] ?? ""] : []) + [text(of: index)]
                    + (hasProbability ? [Self.number(row.max() ?? 0)] : [])
                    + (target.form != .number ? row.map(Self.number) : [])
            }
        )
    }

    fileprivate func fields(of index: Int) -> [String: Any] {
        var fields = answer(of: index)
        if let label = samples[index].labels[target.column] { fields["label"] = self.label(label) }
        return fields
    }

    private func answer(of index: Int) -> [String: Any] {
        let row = values[index]
        switch target.form {
        case .number: return ["prediction": Double(row[0])]
        case .classes:
            return ["prediction": text(of: index), "probabilities": probabilities(of: row)]
        case .flags:
            let names = zip(target.classes, row).filter { $0.1 > 0.5 }.map(\.0)
            return ["prediction": names, "probabilities": probabilities(of: row)]
        }
    }

    /// A label in the form of the answer beside it; as it stands in the manifest where it cannot be one.
    private func label(_ text: String) -> Any {
        switch target.form {
        case .number: Double(text).flatMap { $0.isFinite ? $0 : nil } ?? text
        case .classes: text
        case .flags: (try? target.task.names(in: text)) ?? text
        }
    }

    private func probabilities(of row: [Float]) -> [String: Double] {
        Dictionary(uniqueKeysWithValues: zip(target.classes, row.map(Double.init)))
    }

    fileprivate func summary(of index: Int, top: Int) -> String {
        guard target.form != .number else { return text(of: index) + "\n" }
        let ranked = values[index].enumerated().sorted { $0.element > $1.element }.prefix(top)
        let width = ranked.map { target.classes[$0.offset].count }.max() ?? 0
        return ranked.map { number, probability in
            let name = target.classes[number]
            let bar = String(repeating: "█", count: Int(bounded: Double(probability * 30).rounded()))
            return name + String(repeating: " ", count: width - name.count) + String(format: "  %6.2f %%  ", 100 * probability)
                + bar
        }.joined(separator: "\n") + "\n"
    }

    private static func number(_ value: Float) -> String { String(format: "%.6f", value) }
}
