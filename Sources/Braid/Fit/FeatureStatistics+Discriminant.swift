// Fisher 1936; shrinkage: Ledoit and Wolf 2004, "A well-conditioned estimator for large-dimensional covariance matrices"; Chen et al. 2010,
// "Shrinkage algorithms for MMSE covariance estimation", arXiv:0907.4698 (OAS).
internal import Foundation
internal import Torch

/// Classes as normal distributions that share one covariance, from statistics whose targets are a column of 0 and 1 a class.
struct Discriminant {
    private let statistics: FeatureStatistics
    private let counts: [Double]
    /// Means of the classes, `[K, D]`; 0 of a class without rows.
    let means: Tensor
    /// How rows spread around their class's mean, `[D, D]`: the sum of squares over the number of rows.
    let covariance: Tensor
    /// The size that embeddings have: more than D where they were turned to the directions that they vary along.
    private let size: Int

    /// What the logit of a class without rows is below the others': it is as good as impossible.
    private static let impossible = -30.0
    private static let smallest = 1e-13

    /// - Parameters:
    ///   - statistics: Of one row at least.
    ///   - size: The size of embeddings before they were turned to the directions they vary along; nil where they were not.
    init(_ statistics: FeatureStatistics, size: Int? = nil) throws {
        self.statistics = statistics
        self.size = size ?? statistics.dimension
        counts = try statistics.targets.array(of: Double.self)
        let sums = try statistics.products.transposed(0, 1)
        let divisors = try statistics.targets.clamped(atLeast: 1e-300).unsqueezed(1)
        let isEmpty = try statistics.targets.less(than: 1e-9).unsqueezed(1)
        means = try Tensor.zeros([], dtype: .float64).where(isEmpty, else: sums / divisors)
        let between = try (means * statistics.targets.unsqueezed(1)).transposed(0, 1).matmul(means)
        covariance = try (statistics.gram - between).scaled(by: 1 / max(statistics.count, 1))
    }

    /// The mean variance, towards which the covariance is shrunk.
    private func meanVariance() throws -> Double {
        try (covariance * .identity(statistics.dimension)).sum().item() / Double(size)
    }

    /// With one row a class nothing is known of how rows spread around their class's mean: as all rows do around theirs, in every direction alike,
    /// which leaves the nearest mean. 0 where something is known.
    private func unknownVariance() throws -> Double {
        let count = max(statistics.count, 1)
        let diagonal = try (statistics.gram * .identity(statistics.dimension)).sum().item() / count
        let mean = try statistics.sum.scaled(by: 1 / count).power(2).sum().item()
        let total = max(0, diagonal - mean) / Double(size)
        return try meanVariance() > 1e-9 * total ? 0 : total
    }

    /// How much to shrink, 0 to 1, by the oracle approximating shrinkage: scikit-learn's `OAS` of rows less their class's mean. It needs
    /// nothing but the covariance.
    func oracleShrinkage() throws -> Double {
        let (p, n) = (Double(size), statistics.count)
        let alpha = try covariance.power(2).sum().item() / (p * p)
        let square = try pow(meanVariance(), 2)
        let divisor = (n + 1) * (alpha - square / p)
        return divisor <= 0 ? 1 : min(1, (alpha + square) / divisor)
    }

    /// How much to shrink, 0 to 1, as scikit-learn's `ledoit_wolf` of rows less their class's mean.
    ///
    /// - Parameter fourth: The sum over the rows of `|x - its class's mean|⁴`, which no sum over classes tells.
    func ledoitWolfShrinkage(fourth: Double) throws -> Double {
        let (p, n) = (Double(size), statistics.count)
        let square = try covariance.power(2).sum().item()
        let mean = try meanVariance()
        let spread = (square - p * mean * mean) / p
        let noise = (fourth / n - square) / (p * n)
        return spread <= 0 ? 1 : min(max(noise, 0), spread) / spread
    }

    /// The sum over rows of `|x - its class's mean|⁴`.
    ///
    /// - Parameters:
    ///   - x: The rows of the statistics, `[N, D]`.
    ///   - y: A column of 0 and 1 a class, `[N, K]`.
    ///   - weights: What each row counts.
    func fourth(_ x: Tensor, _ y: Tensor, weights: [Double]) throws -> Double {
        let apart = try x.converted(to: .float64) - y.converted(to: .float64).matmul(means)
        return try (apart.power(2).sum([1]).power(2) * Tensor(weights, shape: [weights.count])).sum().item()
    }

    /// The logarithm of each class's posterior, but for what all classes share: scikit-learn's `LinearDiscriminantAnalysis(solver="lsqr",
    /// shrinkage=shrinkage)`.
    ///
    /// - Parameter shrinkage: From 0, the covariance as it is, to 1, the same variance in all directions.
    func solution(shrinkage: Double) throws -> LinearSolution {
        let shrunk =
            try covariance.scaled(by: 1 - shrinkage)
            + Tensor.identity(statistics.dimension).scaled(by: shrinkage * meanVariance() + unknownVariance())
        let (values, vectors) = try shrunk.symmetricEigen()
        let top = try values.array(of: Double.self).last ?? 0
        // Of what does not vary nothing is known, as in least squares of least norm.
        let isRounding = try values.less(than: max(top * Self.smallest, 1e-300))
        let inverse = try Tensor.zeros([], dtype: .float64).where(isRounding, else: values.clamped(atLeast: 1e-300).power(-1))
        let weight = try ((means.matmul(vectors)) * inverse).matmul(vectors.transposed(0, 1))
        let priors = counts.map { $0 > 1e-9 ? log($0 / max(statistics.count, 1e-300)) : Self.impossible }
        let bias = try Tensor(priors, shape: [priors.count]) - (weight * means).sum([1]).scaled(by: 0.5)
        return LinearSolution(weight: weight, bias: bias)
    }
}
