internal import Torch

/// A head's loss, summed over chosen rows, each of which counts as much as it is said to beside its sample's own weight.
struct RowLoss {
    private let loss: HeadLoss
    /// The number of the sample behind each row, int64 `[N]`.
    private let order: Tensor
    /// `[N]`.
    private let counts: Tensor

    /// - Parameters:
    ///   - samples: The number, among the loss's samples, of each row.
    ///   - counts: What each row counts; 0 leaves it out.
    ///   - dtype: The precision of logits.
    init(_ loss: HeadLoss, samples: [Int], counts: [Double], dtype: DType = .float64) throws {
        self.loss = loss
        order = try Tensor(samples.map(Int64.init), shape: [samples.count])
        let weights: [Float] = try loss.weights.array()
        self.counts = try Tensor(zip(samples, counts).map { Double(weights[$0]) * $1 }, shape: [samples.count]).converted(to: dtype)
    }

    /// The sum for logits `[N, C]`, a scalar that gradients go through. It is added up in double precision: that of many rows has no digits
    /// left in single precision to tell two points by.
    func sum(_ logits: Tensor) throws -> Tensor { try (loss.ofEach(logits, order) * counts).converted(to: .float64).sum() }

    /// The weighted mean for logits `[N, C]`.
    func mean(_ logits: Tensor) throws -> Double {
        try withoutGradient { try (sum(logits) / counts.converted(to: .float64).sum().clamped(atLeast: 1e-12)).item() }
    }
}
