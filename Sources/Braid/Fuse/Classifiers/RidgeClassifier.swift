// Hoerl and Kennard 1970, Technometrics 12; of classes as scikit-learn's RidgeClassifier.
internal import Torch

/// Ridge regression of 1 and -1 a class, or of numbers, solved from sums over the rows (`FeatureStatistics`): a fold is held out by taking its
/// sums away.
struct RidgeClassifier: EmbeddingClassifier {
    /// nil: by cross-validation.
    let penalty: Double?

    private static let choice = "penalty"

    func model(_ scope: Scope, size: Int, _ target: Target) throws -> any ViewModel {
        try LinearViewModel(scope, size: size, target)
    }

    func fit(_ rows: ViewRows, like earlier: ViewChoice?) throws -> ViewFit {
        let features = try rows.features.principal()
        let (x, y) = (try features.rows.converted(to: .float64), try rows.targets())
        let whole = try FeatureStatistics(x, y, weights: rows.weights)
        let solver = try RidgeSolver(whole)
        let folds = try (0..<rows.folds.count).map { fold in
            let held = rows.held(fold)
            let weights = held.map { rows.weights[$0] }
            return try RidgeSolver(whole - FeatureStatistics(rows.part(x, held), rows.part(y, held), weights: weights))
        }
        let asked = penalty ?? earlier?[Self.choice]
        let penalties = try asked.map { [$0] } ?? (rows.canJudge ? PenaltyPath.penalties : [max(solver.meanLength(), 1e-9)])
        let best = try HeldOutJudge(rows).best(of: penalties) { penalty in
            try rows.gathered { try solution(folds[$0], penalty, rows.target)(rows.part(x, $1)) }
        }
        let found = try solution(solver, best.choice, rows.target)
        let factor = best.verdict.factor
        return ViewFit(
            heldOut: try best.heldOut.scaled(by: factor), loss: best.verdict.loss, choice: [Self.choice: best.choice],
            values: [
                try features.original(found.weight.transposed(0, 1)).transposed(0, 1).scaled(by: factor),
                try found.bias.scaled(by: factor),
            ])
    }

    private func solution(_ solver: RidgeSolver, _ penalty: Double, _ target: Target) throws -> LinearSolution {
        let found = try solver.solution(penalty: penalty)
        guard target.form != .number else { return found }
        // Targets of 0 and 1 were added up; those of -1 and 1 are wanted.
        let signed = LinearSolution(weight: try found.weight.scaled(by: 2), bias: try found.bias.scaled(by: 2).adding(-1))
        return try target.logits(of: signed)
    }
}

extension ClassifierKind {
    /// Ridge regression in closed form.
    static let ridge = ClassifierKind(
        "ridge", paper: "Hoerl and Kennard 1970, Technometrics 12", forms: [.classes, .flags, .number]
    ) {
        reader in
        RidgeClassifier(
            penalty: reader.optionalDouble(
                "fusion.penalty", 1e-9...1e12,
                "The penalty on squared weights, scikit-learn's alpha. Default: that of least held-out loss."))
    }
}
