// Golub, Heath and Wahba 1979, "Generalized Cross-Validation as a Method for Choosing a Good Ridge Parameter", Technometrics 21.
internal import Foundation
internal import Torch

/// The penalty of a ridge regression that its statistics alone choose: the one at which leaving out each row in turn, on average over all
/// rotations of them, would predict it best.
struct GeneralizedCrossValidation {
    /// The penalty.
    let penalty: Double
    /// The mean square by which a target is missed that the regression has not seen, of one output.
    let residual: Double

    /// Penalties that are tried, times the number of rows: from next to none to nearly the mean alone.
    static let grid = (-24...8).map { pow(10, Double($0) / 4) }

    /// - Parameters:
    ///   - solver: The regression at any penalty.
    ///   - statistics: What it is of.
    init(_ solver: RidgeSolver, _ statistics: FeatureStatistics) throws {
        let count = max(statistics.count, 1e-300)
        let lengths = try solver.lengths.array(of: Double.self)
        let explained = try solver.along.power(2).sum([1]).array(of: Double.self)
        let total = try (statistics.squares - statistics.targets.power(2).scaled(by: 1 / count)).sum().item()
        var best: (penalty: Double, score: Double)?
        for penalty in Self.grid.map({ $0 * count }) {
            var (left, degrees) = (total, 1.0)
            for (length, square) in zip(lengths, explained) {
                let shrunk = length + penalty
                left -= square * (2 / shrunk - length / (shrunk * shrunk))
                degrees += length / shrunk
            }
            // As many parameters as rows leave nothing to judge by.
            guard degrees < count else { continue }
            let score = max(left, 0) / count / pow(1 - degrees / count, 2)
            if score < best?.score ?? .infinity { best = (penalty, score) }
        }
        penalty = best?.penalty ?? count * (Self.grid.last ?? 1)
        residual = (best?.score ?? total / count) / Double(max(1, statistics.outputs))
    }
}
