internal import Foundation

extension HeadPage {
    private static let most = 12
    private static let mostOfMistakes = 12

    /// A row to show, and what is told of it.
    private struct Example {
        let index: Int
        let lines: [Markup]
    }

    /// The most confident rows, wrong and correct ones: of the correct ones the most confident of each class.
    func examples(_ answers: ClassAnswers) -> [Page.Section] {
        let classes = head.target.classes
        let predicted = answers.values.map(\.likeliest)
        let confidence = { (index: Int) in answers.values[index][predicted[index]] }
        let sorted = predicted.indices.sorted { (confidence($1), $0) < (confidence($0), $1) }
        let wrong = sorted.filter { predicted[$0] != answers.truth[$0] }
        var seen: Set<Int> = []
        let correct = sorted.filter { predicted[$0] == answers.truth[$0] && seen.insert(predicted[$0]).inserted }
        let example = { (index: Int) in
            let isCorrect = predicted[index] == answers.truth[index]
            let sure = "confidence \(Shown.percent(Double(confidence(index))))"
            return Example(
                index: index,
                lines: [
                    isCorrect
                        ? .tag("p", .tag("b", Markup(Shown.name(classes[predicted[index]]))))
                        : .tag(
                            "p", "true ", .tag("b", Markup(Shown.name(classes[answers.truth[index]]))), ", predicted ",
                            .tag("b", Markup(Shown.name(classes[predicted[index]])))), .tag("p", Markup(sure)),
                ])
        }
        let mistakes =
            wrong.isEmpty ? Markup.tag("p", "No row is predicted wrong.") : cards(wrong.prefix(Self.mostOfMistakes).map(example))
        let successes =
            correct.isEmpty ? Markup.tag("p", "No row is predicted correctly.") : cards(correct.prefix(Self.most).map(example))
        return [
            section(
                "Most confident wrong predictions", mistakes,
                Page.note(
                    "\(counted(wrong.count, "row")) of \(answers.truth.count) predicted wrong\(wrong.count > Self.mostOfMistakes ? "; the \(Self.mostOfMistakes) most confident are shown" : "")."
                )),
            section(
                "Most confident correct predictions", successes,
                Page.note(
                    "The most confident of each class\(classes.count > Self.most ? ", of the \(Self.most) most confident classes" : "")."
                )),
        ]
    }

    /// The rows with the most confident wrong label, and those of the highest confidence that are correct in all labels.
    func examples(_ answers: FlagAnswers) -> [Page.Section] {
        let certain = { (index: Int) in
            answers.values[index].reduce(Float(1)) { min($0, max($1, 1 - $1)) }
        }
        let worst = { (index: Int) in
            zip(answers.values[index], answers.truth[index]).map { abs($0 - ($1 ? 1 : 0)) }.max() ?? 0
        }
        let wrong = answers.truth.indices.filter { worst($0) > 0.5 }.sorted { (worst($1), $0) < (worst($0), $1) }
        let correct = answers.truth.indices.filter { worst($0) <= 0.5 }.sorted { (certain($1), $0) < (certain($0), $1) }
        let example = { (index: Int) in
            Example(
                index: index,
                lines: [
                    .tag(
                        "p", "true ", .tag("b", Markup(self.truth(index))), ", predicted ",
                        .tag("b", Markup(self.prediction(index)))),
                    .tag(
                        "p",
                        Markup(
                            worst(index) > 0.5
                                ? "confidence in the wrong label \(Shown.percent(Double(worst(index))))"
                                : "least confidence of a label \(Shown.percent(Double(certain(index))))")),
                ])
        }
        return [
            section(
                "Most confident wrong predictions",
                wrong.isEmpty
                    ? .tag("p", "Every label of every row is correct.") : cards(wrong.prefix(Self.mostOfMistakes).map(example)),
                Page.note("\(counted(wrong.count, "row")) of \(answers.truth.count) with a wrong label.")),
            section(
                "Most confident correct predictions",
                correct.isEmpty ? .tag("p", "No row is correct in all labels.") : cards(correct.prefix(Self.most / 2).map(example))),
        ]
    }

    /// The rows of the largest and of the smallest errors.
    func examples(_ scores: RegressionScores) -> [Page.Section] {
        let error = { (index: Int) in scores.predicted[index] - scores.truth[index] }
        let sorted = scores.truth.indices.sorted { (abs(error($1)), $0) < (abs(error($0)), $1) }
        let example = { (index: Int) in
            Example(
                index: index,
                lines: [
                    .tag(
                        "p", "true ", .tag("b", Markup(Shown.short(scores.truth[index]))), ", predicted ",
                        .tag("b", Markup(Shown.short(scores.predicted[index])))),
                    .tag("p", Markup("error \(Shown.short(error(index)))")),
                ])
        }
        return [
            section("Largest errors", cards(sorted.prefix(Self.most).map(example))),
            section("Smallest errors", cards(sorted.suffix(Self.most / 3).reversed().map(example))),
        ]
    }

    private func truth(_ index: Int) -> String { Shown.name(head.samples[index].labels[head.target.column] ?? "") }

    private func prediction(_ index: Int) -> String { Shown.name(head.text(of: index)) }

    private func cards(_ examples: [Example]) -> Markup {
        .tag(
            "div", ["class": "cards"],
            examples.map { example in
                let sample = head.samples[example.index]
                return .tag(
                    "div", ["class": "card"],
                    media.markup(sample) + example.lines.joined + .tag("p", ["class": "id"], Markup(Shown.name(sample.id))))
            })
    }
}
