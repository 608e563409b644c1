internal import Foundation

extension Predictions {
    /// `id,label,prediction,probability`, then a column a class; the label only where samples have one.
    public var csv: String {
        let hasLabels = samples.contains { $0.label != nil }
        let header = ["id"] + (hasLabels ? ["label"] : []) + ["prediction", "probability"] + labels.map { "p_\($0)" }
        var lines = [header.map(DelimitedText.quoted).joined(separator: ",")]
        for ((sample, row), best) in zip(zip(samples, probabilities), predicted) {
            let cells =
                [sample.id] + (hasLabels ? [sample.label ?? ""] : []) + [labels[best], Self.number(row[best])]
                + row.map(Self.number)
            lines.append(cells.map(DelimitedText.quoted).joined(separator: ","))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// One JSON object a line: id, prediction, and the probability of each class.
    public func jsonLines() throws -> String {
        let predicted = predicted
        return try samples.indices.map { index in
            let pairs = zip(labels, probabilities[index]).map { ($0, Double($1)) }
            let fields: [String: Any] = [
                "id": samples[index].id, "prediction": labels[predicted[index]],
                "probabilities": Dictionary(uniqueKeysWithValues: pairs),
            ]
            return String(decoding: try JSONSerialization.data(withJSONObject: fields, options: [.sortedKeys]), as: UTF8.self)
                + "\n"
        }.joined()
    }

    /// The likeliest classes of one sample, a line each.
    public func summary(of index: Int, top: Int = 5) -> String {
        let ranked = probabilities[index].enumerated().sorted { $0.element > $1.element }.prefix(top)
        let width = ranked.map { labels[$0.offset].count }.max() ?? 0
        return ranked.map { number, probability in
            let name = labels[number]
            let bar = String(repeating: "█", count: Int((probability * 30).rounded()))
            return name + String(repeating: " ", count: width - name.count) + String(format: "  %6.2f %%  ", 100 * probability)
                + bar
        }.joined(separator: "\n") + "\n"
    }

    private static func number(_ value: Float) -> String { String(format: "%.6f", value) }
}
