// Lopez-Paz and Oquab 2017, "Revisiting classifier two-sample tests", arXiv:1610.06545.
internal import Torch

/// How well a linear classifier tells two sides apart on rows it has not learnt from, and what is chance in it.
///
/// The classifier is linear discriminant analysis with the covariance shrunk as Ledoit and Wolf 2004 do. Its answers are linear in the sides, so that
/// it is fitted anew for every permutation of them, in every fold: the p-value takes the whole procedure in, where the binomial one of the
/// paper, made for a single test set, would not hold for folds that learn from each other's rows.
struct ClassifierTest {
    /// The share of held-out rows told apart, a half of each side.
    let accuracy: Double
    /// By permutation of the sides.
    let p: Double
    /// The same share where sides were dealt out by chance, in ascending order.
    private let byChance: [Double]

    /// How far a tie in accuracy may be moved by the margins, less than any difference in accuracy.
    private static let tie = 1e-7

    /// - Parameters:
    ///   - x: Float64 `[N, D]`, the reference's rows first.
    ///   - sides: Of the same rows.
    init(_ x: Tensor, _ sides: PermutedSides) throws {
        let features = try Self.whitened(x)
        let margins = try Self.margins(features, sides)
        let accuracies = try Self.accuracies(margins, sides.isNew).array(of: Double.self)
        // Accuracies are few; what is equal in them is told by the mean margin, so that p is no coarser than the permutations.
        let shares = try PermutedSides.shares(sides.isNew, .ones([x.shape[0], 1], dtype: .float64))
        let scale = try margins.absolute().mean([0]).clamped(atLeast: 1e-30)
        let ahead = try ((margins * (shares.new - shares.reference)).sum([0]) / scale).array(of: Double.self)
        accuracy = accuracies.first ?? 0.5
        p = PermutedSides.p(zip(accuracies, ahead).map { $0 + Self.tie * $1 })
        byChance = accuracies.dropFirst().sorted()
    }

    /// The accuracy that rows as many as these would show with a chance of 80 %, where a test at `level` is to notice it.
    func noticed(at level: Double) -> Double {
        guard let last = byChance.last, byChance.count > 1 else { return 1 }
        let place = Int((Double(byChance.count) * (1 - level)).rounded(.up))
        // Fewer permutations than the level asks for: nothing is ever noticed.
        guard level * Double(byChance.count + 1) >= 1 else { return 1 }
        let mean = byChance.reduce(0, +) / Double(byChance.count)
        let variance = byChance.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(byChance.count - 1)
        let bound = place < byChance.count ? byChance[place] : last
        return min(1, bound + Self.quantileOfPower * variance.squareRoot())
    }

    /// What a normal value exceeds with a chance of 20 %.
    private static let quantileOfPower = 0.8416212335729143

    /// Rows, centred and standardised, in axes of unit variance once the covariance is shrunk: `[N, R]`.
    static func whitened(_ x: Tensor) throws -> Tensor {
        let scaled = try Standardization(x)(x)
        let features = try PrincipalFeatures(scaled - scaled.mean([0]))
        let (rows, dimension) = (Double(x.shape[0]), x.shape[1])
        let squares = try features.squares.array(of: Double.self)
        let shrinkage = try Transferability.shrinkage(features, squares, dimension)
        let mean = squares.reduce(0, +) / (rows * Double(dimension))
        let deviations = squares.map { max((1 - shrinkage) * $0 / rows + shrinkage * mean, 1e-30).squareRoot() }
        return try features.rows / Tensor(deviations, shape: [deviations.count])
    }

    /// Of every row and column of sides: how far it lies on the new side by the fit of the other folds, `[N, 1 + draws]`.
    static func margins(_ features: Tensor, _ sides: PermutedSides) throws -> Tensor {
        var margins = try Tensor.zeros(sides.isNew.shape, dtype: .float64)
        for fold in 0..<sides.count {
            let held = try sides.isHeld(in: fold)
            let shares = try PermutedSides.shares(sides.isNew, held.scaled(by: -1).adding(1))
            let direction = try features.transposed(0, 1).matmul(shares.new - shares.reference)
            let scores = try features.matmul(direction)
            let middle = try ((shares.new + shares.reference) * scores).sum([0], keep: true).scaled(by: 0.5)
            margins = try margins + (scores - middle) * held
        }
        return margins
    }

    /// Of each column: the share of rows on their own side, the mean of that of either side, `[columns]`.
    static func accuracies(_ margins: Tensor, _ isNew: Tensor) throws -> Tensor {
        let isRight = try margins.scaled(by: -1).less(than: 0).converted(to: .float64)
        let shares = try PermutedSides.shares(isNew, .ones([isNew.shape[0], 1], dtype: .float64))
        let new = try (isRight * shares.new).sum([0])
        let reference = try (isRight.scaled(by: -1).adding(1) * shares.reference).sum([0])
        return try (new + reference).scaled(by: 0.5)
    }
}
