/// The errors of a regression, as scikit-learn and SciPy measure them.
public struct RegressionScores: Sendable, Equatable {
    /// The mean absolute error, scikit-learn's `mean_absolute_error`.
    public let mae: Double
    /// The root of the mean squared error, scikit-learn's `root_mean_squared_error`.
    public let rmse: Double
    /// The share of the truth's variance that is explained, scikit-learn's `r2_score`.
    ///
    /// Where the truth does not vary it is 1 if every number is right, and else 0.
    public let r2: Double
    /// The rank correlation, `scipy.stats.spearmanr`; nil where either side does not vary.
    public let spearman: Double?
    /// The true numbers.
    public let truth: [Double]
    /// The predicted numbers, in the same order.
    public let predicted: [Double]

    /// How many samples there are.
    public var count: Int { truth.count }

    /// Computes the errors of `predicted`, number by number.
    public init(truth: [Double], predicted: [Double]) {
        let n = Double(max(1, truth.count))
        let errors = zip(truth, predicted).map { $0 - $1 }
        let squares = errors.reduce(0) { $0 + $1 * $1 }
        let mean = truth.reduce(0, +) / n
        let spread = truth.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        mae = errors.reduce(0) { $0 + abs($1) } / n
        rmse = (squares / n).squareRoot()
        r2 = spread > 0 ? 1 - squares / spread : squares == 0 ? 1 : 0
        spearman = Self.correlation(Ranking.averageRanks(truth), Ranking.averageRanks(predicted))
        (self.truth, self.predicted) = (truth, predicted)
    }

    /// Pearson's correlation; nil where either side does not vary.
    private static func correlation(_ x: [Double], _ y: [Double]) -> Double? {
        let n = Double(max(1, x.count))
        let (meanX, meanY) = (x.reduce(0, +) / n, y.reduce(0, +) / n)
        var (xx, yy, xy) = (0.0, 0.0, 0.0)
        for (a, b) in zip(x, y) {
            xx += (a - meanX) * (a - meanX)
            yy += (b - meanY) * (b - meanY)
            xy += (a - meanX) * (b - meanY)
        }
        return xx > 0 && yy > 0 ? xy / (xx.squareRoot() * yy.squareRoot()) : nil
    }
}
