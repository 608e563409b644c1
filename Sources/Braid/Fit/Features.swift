internal import Torch

/// The mean and the deviation of each value of embeddings: scikit-learn's `StandardScaler`.
struct Standardization {
    /// `[D]`.
    let mean: Tensor
    /// `[D]`; 1 where a value never changes.
    let deviation: Tensor

    /// Learns them from rows `[N, D]`.
    init(_ rows: Tensor) throws {
        let mean = try rows.mean([0])
        try self.init(mean: mean, variance: (rows - mean).power(2).mean([0]))
    }

    /// Takes them from moments.
    ///
    /// - Parameters:
    ///   - mean: `[D]`.
    ///   - variance: The mean square of what differs from it, `[D]`.
    init(mean: Tensor, variance: Tensor) throws {
        self.mean = mean
        let spread = try variance.power(0.5)
        // What varies by rounding alone is constant: dividing by it would blow the rounding up.
        let isConstant = try (spread / (mean.absolute().adding(1e-30))).less(than: 1e-6)
        deviation = try Tensor.ones([]).converted(to: mean.dtype).where(isConstant, else: spread.clamped(atLeast: 1e-30))
    }

    /// The same of rows that may be few: of sixteen rows a column's deviation is off by a fifth, and dividing by it makes noise of what embeddings
    /// know.
    ///
    /// Each variance is drawn towards the mean of all columns', by the share of their spread that rows in such a number show by chance (James and
    /// Stein 1961; Opgen-Rhein and Strimmer 2007 do so for genes): nearly all the way of a few rows of columns that vary alike, hardly at all of
    /// thousands. A column that never changes counts as the mean column does.
    ///
    /// - Parameter rows: `[N, D]`.
    static func shrunk(_ rows: Tensor) throws -> Standardization {
        let mean = try rows.mean([0])
        let variance = try (rows - mean).power(2).mean([0])
        let typical: Double = try variance.mean([0]).item()
        guard typical > 0 else { return try Standardization(mean: mean, variance: variance) }
        let relative = try variance.scaled(by: 1 / typical)
        let spread: Double = try relative.adding(-1).power(2).mean([0]).item()
        // The variance of a variance of normal values, in squares of it.
        let chance = 2 / Double(max(1, rows.shape[0] - 1))
        let own = spread > chance ? (spread - chance) / (spread * (1 + chance)) : 0
        let shrunk = try relative.scaled(by: own).adding(1 - own)
        let isConstant = try relative.less(than: 1e-12)
        let kept = try Tensor.ones([]).converted(to: rows.dtype).where(isConstant, else: shrunk)
        return try Standardization(mean: mean, variance: kept.scaled(by: typical))
    }

    /// Standardised rows, `[N, D]`.
    func callAsFunction(_ rows: Tensor) throws -> Tensor { try (rows - mean) / deviation }
}

/// Rows in the basis of their own principal directions, in which the curvature of a linear model is nearly diagonal.
///
/// An L2 penalty does not change with a rotation, and puts no weight on directions in which rows do not vary: what is fitted here is
/// exactly what would be fitted on the rows themselves.
struct PrincipalFeatures {
    /// `[N, R]`, R at most the smaller of N and D.
    let rows: Tensor
    /// The sum of squares of each column, `[R]`.
    let squares: Tensor
    /// `[D, R]`: rows of the original space times this are `rows`.
    private let basis: Tensor

    /// Directions whose sum of squares is less than this share of the largest are rounding.
    private static let smallest = 1e-12

    /// - Parameter x: Standardised rows `[N, D]`.
    init(_ x: Tensor) throws {
        let isWide = x.shape[0] < x.shape[1]
        let gram = try isWide ? x.matmul(x.transposed(0, 1)) : x.transposed(0, 1).matmul(x)
        let (values, vectors) = try gram.converted(to: .float64).symmetricEigen()
        let all = try values.array(of: Double.self)
        let top = all.last ?? 0
        let first = all.firstIndex { $0 > top * Self.smallest && $0 > 0 } ?? all.count
        let kept = first..<all.count
        squares = try values.slice(0, kept)
        let chosen = try vectors.slice(1, kept).converted(to: x.dtype).contiguous()
        if isWide {
            let lengths = try squares.converted(to: x.dtype).power(0.5)
            rows = try chosen * lengths
            basis = try x.transposed(0, 1).matmul(chosen) / lengths
        } else {
            rows = try x.matmul(chosen)
            basis = chosen
        }
    }

    private init(rows: Tensor, squares: Tensor, basis: Tensor) { (self.rows, self.squares, self.basis) = (rows, squares, basis) }

    /// The mean square of a row's length.
    func meanSquare() throws -> Double {
        let total: Double = try squares.sum().item()
        return total / Double(max(1, rows.shape[0]))
    }

    /// The same in another precision.
    func converted(to dtype: DType) throws -> PrincipalFeatures {
        PrincipalFeatures(rows: try rows.converted(to: dtype), squares: squares, basis: try basis.converted(to: dtype))
    }

    /// Weights of the original space, `[D, C]`, from those found here, `[R, C]`.
    func original(_ weights: Tensor) throws -> Tensor { try basis.matmul(weights) }
}
