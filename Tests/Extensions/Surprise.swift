import Braid
import Foundation

extension Metric {
    /// The mean of -log2 of the true class's probability, in bits.
    static let surprise = Metric(
        name: "surprise", title: "surprise, bits", isBetterWhenHigher: false, forms: [.classes]
    ) { answers in
        guard case .classes(let answers) = answers, !answers.truth.isEmpty else { return nil }
        let bits = zip(answers.probabilities, answers.truth).map { -log2(max($0[$1], 1e-12)) }
        return bits.reduce(0, +) / Double(bits.count)
    }
}
