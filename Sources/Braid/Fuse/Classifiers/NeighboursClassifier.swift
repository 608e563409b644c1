// Cover and Hart 1967, "Nearest neighbor pattern classification", IEEE Transactions on Information Theory 13.
internal import Torch

/// What the nearest rows of the training are: scikit-learn's `KNeighborsClassifier` and `KNeighborsRegressor`.
struct NeighboursClassifier: EmbeddingClassifier {
    /// How much a neighbour says.
    enum Weights: String, CaseIterable, Sendable {
        case uniform, distance
    }

    /// nil: as many as held-out rows show.
    let neighbours: Int?
    let weights: Weights
    let metric: EmbeddingMetric

    private static let choice = "neighbours"
    private static let tried = [1, 3, 5, 9, 15]

    func model(_ scope: Scope, size: Int, _ target: Target) throws -> any ViewModel {
        try Model(scope, size: size, target, self)
    }

    func fit(_ rows: ViewRows, like earlier: ViewChoice?) throws -> ViewFit {
        let chosen = try KeptRows.chosen(rows, by: ClassifierKind.neighbours.name)
        let x = try prepared(rows.features.rows.converted(to: .float64))
        let labels = try Self.weighed(rows.targets(), rows.weights)
        let asked = neighbours ?? earlier?[Self.choice].map { Int($0) }
        let counts = asked.map { [$0] } ?? Self.tried.filter { $0 == 1 || $0 <= chosen.count / 2 }
        // The nearest are looked for once, whatever their number.
        let found = try (0..<rows.folds.count).map { fold -> (near: Near, labels: Tensor)? in
            let (held, rest) = (rows.held(fold), chosen.filter { rows.folds.numbers[$0] != fold })
            guard !held.isEmpty, !rest.isEmpty else { return nil }
            let near = try self.near(rows.part(x, held), rows.part(x, rest), count: counts.max() ?? 1)
            return (near, try rows.part(labels, rest))
        }
        let best = try HeldOutJudge(rows).best(of: counts) { count in
            try rows.gathered { fold, held in
                guard let found = found[fold] else {
                    return try .zeros([held.count, rows.target.outputs], dtype: .float64)
                }
                return try Self.logits(found.near.shares(found.labels, count), count, rows.target)
            }
        }
        let factor = best.verdict.factor
        return ViewFit(
            heldOut: try best.heldOut.scaled(by: factor), loss: best.verdict.loss, choice: [Self.choice: Double(best.choice)],
            values: [
                try rows.part(x, chosen), try rows.part(labels, chosen), try .full([1], Double(best.choice)),
                try .full([1], factor),
            ])
    }

    /// Rows as they are compared.
    func prepared(_ x: Tensor) throws -> Tensor { metric == .cosine ? try x.normalized() : x }

    /// Targets times what their rows count, and that itself in a last column, `[N, K + 1]`.
    static func weighed(_ targets: Tensor, _ weights: [Double]) throws -> Tensor {
        let column = try Tensor(weights, shape: [weights.count, 1])
        return try .concatenate([targets * column, column], 1)
    }

    /// The nearest rows of some queries.
    struct Near {
        /// How much each says, `[B, k]`, the nearest first.
        let weights: Tensor
        /// Their numbers, `[B, k]`.
        let numbers: Tensor

        /// The mean target of the `count` nearest, `[B, K]`.
        ///
        /// - Parameter labels: As `weighed` gives them.
        func shares(_ labels: Tensor, _ count: Int) throws -> Tensor {
            let count = min(count, numbers.shape[1])
            let chosen = try numbers.slice(1, 0..<count).contiguous().reshaped([-1])
            let said = try labels.rows(chosen).reshaped([-1, count, labels.shape[1]])
            let sums = try (said * weights.slice(1, 0..<count).unsqueezed(2)).sum([1])
            let outputs = labels.shape[1] - 1
            return try sums.slice(1, 0..<outputs) / sums.slice(1, outputs..<outputs + 1).clamped(atLeast: 1e-30)
        }
    }

