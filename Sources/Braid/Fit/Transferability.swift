// You et al. 2021, "LogME: Practical assessment of pre-trained models for transfer learning", arXiv:2102.11005; Bao et al. 2019, "An
// information-theoretic approach to transferability in task transfer learning", shrunk as Ibrahim et al. 2021, arXiv:2110.06893, propose.
internal import Foundation
internal import Torch

/// What can be told of embeddings and labels without holding anything out: figures to rank pretrained encoders by, on the same rows.
enum Transferability {
    /// Steps to the fixed point; the authors' code stops after 11.
    private static let steps = 100
    private static let tolerance = 1e-9

    /// LogME: the greatest logarithm of the evidence of a Bayesian linear model of a column, a row, in the mean over the columns; higher is
    /// better.
    ///
    /// - Parameters:
    ///   - x: Embeddings as they are, float64 `[N, D]`.
    ///   - targets: Float64 `[N, K]`: a column of 0 and 1 a class, or the numbers.
    static func logME(_ x: Tensor, _ targets: Tensor) throws -> Double {
        let features = try PrincipalFeatures(x)
        // [R, K]: what each direction of unit length has of each column.
        let shares = try features.rows.transposed(0, 1).matmul(targets) / features.squares.power(0.5).unsqueezed(1)
        let lengths = try targets.power(2).sum([0]).array(of: Double.self)
        let squares = try features.squares.array(of: Double.self)
        let evidence = try lengths.indices.map { column in
            let own = try shares.select(1, column).power(2).contiguous().array(of: Double.self)
            return Self.evidence(own, length: lengths[column], squares, rows: x.shape[0], dimension: x.shape[1])
        }
        return evidence.reduce(0, +) / Double(max(1, evidence.count))
    }

    /// Of one column, at the precisions alpha of the weights and beta of the noise that make it greatest.
    private static func evidence(_ shares: [Double], length: Double, _ squares: [Double], rows: Int, dimension: Int) -> Double {
        let (n, d) = (Double(rows), Double(dimension))
        let outside = max(0, length - shares.reduce(0, +))
        var (alpha, beta, last) = (1.0, 1.0, -Double.infinity)
        for _ in 0..<steps {
            let ratio = alpha / beta
            let known = squares.reduce(0) { $0 + $1 / ($1 + ratio) }
            let weights = zip(squares, shares).reduce(0) { $0 + $1.0 * $1.1 / (($1.0 + ratio) * ($1.0 + ratio)) }
            let rest = outside + zip(squares, shares).reduce(0) { $0 + $1.1 / ((1 + $1.0 / ratio) * (1 + $1.0 / ratio)) }
            alpha = known / (weights + 1e-12)
            beta = (n - known) / (rest + 1e-12)
            let curvature = squares.reduce((d - Double(squares.count)) * log(alpha)) { $0 + log(alpha + beta * $1) }
            let evidence =
                (d * log(alpha) + n * log(beta) - curvature - beta * rest - alpha * weights - n * log(2 * Double.pi)) / (2 * n)
            guard abs(evidence - last) > tolerance * abs(evidence) else { return evidence }
            last = evidence
        }
        return last
    }

    /// The H-score, with the covariance shrunk as Ledoit and Wolf 2004 do: how far apart the classes' means lie, measured by how far rows
    /// spread; higher is better.
    ///
    /// - Parameters:
    ///   - x: Embeddings, float64 `[N, D]`.
    ///   - classes: The class of each row.
    ///   - count: How many classes there are.
    static func hScore(_ x: Tensor, _ classes: [Int], count: Int) throws -> Double {
        let features = try PrincipalFeatures(x - x.mean([0]))
        let (rows, dimension, squares) = (x.shape[0], x.shape[1], try features.squares.array(of: Double.self))
        let flags = try oneHot(classes, count: count)
        let sizes = try flags.sum([0]).clamped(atLeast: 1)
        // [K, R], in principal axes.
        let means = try flags.transposed(0, 1).matmul(features.rows) / sizes.unsqueezed(1)
        let between = try (means.power(2) * sizes.unsqueezed(1)).sum([0]).array(of: Double.self).map { $0 / Double(rows) }
        let shrinkage = try shrinkage(features, squares, dimension)
        let mean = squares.reduce(0, +) / Double(rows * dimension)
        return zip(between, squares).reduce(0) { sum, direction in
            let spread = (1 - shrinkage) * direction.1 / Double(rows) + shrinkage * mean
            return sum + (1 - shrinkage) * direction.0 / spread
        }
    }

    /// As scikit-learn's `ledoit_wolf_shrinkage` of centred rows.
    static func shrinkage(_ features: PrincipalFeatures, _ squares: [Double], _ dimension: Int) throws -> Double {
        let (n, p) = (Double(features.rows.shape[0]), Double(dimension))
        let fourth = try features.rows.power(2).sum([1]).power(2).sum().item()
        let square = squares.reduce(0) { $0 + $1 * $1 } / (n * n)
        let mean = squares.reduce(0, +) / (n * p)
        let noise = (fourth / n - square) / (p * n)
        let spread = (square - p * mean * mean) / p
        return spread <= 0 ? 1 : min(noise, spread) / spread
    }

    /// 1 in the column of each row's class, float64 `[N, K]`.
    static func oneHot(_ classes: [Int], count: Int) throws -> Tensor {
        var flags = [Double](repeating: 0, count: classes.count * count)
        for (row, index) in classes.enumerated() { flags[row * count + index] = 1 }
        return try Tensor(flags, shape: [classes.count, count])
    }
}
