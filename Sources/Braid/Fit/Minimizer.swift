// Nocedal 1980, "Updating quasi-Newton matrices with limited storage"; the two loops are algorithm 7.4 of Nocedal and Wright 2006.
internal import Torch

/// Finds the least value of a smooth function of a tensor by L-BFGS, from a diagonal guess of its curvature.
///
/// Nothing is random, so the same function gives the same result. With the right curvature a linear model takes ten to thirty steps.
struct Minimizer {
    /// The steps whose change of gradient is remembered.
    static let memory = 20

    /// The inverse of the guessed curvature of each value, of the point's shape or broadcasting to it.
    let inverseCurvature: Tensor
    /// The search ends where a step promises to lower the value by no more than this.
    let tolerance: Double
    /// More are not taken.
    let steps: Int

    private struct Step {
        let move: Tensor
        let change: Tensor
        let inverseProduct: Double
    }

    /// The point of least value, as far as the steps lead.
    ///
    /// - Parameters:
    ///   - start: Where the search begins; it is left as it is.
    ///   - function: The value at a point, and the gradient there, of the point's shape.
    func minimum(
        from start: Tensor, _ function: (Tensor) throws -> (value: Double, gradient: Tensor)
    ) throws -> Tensor {
        var point = start
        var (value, gradient) = try function(point)
        var memory: [Step] = []
        for _ in 0..<steps {
            let direction = try direction(gradient, memory)
            let slope = try gradient.dot(direction)
            // Where the function is a bowl, the whole step gains half of what the slope says.
            guard -slope / 2 > tolerance else { return point }
            var size = 1.0
            var next = (point: point, value: value, gradient: gradient)
            // Halve the step until it brings at least a little of what the slope promises (Armijo 1966).
            while true {
                let tried = try point + direction.scaled(by: size)
                let (found, slopes) = try function(tried)
                if found.isFinite, found <= value + 1e-4 * size * slope {
                    next = (tried, found, slopes)
                    break
                }
                size /= 2
                // Not even rounding is left to gain.
                guard size > 1e-5 else { return point }
            }
            let (move, change) = (try next.point - point, try next.gradient - gradient)
            let product = try move.dot(change)
            if product > 0 { memory.append(Step(move: move, change: change, inverseProduct: 1 / product)) }
            if memory.count > Self.memory { memory.removeFirst() }
            (point, value, gradient) = next
        }
        return point
    }

    /// Minus the gradient, times what is known of the inverse curvature.
    private func direction(_ gradient: Tensor, _ memory: [Step]) throws -> Tensor {
        var rest = gradient
        var shares: [Double] = []
        for step in memory.reversed() {
            let share = try step.inverseProduct * step.move.dot(rest)
            rest = try rest - step.change.scaled(by: share)
            shares.append(share)
        }
        rest = try rest * inverseCurvature
        // The guess is right but for a factor, which the last step tells.
        if let last = memory.last {
            rest = try rest.scaled(by: 1 / (last.inverseProduct * last.change.dot(last.change * inverseCurvature)))
        }
        for (step, share) in zip(memory, shares.reversed()) {
            rest = try rest + step.move.scaled(by: share - step.inverseProduct * step.change.dot(rest))
        }
        return try rest.scaled(by: -1)
    }
}

extension Tensor {
    /// The sum of products with `other`, of the same shape.
    fileprivate func dot(_ other: Tensor) throws -> Double { try (self * other).sum().item() }
}
