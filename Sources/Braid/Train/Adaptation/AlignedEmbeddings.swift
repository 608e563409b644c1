// Li et al. 2016, "Revisiting Batch Normalization For Practical Domain Adaptation" (AdaBN), arXiv:1603.04779; Sun, Feng and Saenko 2016,
// "Return of Frustratingly Easy Domain Adaptation" (CORAL), arXiv:1511.05547.
internal import Torch

/// Gives the source's embeddings the target's mean and spread, modality by modality: what is learnt from them fits the target as it comes, so that
/// the model needs nothing more.
struct AlignedEmbeddings: DataAdaptation {
    /// How far the spread goes.
    enum Spread: Sendable {
        /// Each value's own deviation.
        case deviations
        /// The whole covariance, of both domains with `shrinkage` times the mean variance added to the diagonal.
        case covariance(shrinkage: Double)
    }

    let spread: Spread

    func callAsFunction(_ data: SplitData, fit: (SplitData) throws -> FusionModel) throws -> SplitData {
        guard let target = data.target else { throw BraidError(.internal, "there is no target to adapt to") }
        return try data.replacingEmbeddings { modality, rows, learnt in
            guard let others = target.embeddings[modality] else { return rows }
            let there = learnt.filter { rows.presence[$0] }
            let known = others.presence.indices.filter { others.presence[$0] }
            guard there.count > 1, known.count > 1 else { return rows }
            let all = try rows.pooled()
            let mapped = try withoutGradient {
                try mapping(from: all.picking(there), to: others.pooled().picking(known))(all.picking(there))
            }
            let places = try Tensor(there.map(Int64.init), shape: [there.count]).moved(to: all.device)
            let changed = try all.replacingRows(places, with: mapped.converted(to: all.dtype).moved(to: all.device))
            return EmbeddingRows(pooled: changed, tokens: nil, tokenMask: nil, presence: rows.presence)
        }
    }

    /// From rows `[N, D]` of the source to such as those of the target.
    func mapping(from source: Tensor, to target: Tensor) throws -> (Tensor) throws -> Tensor {
        let (from, to) = (try source.moved(to: .cpu).converted(to: .float64), try target.moved(to: .cpu).converted(to: .float64))
        let (mean, other) = (try from.mean([0], keep: true), try to.mean([0], keep: true))
        let centre = { (rows: Tensor) in try rows.moved(to: .cpu).converted(to: .float64) - mean }
        switch spread {
        case .deviations:
            let variances = try [from - mean, to - other].map { try $0.power(2).mean([0], keep: true) }
            let factor = try (variances[1] / variances[0].clamped(atLeast: 1e-12)).power(0.5)
            return { try centre($0) * factor + other }
        case .covariance(let shrinkage):
            let factor = try Self.root(DeepCORAL.covariance(from), shrinkage, -0.5)
                .matmul(Self.root(DeepCORAL.covariance(to), shrinkage, 0.5))
            return { try centre($0).matmul(factor) + other }
        }
    }

    /// A power of a covariance `[D, D]`, with a share of its mean variance on the diagonal.
    private static func root(_ covariance: Tensor, _ shrinkage: Double, _ exponent: Double) throws -> Tensor {
        let size = covariance.shape[0]
        let identity = try Tensor.identity(size)
        let variance = try (covariance * identity).sum().item() / Double(size)
        let (values, vectors) = try (covariance + identity.scaled(by: max(shrinkage * variance, 1e-12))).symmetricEigen()
        return try (vectors * values.clamped(atLeast: 1e-12).power(exponent)).matmul(vectors.transposed(0, 1))
    }
}

extension Tensor {
    /// Rows by number.
    func picking(_ rows: [Int]) throws -> Tensor {
        try self.rows(Tensor(rows.map(Int64.init), shape: [rows.count]).moved(to: device))
    }
}

extension AdaptationKind {
    /// Means and deviations of embeddings.
    static let standardise = AdaptationKind(
        "standardise", paper: "Li et al. 2016, arXiv:1603.04779", needsClasses: false,
        .data { _ in AlignedEmbeddings(spread: .deviations) })

    /// Means and covariances of embeddings.
    static let recolour = AdaptationKind(
        "recolour", paper: "Sun, Feng and Saenko 2016, arXiv:1511.05547", needsClasses: false,
        .data { reader in
            let shrinkage = reader.double(
                "training.adaptation.shrinkage", 0.1, 0.000001...1000,
                "What recolour adds to the diagonals of both covariances, in their mean variance.")
            return AlignedEmbeddings(spread: .covariance(shrinkage: shrinkage))
        })
}
