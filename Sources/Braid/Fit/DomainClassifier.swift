// Ben-David et al. 2010, "A theory of learning from different domains", Machine Learning 79.
internal import Foundation
internal import Torch

/// A linear classifier that tells rows of two domains apart, each row by a fit that has not seen it: logistic regression on the principal directions of the
/// standardised rows.
struct DomainClassifier {
    /// The probability that each row of the first domain is of the second, where both are equally many.
    let first: [Double]
    /// The same of each row of the second.
    let second: [Double]

    /// Directions that are looked at.
    private static let directions = 64
    private static let (folds, steps) = (5, 12)
    /// Of the mean loss, a hundredth of a standardised value's own weight.
    private static let penalty = 0.01

    /// - Parameters:
    ///   - source: Rows `[N, D]`.
    ///   - target: Rows `[M, D]`.
    ///   - seed: What the folds are drawn from.
    init(_ source: Tensor, _ target: Tensor, seed: UInt64) throws {
        let (n, m) = (source.shape[0], target.shape[0])
        let rows = try Tensor.concatenate([source, target], 0).moved(to: .cpu).converted(to: .float64)
        let all = try PrincipalFeatures(Standardization(rows)(rows)).rows
        let width = all.shape[1]
        let kept = try all.slice(1, max(0, width - Self.directions)..<width)
        let scaled = try Standardization(kept)(kept)
        let features = try Tensor.concatenate([scaled, .ones([n + m, 1], dtype: .float64)], 1)
        var random = RandomSource(seed: seed)
        var fold = Array(repeating: 0, count: n + m)
        for domain in [0..<n, n..<n + m] {
            for (place, row) in Array(domain).shuffled(using: &random).enumerated() { fold[row] = place % Self.folds }
        }
        var found = Array(repeating: 0.5, count: n + m)
        for held in 0..<Self.folds {
            let (fit, out) = (fold.indices.filter { fold[$0] != held }, fold.indices.filter { fold[$0] == held })
            guard !out.isEmpty else { continue }
            let truth = fit.map { $0 < n ? 0.0 : 1 }
            let weights = try Self.fit(features.picking(fit), truth)
            let logits = try features.picking(out).matmul(weights).array(of: Double.self)
            for (row, logit) in zip(out, logits) { found[row] = 1 / (1 + exp(-logit)) }
        }
        (first, second) = (Array(found[..<n]), Array(found[n...]))
    }

    /// Newton's steps, both domains counting alike: `[R + 1, 1]`.
    private static func fit(_ x: Tensor, _ truth: [Double]) throws -> Tensor {
        let ones = max(1, truth.reduce(0, +))
        let zeros = max(1, Double(truth.count) - ones)
        let share = truth.map { $0 > 0 ? 0.5 / ones : 0.5 / zeros }
        let (c, y) = (try Tensor(share, shape: [share.count, 1]), try Tensor(truth, shape: [truth.count, 1]))
        let size = x.shape[1]
        let strengths = try Tensor(
            Array(repeating: penalty, count: size - 1) + [1e-9], shape: [size, 1])
        let diagonal = try Tensor.identity(size).converted(to: .float64) * strengths
        var weights = try Tensor.zeros([size, 1], dtype: .float64)
        for _ in 0..<steps {
            let p = try x.matmul(weights).sigmoid()
            let slope = try x.transposed(0, 1).matmul((p - y) * c) + weights * strengths
            let curvature = try (p * p.scaled(by: -1).adding(1)).clamped(atLeast: 1e-6) * c
            weights = try weights - (x.transposed(0, 1).matmul(x * curvature) + diagonal).solve(slope)
        }
        return weights
    }

    /// How often it is wrong, both domains counting alike.
    var error: Double {
        let wrong = { (values: [Double], isWrong: (Double) -> Bool) in
            Double(values.count(where: isWrong)) / Double(max(1, values.count))
        }
        return (wrong(first) { $0 >= 0.5 } + wrong(second) { $0 < 0.5 }) / 2
    }

    /// The proxy A-distance `2 (1 - 2 error)`: 0 where the domains look alike, 2 where each row gives its domain away.
    var distance: Double { 2 * (1 - 2 * error) }

    /// How much likelier each row of the first domain is in the second; 1 in the mean, but for the classifier's own error.
    var weights: [Double] { first.map { $0 / max(1 - $0, 1e-6) } }
}
