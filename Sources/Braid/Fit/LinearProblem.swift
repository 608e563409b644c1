internal import Torch

/// A linear model from features to a head's logits, fitted exactly: L2 multinomial, binary or multilabel logistic regression, or ridge
/// regression, whichever the head's loss makes of it.
///
/// What is made small is `sum_n s_n loss_n + penalty / 2 * |W|²`, as scikit-learn's `LogisticRegression(C=1 / penalty)` does; biases are not
/// penalised. All folds of a cross-validation are fitted at once, side by side: they share every product of matrices.
struct LinearProblem {
    /// One fit a fold, `[R + 1, K C]`: weights, and biases in the last row. Of the columns, C belong to each fold in turn.
    typealias Point = Tensor

    private let features: PrincipalFeatures
    /// Of every row and fold, `N K`: a row that a fold holds out counts nothing in its fit.
    private let loss: RowLoss
    /// The fold that holds each row out; nil where there is a single fit of all rows.
    private let folds: Folds?
    private let outputs: Int

    /// Keeps the bias of a class that a fold never sees from running off to infinity; too small to change any other.
    private static let biasPenalty = 1e-6
    /// The guessed curvature of a row's loss in a logit.
    private static let curvature = 0.1
    private static let steps = 300
    /// What single precision leaves of a row's loss; less cannot be gained.
    private static let rounding = 1e-8

    /// - Parameters:
    ///   - features: The rows, in the precision that is computed in.
    ///   - samples: The number, among the loss's samples, of each row.
    ///   - folds: The fold that holds each row out; nil to fit all rows at once.
    ///   - counts: By fold, what each row counts beside its sample's weight in the fit without the fold; nil: 1, and 0 where the fold holds it out.
    init(_ features: PrincipalFeatures, _ loss: HeadLoss, samples: [Int], folds: Folds?, counts: [[Double]]? = nil) throws {
        (self.features, self.folds) = (features, folds)
        outputs = loss.target.outputs
        let k = folds?.count ?? 1
        self.loss = try RowLoss(
            loss, samples: samples.flatMap { Array(repeating: $0, count: k) },
            counts: samples.indices.flatMap { row in (0..<k).map { counts?[$0][row] ?? (folds?.numbers[row] == $0 ? 0 : 1) } },
            dtype: features.rows.dtype)
    }

    private var columns: Int { (folds?.count ?? 1) * outputs }
    private var rank: Int { features.rows.shape[1] }

    /// Nothing learnt yet.
    func start() throws -> Point { try .zeros([rank + 1, columns], dtype: features.rows.dtype) }

    /// The fit at a penalty.
    ///
    /// - Parameters:
    ///   - start: Where the search begins: a neighbouring penalty's solution saves steps.
    ///   - tolerance: What is left to gain when the search ends, as a mean loss a row.
    func solution(penalty: Double, from start: Point, tolerance: Double) throws -> Point {
        let (count, isSingle) = (Double(features.rows.shape[0]), start.dtype == .float32)
        let squares = try Tensor.concatenate([features.squares, .full([1], count, dtype: .float64)], 0)
        let strengths = try Tensor(
            Array(repeating: penalty, count: rank) + [Self.biasPenalty], shape: [rank + 1])
        let inverse = try (squares.scaled(by: Self.curvature) + strengths).power(-1).unsqueezed(1).converted(to: start.dtype)
        let factors = try strengths.unsqueezed(1).converted(to: start.dtype)
        let minimizer = Minimizer(
            inverseCurvature: inverse, tolerance: max(tolerance, isSingle ? Self.rounding : 0) * count, steps: Self.steps)
        return try minimizer.minimum(from: start) { try value($0, factors) }
    }

    private func value(_ point: Point, _ penalties: Tensor) throws -> (value: Double, gradient: Tensor) {
        let logits = try logits(point).detached()
        let (data, slopes) = try withGradient {
            try logits.setRequiresGradient(true)
            let sum = try loss.sum(logits.reshaped([-1, outputs]))
            try sum.backward()
            guard let slopes = try logits.gradient() else { throw BraidError(.internal, "the loss has no gradient") }
            return (try sum.item(), slopes)
        }
        return try withoutGradient {
            let weights = try features.rows.transposed(0, 1).matmul(slopes)
            let gradient = try Tensor.concatenate([weights, slopes.sum([0], keep: true)], 0) + point * penalties
            return (data + (try (point.power(2) * penalties).sum().item() / 2), gradient)
        }
    }

    /// Logits of every row by every fit, `[N, K C]`.
    private func logits(_ point: Point) throws -> Tensor {
        try withoutGradient {
            try features.rows.matmul(point.slice(0, 0..<rank)) + point.slice(0, rank..<rank + 1)
        }
    }

    /// Logits `[N, C]` of each row by the fit that it was held out of.
    func heldOut(_ point: Point) throws -> Tensor {
        guard let folds else { return try logits(point) }
        let all = try logits(point).reshaped([-1, outputs])
        let rows = folds.numbers.enumerated().map { Int64($0 * folds.count + $1) }
        return try all.rows(Tensor(rows, shape: [rows.count]))
    }

    /// The mean of the folds' fits, from which a fit of all rows begins.
    func mean(_ point: Point) throws -> Point {
        try point.reshaped([rank + 1, folds?.count ?? 1, outputs]).mean([1])
    }

    /// Weights `[C, D]` and biases `[C]` in the space of the standardised embeddings, of a single fit.
    func linear(_ point: Point) throws -> (weight: Tensor, bias: Tensor) {
        (try features.original(point.slice(0, 0..<rank)).transposed(0, 1).contiguous(), try point.select(0, rank))
    }
}
