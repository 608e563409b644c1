internal import Torch

/// Solves for the linear models of an analytic fusion: one a head and set of modalities, of all rows that have at least these.
struct AnalyticFit {
    let fusion: AnalyticFusion
    let statistics: AnalyticStatistics

    /// Weights `[C, D]` and biases `[C]` that give logits of embeddings as they come, and what was chosen.
    struct Solution {
        let linear: LinearSolution
        let choice: Choice
    }

    /// What the sums choose.
    struct Choice {
        /// The penalty, or the shrinkage.
        let strength: Double
        /// Of a regression, the mean square by which it misses rows that it has not seen.
        let residual: Double
    }

    /// Fewer rows than these are no ground for a model.
    private static let fewest = 2.0
    /// However well a regression fits, it is not surer than so.
    private static let leastResidual = 1e-3
    /// A covariance that is shrunk by more is of full rank.
    private static let leastShrinkage = 1e-6

    /// - Parameters:
    ///   - head: Its number.
    ///   - subset: The modalities, as bits.
    ///   - earlier: What was chosen for sums of nearly the same rows, which saves looking at all directions; nil to choose.
    func solution(head: Int, subset: Int, like earlier: Choice? = nil) throws -> Solution? {
        guard let sums = try statistics.of(head: head, subset: subset), sums.count >= Self.fewest else { return nil }
        let scale = try sums.standardization()
        let standardised = try sums.standardised(scale)
        let target = fusion.targets[head]
        let (found, choice) = try fusion.method == .ridge ? ridge(standardised, earlier) : discriminant(standardised, earlier)
        let isScaled = fusion.method == .ridge && target.form != .number
        let logits = isScaled ? try Self.logits(found, choice.residual, target) : found
        return Solution(linear: try Self.outputs(Self.raw(logits, scale), target), choice: choice)
    }

    private func ridge(_ sums: FeatureStatistics, _ earlier: Choice?) throws -> (LinearSolution, Choice) {
        if let earlier, !RidgeSolver.isFew(sums.count, sums.dimension) {
            let mean = try sums.sum.scaled(by: 1 / sums.count).unsqueezed(1)
            let gram = try sums.gram - mean.matmul(mean.transposed(0, 1)).scaled(by: sums.count)
            let products = try sums.products - mean.matmul(sums.targets.unsqueezed(0))
            let weight = try (gram + Tensor.identity(sums.dimension).scaled(by: earlier.strength))
                .solve(products).transposed(0, 1).contiguous()
            let bias = try sums.targets.scaled(by: 1 / sums.count) - weight.matmul(mean).squeezed(1)
            return (LinearSolution(weight: weight, bias: bias), earlier)
        }
        let solver = try RidgeSolver(sums)
        if let earlier { return (try solver.solution(penalty: earlier.strength), earlier) }
        let found = try GeneralizedCrossValidation(solver, sums)
        return (try solver.solution(penalty: found.penalty), Choice(strength: found.penalty, residual: found.residual))
    }

    private func discriminant(_ sums: FeatureStatistics, _ earlier: Choice?) throws -> (LinearSolution, Choice) {
        let discriminant = try Discriminant(sums)
        if let earlier, earlier.strength > Self.leastShrinkage {
            // The covariance is of full rank: no direction has to be looked at.
            let diagonal = try Tensor.identity(sums.dimension)
            let variance = try (discriminant.covariance * diagonal).sum().item() / Double(sums.dimension)
            let shrunk =
                try discriminant.covariance.scaled(by: 1 - earlier.strength) + diagonal.scaled(by: earlier.strength * variance)
            let weight = try shrunk.solve(discriminant.means.transposed(0, 1)).transposed(0, 1).contiguous()
            // A class without rows is as good as impossible.
            let priors = try sums.targets.scaled(by: 1 / sums.count).clamped(atLeast: 1e-13).log()
            let bias = try priors - (weight * discriminant.means).sum([1]).scaled(by: 0.5)
            return (LinearSolution(weight: weight, bias: bias), earlier)
        }
        let choice = Choice(strength: try discriminant.oracleShrinkage(), residual: 0)
        // The covariance as it is may lack rank, or be nothing at all: then directions tell.
        guard choice.strength > Self.leastShrinkage, try discriminant.covariance.power(2).sum().item() > 0 else {
            return (try discriminant.solution(shrinkage: choice.strength), choice)
        }
        return try self.discriminant(sums, choice)
    }

    /// Logits of what a regression says of columns of 0 and 1: were it off by a normal error of the variance that generalised cross-validation
    /// finds, these are the logarithms of the probabilities of 1, but for a constant.
    private static func logits(
        _ found: LinearSolution, _ residual: Double, _ target: Target
    ) throws -> LinearSolution {
        // Columns of classes that exclude each other add up to 1, so that their errors have one direction less than there are columns.
        let columns = Double(found.bias.shape[0])
        let share = target.form == .classes ? (columns - 1) / columns : 1
        let sureness = share / max(residual, leastResidual)
        let middle = target.form == .flags ? 0.5 : 0
        return LinearSolution(
            weight: try found.weight.scaled(by: sureness), bias: try found.bias.adding(-middle).scaled(by: sureness))
    }

    /// The same of embeddings that are not standardised.
    private static func raw(_ found: LinearSolution, _ scale: Standardization) throws -> LinearSolution {
        let weight = try found.weight / scale.deviation
        return LinearSolution(weight: weight, bias: try found.bias - weight.matmul(scale.mean.unsqueezed(1)).squeezed(1))
    }

    /// Of two classes with a single logit, that of the second against the first.
    private static func outputs(_ found: LinearSolution, _ target: Target) throws -> LinearSolution {
        guard target.form == .classes, target.outputs == 1 else { return found }
        let against = { (tensor: Tensor) in try tensor.slice(0, 1..<2) - tensor.slice(0, 0..<1) }
        return LinearSolution(weight: try against(found.weight), bias: try against(found.bias))
    }
}
