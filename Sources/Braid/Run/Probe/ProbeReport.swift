public import Foundation

extension ProbeResult {
    /// What a person reads: a row an encoder, the best of a modality first, and which to take.
    public var table: String {
        let order = encoders.indices.sorted {
            (encoders[$0].modality, encoders[$0].loss) < (encoders[$1].modality, encoders[$1].loss)
        }
        let width = max(10, encoders.map(\.encoder.count).max() ?? 0)
        let header =
            TextTable.leading("modality", 10) + TextTable.leading("encoder", width) + TextTable.trailing("size", 7)
            + TextTable.trailing("M weights", 11) + TextTable.trailing(metric.title, 20) + TextTable.trailing("loss", 9)
            + TextTable.trailing("LogME", 9) + TextTable.trailing("H-score", 9) + TextTable.trailing("ms", 8)
        var lines = [header, String(repeating: "─", count: header.count)]
        for index in order {
            let encoder = encoders[index]
            lines.append(
                TextTable.leading(encoder.modality.rawValue, 10) + TextTable.leading(encoder.encoder, width)
                    + TextTable.trailing("\(encoder.dimension)", 7)
                    + TextTable.trailing(String(format: "%.2f", Double(encoder.parameters) / 1e6), 11)
                    + TextTable.trailing(text(encoder.score), 20) + TextTable.trailing(String(format: "%.4f", encoder.loss), 9)
                    + TextTable.trailing(String(format: "%.3f", encoder.logME), 9)
                    + TextTable.trailing(encoder.hScore.map { String(format: "%.2f", $0) } ?? "–", 9)
                    + TextTable.trailing(String(format: "%.2f", encoder.milliseconds), 8)
                    + (choice[encoder.modality] == index && encoders.count > choice.count ? "  ←" : ""))
        }
        lines.append("")
        if let together { lines.append("Together, the best of each modality: \(text(together)) \(metric.title).") }
        let rows = Set(encoders.map(\.rows)).sorted().map(String.init).joined(separator: " to ")
        lines.append(
            "A linear model of each encoder's embeddings on \(rows) rows of train and val, held out in \(folds) folds, ± 95 % over rows; ms: reading and encoding a sample on one core."
        )
        if encoders.count > choice.count {
            lines.append("← the quickest of those that the best does not beat by more than a standard error of its loss.")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func text(_ estimate: Estimate?) -> String { estimate?.text(metric) ?? "undefined" }
}

extension EncoderProbe {
    /// The configuration with the encoders that a probe chose, as a document for a file in `place`.
    public func configuration(with result: ProbeResult, in place: URL) throws -> String {
        var settings: [String: String] = [:]
        for (modality, candidate) in result.chosen where configuration.modalities[modality]?.weights != candidate.settings.weights {
            settings["modalities.\(modality).weights"] = SettingValue.text(candidate.settings.weights).yaml
        }
        // What was said of the encoder before is not said of another.
        let gone = settings.keys.map { String($0.dropLast(".weights".count)) + "." }
        return try configuration.replacing(settings) { key in gone.contains(where: key.hasPrefix) }.yaml(in: place)
    }
}
