internal import Torch

/// How much each of several experts counts in the sum of their logits: weights of 0 or more that make the loss of rows small which the
/// experts have not seen (Wolpert 1992, "Stacked generalization"; no weight is negative, Breiman 1996, "Stacked regressions").
///
/// Their sum is free, so that it calibrates as a temperature does.
struct VoteFit {
    /// `[V N C]` in double precision: what each expert says of each row.
    private let logits: Tensor
    private let loss: RowLoss

    /// Keeps weights finite where the experts are never wrong: as much as one row's loss, spread over all of them.
    private static let penalty = 1.0
    private static let steps = 50
    private static let tolerance = 1e-7

    /// - Parameters:
    ///   - experts: Logits `[N, C]` of each.
    ///   - loss: Of the same rows, in double precision.
    init(_ experts: [Tensor], _ loss: RowLoss) throws {
        logits = try Tensor.stack(experts.map { try $0.converted(to: .float64) })
        self.loss = loss
    }

    /// The weights, one an expert.
    ///
    /// Newton's method on those that are not held at zero, the curvature from differences of gradients: there are a few weights and many
    /// rows.
    func weights() throws -> [Double] {
        let count = logits.shape[0]
        var point = Array(repeating: 1 / Double(count), count: count)
        var (value, gradient) = try slope(point)
        for _ in 0..<Self.steps {
            let free = point.indices.filter { point[$0] > 0 || gradient[$0] < 0 }
            guard free.contains(where: { abs(gradient[$0]) > Self.tolerance * (1 + abs(value)) }) else { break }
            let direction = try newton(point, gradient, free)
            var size = 1.0
            var moved: (point: [Double], value: Double, gradient: [Double])?
            while moved == nil, size > 1e-8 {
                let tried = zip(point, direction).map { max(0, $0 + size * $1) }
                let (found, slopes) = try slope(tried)
                let promise = zip(gradient, zip(tried, point)).reduce(0) { $0 + $1.0 * ($1.1.0 - $1.1.1) }
                if found.isFinite, found <= value + 1e-4 * promise, promise < 0 { moved = (tried, found, slopes) }
                size /= 2
            }
            guard let moved else { break }
            let change = zip(moved.point, point).map { abs($0 - $1) }.max() ?? 0
            (point, value, gradient) = moved
            if change < Self.tolerance { break }
        }
        return point
    }

    /// What the experts say together, `[N, C]`.
    func fused(_ weights: [Double]) throws -> Tensor { try sum(Tensor(weights, shape: [weights.count])) }

    private func sum(_ weights: Tensor) throws -> Tensor { try (logits * weights.reshaped([-1, 1, 1])).sum([0]) }

    /// The summed loss with the penalty, and its gradient.
    private func slope(_ weights: [Double]) throws -> (value: Double, gradient: [Double]) {
        let point = try Tensor(weights, shape: [weights.count])
        return try withGradient {
            try point.setRequiresGradient(true)
            let total = try loss.sum(sum(point)) + point.power(2).sum().scaled(by: Self.penalty / 2)
            try total.backward()
            return (try total.item(), try point.gradient()?.array(of: Double.self) ?? [])
        }
    }

    /// The step that solves `curvature * step = -gradient` on the free weights; nothing on the others.
    private func newton(_ point: [Double], _ gradient: [Double], _ free: [Int]) throws -> [Double] {
        let width = 1e-4
        let rows = try free.map { index in
            var shifted = point
            shifted[index] += width
            let slopes = try slope(shifted).gradient
            return free.map { (slopes[$0] - gradient[$0]) / width }
        }
        let n = free.count
        // Symmetric but for rounding, and lifted where it is flat.
        var matrix = Array(repeating: 0.0, count: n * n)
        for i in 0..<n {
            for j in 0..<n { matrix[i * n + j] = (rows[i][j] + rows[j][i]) / 2 }
            matrix[i * n + i] += 1e-9 + 1e-9 * abs(rows[i][i])
        }
        let right = try Tensor(free.map { -gradient[$0] }, shape: [n, 1])
        let step = try Tensor(matrix, shape: [n, n]).solve(right).array(of: Double.self)
        var direction = Array(repeating: 0.0, count: point.count)
        // Where curvature misleads, the gradient leads.
        let promise = zip(free, step).reduce(0) { $0 + gradient[$1.0] * $1.1 }
        for (place, index) in free.enumerated() { direction[index] = promise < 0 ? step[place] : -gradient[index] }
        return direction
    }
}
