// Hoerl and Kennard 1970, "Ridge regression: biased estimation for nonorthogonal problems", Technometrics 12.
internal import Torch

/// Weights and biases from embeddings to outputs.
struct LinearSolution {
    /// `[K, D]`.
    let weight: Tensor
    /// `[K]`.
    let bias: Tensor

    /// What it says of rows `[N, D]`, `[N, K]`.
    func callAsFunction(_ x: Tensor) throws -> Tensor { try x.matmul(weight.transposed(0, 1)) + bias }
}

/// Ridge regression from statistics, at any penalty: `sum_n s_n |y_n - W x_n - b|² + penalty |W|²` made least, biases not penalised, as
/// scikit-learn's `Ridge(alpha=penalty)` has it.
struct RidgeSolver {
    /// Principal directions as columns, `[D, R]`, and the sum of squares along each, `[R, 1]`: all D, or the R that rows vary along.
    private let directions: Tensor
    let lengths: Tensor
    /// The products of centred rows and targets along each direction, `[R, K]`.
    let along: Tensor
    private let mean: Tensor
    private let targets: Tensor

    /// Directions whose sum of squares is less than this share of the largest are rounding.
    private static let smallest = 1e-12
    /// Random vectors beyond the number of rows.
    private static let spare = 8
    /// The share of all sums of squares that may be lacking: rounding.
    private static let lacking = 1e-11

    /// - Parameter statistics: Of one row at least.
    init(_ statistics: FeatureStatistics) throws {
        let count = max(statistics.count, 1e-300)
        mean = try statistics.sum.scaled(by: 1 / count)
        targets = try statistics.targets.scaled(by: 1 / count)
        let column = try mean.unsqueezed(1)
        let centred = try statistics.gram - column.matmul(column.transposed(0, 1)).scaled(by: count)
        let products = try statistics.products - column.matmul(statistics.targets.unsqueezed(0))
        let (values, vectors) = try Self.directions(of: centred, rows: count)
        let top = try values.array(of: Double.self).last ?? 0
        let isRounding = try values.less(than: max(top, 0) * Self.smallest)
        let kept = try Tensor.zeros([], dtype: .float64).where(isRounding, else: .ones([], dtype: .float64)).unsqueezed(1)
        lengths = try values.clamped(atLeast: 0).unsqueezed(1)
        directions = vectors
        along = try vectors.transposed(0, 1).matmul(products) * kept
    }

    /// Whether so few rows are looked at along the directions that they vary along, and not along all.
    static func isFew(_ rows: Double, _ dimension: Int) -> Bool { rows < Double(dimension) / 2 - Double(spare) }

    /// The eigenvalues of a matrix of sums of squares, smallest first, and its eigenvectors as columns.
    ///
    /// Fewer rows than columns vary along as many directions as there are rows at most. Products of the matrix with as many random vectors span these
    /// (Halko, Martinsson and Tropp 2011, arXiv:0909.4061), so that a much smaller matrix has all eigenvalues but zeros. Where rows that count
    /// little make more of them than `rows` says, what is lacking shows in the sum of eigenvalues, and the whole matrix is taken.
    ///
    /// - Parameters:
    ///   - gram: Symmetric, no eigenvalue below 0.
    ///   - rows: What the rows count together that it is of.
    static func directions(of gram: Tensor, rows: Double) throws -> (values: Tensor, vectors: Tensor) {
        let dimension = gram.shape[0]
        guard isFew(rows, dimension) else { return try gram.symmetricEigen() }
        let width = Int(bounded: rows.rounded(.up)) + spare
        let probes = try Generator.own(seed: 0) { try Tensor.randomNormal([dimension, width]).converted(to: .float64) }
        let basis = try gram.matmul(probes).orthonormalColumns()
        let (values, turned) = try basis.transposed(0, 1).matmul(gram).matmul(basis).symmetricEigen()
        let (all, found) = (try (gram * .identity(dimension)).sum().item(), try values.sum().item())
        return abs(all - found) <= lacking * all ? (values, try basis.matmul(turned)) : try gram.symmetricEigen()
    }

    /// The mean sum of squares of a direction that rows vary along.
    func meanLength() throws -> Double {
        let all = try lengths.array(of: Double.self)
        let varying = all.filter { $0 > (all.last ?? 0) * Self.smallest }
        return varying.reduce(0, +) / Double(max(1, varying.count))
    }

    /// The solution at a penalty above 0.
    func solution(penalty: Double) throws -> LinearSolution {
        let weight = try directions.matmul(along / lengths.adding(penalty)).transposed(0, 1).contiguous()
        return LinearSolution(weight: weight, bias: try targets - weight.matmul(mean.unsqueezed(1)).squeezed(1))
    }
}

extension FeatureStatistics {
    /// Ridge regression of the rows, as scikit-learn's `Ridge(alpha=penalty)`; with a column of 0 and 1 a class, twice its weights and biases less 1 are
    /// `RidgeClassifier`'s, whose targets are 1 and -1.
    func ridge(penalty: Double) throws -> LinearSolution { try RidgeSolver(self).solution(penalty: penalty) }
}
