// Fisher 1936, "The use of multiple measurements in taxonomic problems"; Ledoit and Wolf 2004.
internal import Torch

/// Linear discriminant analysis: classes as normal distributions that share one shrunk covariance, solved from sums over the rows.
struct DiscriminantClassifier: EmbeddingClassifier {
    /// nil: as Ledoit and Wolf estimate it.
    let shrinkage: Double?

    func model(_ scope: Scope, size: Int, _ target: Target) throws -> any ViewModel {
        try LinearViewModel(scope, size: size, target)
    }

    func fit(_ rows: ViewRows, like earlier: ViewChoice?) throws -> ViewFit {
        let features = try rows.features.principal()
        let size = rows.features.rows.shape[1]
        let (x, y) = (try features.rows.converted(to: .float64), try rows.targets())
        let whole = try FeatureStatistics(x, y, weights: rows.weights)
        let heldOut = try rows.gathered { fold, held in
            let weights = held.map { rows.weights[$0] }
            let rest = try whole - FeatureStatistics(rows.part(x, held), rows.part(y, held), weights: weights)
            let found = try solution(Discriminant(rest, size: size), x, y, rows.weights(without: fold))
            return try rows.target.logits(of: found.solution)(rows.part(x, held))
        }
        let verdict = try HeldOutJudge(rows)(heldOut)
        let found = try solution(Discriminant(whole, size: size), x, y, rows.weights)
        let logits = try rows.target.logits(of: found.solution)
        return ViewFit(
            heldOut: try heldOut.scaled(by: verdict.factor), loss: verdict.loss, choice: ["shrinkage": found.shrinkage],
            values: [
                try features.original(logits.weight.transposed(0, 1)).transposed(0, 1).scaled(by: verdict.factor),
                try logits.bias.scaled(by: verdict.factor),
            ])
    }

    private func solution(
        _ discriminant: Discriminant, _ x: Tensor, _ y: Tensor, _ weights: [Double]
    ) throws -> (solution: LinearSolution, shrinkage: Double) {
        let amount =
            try shrinkage ?? discriminant.ledoitWolfShrinkage(fourth: discriminant.fourth(x, y, weights: weights))
        return (try discriminant.solution(shrinkage: amount), amount)
    }
}

extension ClassifierKind {
    /// Linear discriminant analysis with a shrunk covariance.
    static let discriminant = ClassifierKind("lda", paper: "Fisher 1936; Ledoit and Wolf 2004") { reader in
        DiscriminantClassifier(
            shrinkage: reader.optionalDouble(
                "fusion.shrinkage", 0...1,
                "How far the shared covariance is shrunk to the same variance in all directions. Default: as Ledoit and Wolf estimate it."
            ))
    }
}
