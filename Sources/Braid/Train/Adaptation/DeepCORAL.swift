// Sun and Saenko 2016, "Deep CORAL: Correlation Alignment for Deep Domain Adaptation", arXiv:1607.01719.
internal import Torch

/// Draws the covariances of both domains' embeddings together: `|C_s - C_t|² / (4 d²)`.
final class DeepCORAL: AdaptationLoss {
    func callAsFunction(_ source: DomainBatch, _ target: DomainBatch, strength: Double) throws -> Tensor {
        let difference = try Self.covariance(source.features) - Self.covariance(target.features)
        let size = Double(source.features.shape[1])
        return try difference.power(2).sum().scaled(by: strength / (4 * size * size))
    }

    /// Of rows `[B, d]`, over B - 1.
    static func covariance(_ rows: Tensor) throws -> Tensor {
        let centred = try rows - rows.mean([0], keep: true)
        return try centred.transposed(0, 1).matmul(centred).scaled(by: 1 / Double(max(1, rows.shape[0] - 1)))
    }
}

extension AdaptationKind {
    /// Covariances of embeddings.
    public static let coral = AdaptationKind("coral", paper: "Sun and Saenko 2016, arXiv:1607.01719", weight: 100) { _ in
        { _, _, _ in DeepCORAL() }
    }
}