    /// The nearest of `keys` `[N, D]` for each query `[B, D]`, both as `prepared` makes them.
    func near(_ queries: Tensor, _ keys: Tensor, count: Int) throws -> Near {
        let products = try queries.matmul(keys.transposed(0, 1))
        let distances =
            switch metric {
            case .cosine: try products.scaled(by: -1).adding(1).clamped(atLeast: 0)
            case .euclidean:
                try (queries.power(2).sum([1], keep: true) + keys.power(2).sum([1]).unsqueezed(0) - products.scaled(by: 2))
                    .clamped(atLeast: 0).power(0.5)
            }
        let (values, numbers) = try distances.smallest(min(count, keys.shape[0]))
        guard weights == .distance else { return Near(weights: try values.scaled(by: 0).adding(1), numbers: numbers) }
        // A row at no distance outweighs all that are at some, as scikit-learn has it.
        return Near(weights: try values.clamped(atLeast: 1e-12).power(-1), numbers: numbers)
    }

    /// Logarithms of shares, one neighbour of no class added, so that a class which none is of is unlikely and not impossible.
    static func logits(_ shares: Tensor, _ count: Int, _ target: Target) throws -> Tensor {
        let k = Double(count)
        switch target.form {
        case .number: return shares
        case .flags:
            let odds = { (shares: Tensor) in try shares.scaled(by: k).adding(0.5).log() }
            return try odds(shares) - odds(shares.scaled(by: -1).adding(1))
        case .classes:
            let smoothed = try shares.scaled(by: k).adding(1 / Double(shares.shape[1])).scaled(by: 1 / (k + 1))
            return try target.logits(ofScores: smoothed.log())
        }
    }

    /// The rows, their labels, how many are asked, and what logits are multiplied by.
    private struct Model: ViewModel {
        let classifier: NeighboursClassifier
        let target: Target
        let keys: KeptRows
        let labels: KeptRows
        let count: Tensor
        let factor: Tensor

        init(_ scope: Scope, size: Int, _ target: Target, _ classifier: NeighboursClassifier) throws {
            (self.classifier, self.target) = (classifier, target)
            keys = try KeptRows(scope, "rows", width: size)
            let columns = target.form == .classes ? target.classes.count : target.outputs
            labels = try KeptRows(scope, "labels", width: columns + 1)
            count = try scope.buffer("neighbours", [1], .constant(1))
            factor = try scope.buffer("factor", [1], .constant(1))
        }

        func callAsFunction(_ x: Tensor) throws -> Tensor {
            guard keys.rows.shape[0] > 0 else { return try Tensor.zeros([x.shape[0], target.outputs]).moved(to: x.device) }
            let count = try Int(self.count.item())
            let near = try classifier.near(classifier.prepared(x), keys.rows, count: count)
            return try NeighboursClassifier.logits(near.shares(labels.rows, count), count, target) * factor
        }

        func adopt(_ values: [Tensor]?) throws {
            try keys.keep(values?[0])
            try labels.keep(values?[1])
            try count.copyInPlace(from: values?[2] ?? .ones([1]))
            try factor.copyInPlace(from: values?[3] ?? .ones([1]))
        }
    }
}

extension ClassifierKind {
    /// The nearest rows.
    static let neighbours = ClassifierKind(
        "knn", paper: "Cover and Hart 1967, IEEE Transactions on Information Theory 13", forms: [.classes, .flags, .number]
    ) { reader in
        let asked = reader.optionalInt(
            "fusion.neighbours", 1...10_000, "How many of the nearest rows answer. Default: as many as held-out rows show.")
        return NeighboursClassifier(
            neighbours: asked,
            weights: reader.choice(
                "fusion.weighting", .distance, "How much each neighbour says: the same, or the inverse of its distance."),
            metric: reader.embeddingMetric())
    }
}
