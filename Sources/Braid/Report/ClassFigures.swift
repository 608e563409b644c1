/// One class's figures, each with its 95 % interval.
struct ClassFigures {
    let name: String
    let scores: ConfusionMatrix.ClassScores
    let precision: ClosedRange<Double>
    let recall: ClosedRange<Double>
    let f1: ClosedRange<Double>

    private init(_ name: String, _ scores: ConfusionMatrix.ClassScores, hits: Int, guesses: Int) {
        (self.name, self.scores) = (name, scores)
        precision = Proportion.interval(hits: Double(hits), of: guesses)
        recall = Proportion.interval(hits: Double(hits), of: scores.support)
        f1 = Proportion.interval(f1: scores, hits: hits, guesses: guesses)
    }

    /// Of every class, in the head's order; nil where nothing is labelled, or labels are numbers.
    static func all(_ head: HeadPredictions) throws -> [ClassFigures]? {
        guard !head.samples.isEmpty else { return nil }
        switch try head.answers() {
        case .classes(let answers): return all(answers.confusion)
        case .flags(let answers):
            let predicted = answers.values.map { row in row.map { $0 > 0.5 } }
            return zip(answers.scores.labels, answers.scores.classes).enumerated().map { column, one in
                let hits = zip(answers.truth, predicted).count { $0[column] && $1[column] }
                return ClassFigures(one.0, one.1, hits: hits, guesses: predicted.count { $0[column] })
            }
        case .number: return nil
        }
    }

    static func all(_ confusion: ConfusionMatrix) -> [ClassFigures] {
        var guesses = confusion.labels.map { _ in 0 }
        for row in confusion.counts { for (column, count) in row.enumerated() { guesses[column] += count } }
        return zip(confusion.labels, confusion.classes).enumerated().map { index, one in
            ClassFigures(one.0, one.1, hits: confusion.counts[index][index], guesses: guesses[index])
        }
    }
}

extension [ClassFigures] {
    /// A line a class.
    var csv: String {
        let lines = map { one in
            let figures = [
                (one.scores.precision, one.precision), (one.scores.recall, one.recall), (one.scores.f1, one.f1),
            ].map { "\($0),\($1.lowerBound),\($1.upperBound)" }
            return "\(DelimitedText.quoted(one.name)),\(figures.joined(separator: ",")),\(one.scores.support)"
        }
        let header =
            "class,precision,precision_lower,precision_upper,recall,recall_lower,recall_upper,f1,f1_lower,f1_upper,support"
        return ([header] + lines).joined(separator: "\n") + "\n"
    }
}
