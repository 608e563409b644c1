/// What a classification by sentences was asked: the models, and what each label stands for.
public struct ZeroShotQuestion: Sendable {
    /// A model, and the sentences that it was asked with.
    struct Model: Sendable {
        let modality: Modality
        /// As the user named them; of a place the last part.
        let weights: String
        /// Of each label.
        let sentences: [[String]]
    }

    let labels: [String]
    let models: [Model]
    private static let mostSentences = 3

    /// A label's sentences in a line, the first ones of many.
    private static func line(_ sentences: [String]) -> String {
        let shown = sentences.prefix(mostSentences).joined(separator: "; ")
        return sentences.count > mostSentences ? "\(shown); … (\(sentences.count) sentences)" : shown
    }

    /// For `report.txt`.
    var table: String {
        models.map { model in
            let lines = zip(labels, model.sentences).map { "  \($0): \(Self.line($1))\n" }
            return "Asked of \(model.weights) (\(model.modality)):\n\(lines.joined())"
        }.joined()
    }

    /// For `report.html`.
    var markup: Markup {
        let columns = models.map { "\($0.modality): \($0.weights)" }
        let rows = labels.enumerated().map { index, label in
            [PageTable.Cell(Shown.name(label))] + models.map { .init(Self.line($0.sentences[index])) }
        }
        return PageTable("The sentences of each label", ["label"] + columns, words: Set(1...max(1, models.count)), rows).markup
            + Page.note("Nothing was trained: each label's point is the mean of its sentences' embeddings.")
    }
}
