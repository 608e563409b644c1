// Gretton et al. 2012, "A Kernel Two-Sample Test", JMLR 13; Long et al. 2015, "Learning Transferable Features with Deep Adaptation
// Networks" (DAN), arXiv:1502.02791.
internal import Torch

/// The squared maximum mean discrepancy of both domains' embeddings, unbiased, by a sum of five Gaussian kernels.
final class MaximumMeanDiscrepancy: AdaptationLoss {
    /// Widths of the kernels, in the mean squared distance of the rows.
    static let widths = [0.125, 0.25, 0.5, 1, 2]

    func callAsFunction(_ source: DomainBatch, _ target: DomainBatch, strength: Double) throws -> Tensor {
        try Self.squared(source.features, target.features).scaled(by: strength)
    }

    /// Between rows `[N, d]` and `[M, d]`: a scalar, which may be below 0.
    static func squared(_ first: Tensor, _ second: Tensor) throws -> Tensor {
        let (n, m) = (first.shape[0], second.shape[0])
        let kernel = try kernel(of: .concatenate([first, second], 0))
        // A row's kernel with itself says nothing, and is the same for all: each of the five is 1.
        let ones = Double(widths.count)
        let within = { (part: Tensor, count: Int) in
            try part.sum().adding(-ones * Double(count)).scaled(by: 1 / Double(max(1, count * (count - 1))))
        }
        let own = try within(kernel.slice(0, 0..<n).slice(1, 0..<n), n)
        let others = try within(kernel.slice(0, n..<n + m).slice(1, n..<n + m), m)
        return try own + others - kernel.slice(0, 0..<n).slice(1, n..<n + m).mean().scaled(by: 2)
    }

    /// The sum of the kernels between rows `[N, d]`: `[N, N]`.
    static func kernel(of rows: Tensor) throws -> Tensor {
        let squares = try rows.power(2).sum([1], keep: true)
        let products = try rows.matmul(rows.transposed(0, 1)).scaled(by: 2)
        let distances = try (squares + squares.transposed(0, 1) - products).clamped(atLeast: 0)
        // The width goes with the embeddings, and is no way to make the loss small.
        let width = try distances.mean().detached().clamped(atLeast: 1e-12)
        var kernel = try Tensor.zeros([]).moved(to: rows.device)
        for factor in widths { kernel = try kernel + (distances / width).scaled(by: -1 / (2 * factor)).exp() }
        return kernel
    }
}

extension AdaptationKind {
    /// Means of embeddings in the space of Gaussian kernels.
    public static let mmd = AdaptationKind("mmd", paper: "Long et al. 2015, arXiv:1502.02791") { _ in
        { _, _, _ in MaximumMeanDiscrepancy() }
    }
}
