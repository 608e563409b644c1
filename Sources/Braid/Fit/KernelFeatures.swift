// Williams and Seeger 2001, "Using the Nyström method to speed up kernel machines".
internal import Torch

/// Rows as a Gaussian kernel sees them: how near each is to some landmarks.
///
/// A linear model of these features is a kernel machine: exactly so where every row is a landmark, and as the Nyström method has it where they
/// are fewer.
struct KernelFeatures {
    /// Standardised rows that others are compared with, `[L, D]`.
    let landmarks: Tensor
    /// Of `exp(-gamma |x - y|²)`.
    let gamma: Double
    /// `[L, R]`: kernel values times this are features whose products are kernel values again.
    private let whitening: Tensor

    /// Directions whose eigenvalue is less than this share of the largest are rounding.
    private static let smallest = 1e-10

    init(landmarks: Tensor, gamma: Double) throws {
        (self.landmarks, self.gamma) = (landmarks, gamma)
        let kernel = try Self.kernel(landmarks, landmarks, gamma).converted(to: .float64)
        let (values, vectors) = try kernel.symmetricEigen()
        let all = try values.array(of: Double.self)
        let first = all.firstIndex { $0 > (all.last ?? 0) * Self.smallest } ?? 0
        let kept = first..<all.count
        whitening = try vectors.slice(1, kept) / values.slice(0, kept).power(0.5)
    }

    /// The features of standardised rows `[N, D]`, `[N, R]`.
    func callAsFunction(_ rows: Tensor) throws -> Tensor {
        try Self.kernel(rows, landmarks, gamma).matmul(whitening.converted(to: rows.dtype))
    }

    /// Weights on kernel values, `[C, L]`, from those on features, `[C, R]`.
    func onKernel(_ weights: Tensor) throws -> Tensor {
        try weights.converted(to: .float64).matmul(whitening.transposed(0, 1))
    }

    /// `exp(-gamma |x - y|²)` of rows `[N, D]` and `[L, D]`, `[N, L]`.
    static func kernel(_ x: Tensor, _ y: Tensor, _ gamma: Double) throws -> Tensor {
        try kernel(x, y, Tensor([Float(gamma)], shape: []).converted(to: x.dtype).moved(to: x.device))
    }

    /// The same, gamma a tensor.
    static func kernel(_ x: Tensor, _ y: Tensor, _ gamma: Tensor) throws -> Tensor {
        let lengths = try x.power(2).sum([1], keep: true) + y.power(2).sum([1]).unsqueezed(0)
        let distances = try (lengths - x.matmul(y.transposed(0, 1)).scaled(by: 2)).clamped(atLeast: 0)
        return try (distances * gamma).scaled(by: -1).exp()
    }
}
