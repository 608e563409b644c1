// Jin et al. 2020, "Minimum Class Confusion for Versatile Domain Adaptation" (MCC), arXiv:1912.03699.
internal import Torch

/// How much the classes that are given to rows run into each other: what MCC makes small, and what a scorer goes by.
enum MinimumConfusion {
    /// The mean over the classes of the share that others have of what is given to one; 0 where all rows are certain.
    ///
    /// - Parameters:
    ///   - logits: `[N, C]`.
    ///   - temperature: What they are divided by first.
    static func value(_ logits: Tensor, temperature: Double) throws -> Tensor {
        let probabilities = try logits.scaled(by: 1 / temperature).softmax(1)
        let weights = try certainty(probabilities).detached()
        let pairs = try (probabilities * weights.unsqueezed(1)).transposed(0, 1).matmul(probabilities)
        let shares = try pairs / pairs.sum([1])
        let classes = logits.shape[1]
        let own = try (shares * Tensor.identity(classes).converted(to: shares.dtype).moved(to: shares.device)).sum()
        return try (shares.sum() - own).scaled(by: 1 / Double(classes))
    }

    /// `1 + exp(-H)` of each row of probabilities `[N, C]`, H its entropy in nats; their mean 1.
    static func certainty(_ probabilities: Tensor) throws -> Tensor {
        let entropies = try (probabilities * probabilities.adding(1e-5).log()).sum([1]).scaled(by: -1)
        let weights = try entropies.scaled(by: -1).exp().adding(1)
        return try weights / weights.mean()
    }
}
