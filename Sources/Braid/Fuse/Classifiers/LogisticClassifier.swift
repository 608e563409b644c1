internal import Torch

/// Logistic regression, or ridge regression of numbers: a linear model of the head's own loss, its penalty by cross-validation.
struct LogisticClassifier: EmbeddingClassifier {
    let landmarks: Int

    /// Of the mean loss, in the fit of all rows.
    private static let tolerance = 1e-9
    /// Of the mean loss, where single precision does.
    private static let roughTolerance = 1e-6
    private static let penalty = "penalty"

    func model(_ scope: Scope, size: Int, _ target: Target) throws -> any ViewModel {
        try LinearViewModel(scope, size: size, target)
    }

    func fit(_ rows: ViewRows, like earlier: ViewChoice?) throws -> ViewFit {
        let features = try rows.features.principal()
        // Comparing penalties needs no more than single precision, and takes half the time.
        let problem = try LinearProblem(
            features.converted(to: .float32), rows.loss, samples: rows.samples, folds: rows.folds,
            counts: (0..<rows.folds.count).map { rows.counts(without: $0) })
        let judge = try HeldOutJudge(rows, dtype: .float32)
        // C = 1 of scikit-learn on rows of mean square 1; rows that are all alike have no penalty to speak of.
        let usual = try max(features.meanSquare(), .leastNormalMagnitude)
        let penalties = earlier?[Self.penalty].map { [$0] } ?? (rows.canJudge ? PenaltyPath.penalties : [usual])
        let preference = PenaltyPath.Preference(penalty: usual, rows: rows.judged.reduce(0, +))
        let path = try PenaltyPath(problem, penalties: penalties, rows.target.form == .number ? nil : preference) {
            // What is right but timid is no worse: it is brought to its scale.
            try judge($0).loss ?? 0
        }
        let (weight, bias) = try whole(features, rows, penalty: path.penalty, from: path.start)
        let verdict = try judge(path.heldOut)
        return ViewFit(
            heldOut: try path.heldOut.scaled(by: verdict.factor), loss: verdict.loss, choice: [Self.penalty: path.penalty],
            values: [try weight.scaled(by: verdict.factor), try bias.scaled(by: verdict.factor)])
    }

    /// The model of all rows. A linear one is exact; of a kernel's many weak directions no one needs more than single precision.
    private func whole(
        _ features: PrincipalFeatures, _ rows: ViewRows, penalty: Double, from start: LinearProblem.Point
    ) throws -> (weight: Tensor, bias: Tensor) {
        let single = try features.converted(to: .float32)
        let rough = try LinearProblem(single, rows.loss, samples: rows.samples, folds: nil)
        let near = try rough.solution(penalty: penalty, from: start, tolerance: Self.roughTolerance)
        guard !rows.isKernel else { return try rough.linear(near) }
        let exact = try LinearProblem(features, rows.loss, samples: rows.samples, folds: nil)
        return try exact.linear(
            exact.solution(penalty: penalty, from: near.converted(to: features.rows.dtype), tolerance: Self.tolerance))
    }
}

extension ClassifierKind {
    /// Logistic regression beside one of a kernel.
    static let logistic = ClassifierKind("logistic", paper: "Wolpert 1992, Neural Networks 5", forms: [.classes, .flags, .number]) {
        reader in
        LogisticClassifier(
            landmarks: reader.int(
                "fusion.landmarks", 512, 0...65_536,
                "The most landmarks of each modality's Gaussian kernel, whose model stands beside the linear one; 0: no kernels."))
    }
}
