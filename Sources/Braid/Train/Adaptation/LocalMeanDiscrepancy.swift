// Zhu et al. 2020, "Deep Subdomain Adaptation Network for Image Classification" (DSAN), arXiv:2106.09388.
internal import Torch

/// The maximum mean discrepancy class by class: rows of the source belong to the class that they are labelled with, rows of the target to each class as far as
/// the model says. Where the classes' shares differ between the domains, whole domains are not drawn together, but classes are.
final class LocalMeanDiscrepancy: AdaptationLoss {
    func callAsFunction(_ source: DomainBatch, _ target: DomainBatch, strength: Double) throws -> Tensor {
        // Rows of no known label belong where the model says.
        let given = try source.labels ?? source.logits.softmax(1).detached()
        return try Self.squared(source.features, given, target.features, target.logits.softmax(1).detached())
            .scaled(by: strength)
    }

    /// The mean over the classes that the first rows have: a scalar.
    ///
    /// - Parameters:
    ///   - first: Rows `[N, d]`.
    ///   - classes: How far each belongs to each class, `[N, C]`.
    ///   - second: Rows `[M, d]`.
    ///   - others: How far each of them does, `[M, C]`.
    static func squared(_ first: Tensor, _ classes: Tensor, _ second: Tensor, _ others: Tensor) throws -> Tensor {
        let kernel = try MaximumMeanDiscrepancy.kernel(of: .concatenate([first, second], 0))
        let total = try classes.sum([0], keep: true)
        let none = try Tensor.zeros(total.shape).moved(to: total.device)
        let isThere = try none.where(total.less(than: 1e-6), else: none.adding(1))
        let mine = try classes / total.clamped(atLeast: 1e-6)
        let theirs = try others / others.sum([0], keep: true).clamped(atLeast: 1e-6) * isThere
        let weights = try Tensor.concatenate([mine, theirs.scaled(by: -1)], 0)
        return try (weights * kernel.matmul(weights)).sum() / isThere.sum().clamped(atLeast: 1)
    }
}

extension AdaptationKind {
    /// Means of each class's embeddings in the space of Gaussian kernels.
    public static let lmmd = AdaptationKind("lmmd", paper: "Zhu et al. 2020, arXiv:2106.09388", needsClasses: true) { _ in
        { _, _, _ in LocalMeanDiscrepancy() }
    }
}
