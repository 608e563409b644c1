// Long et al. 2018, "Conditional Adversarial Domain Adaptation" (CDAN and CDAN+E), arXiv:1705.10667.
internal import Torch

/// An adversary on the outer product of embeddings and class probabilities, so that domains are told apart class by class.
final class ConditionalAdversary: AdaptationLoss {
    private let discriminator: DomainDiscriminator
    /// Whether rows count by how sure the model is of them: CDAN+E.
    private let weighsByEntropy: Bool

    init(
        _ place: Scope, _ dimension: Int, _ classes: Int, weighsByEntropy: Bool, hidden: Int = DomainDiscriminator.size
    ) throws {
        discriminator = try DomainDiscriminator(place, dimension * classes, hidden: hidden)
        self.weighsByEntropy = weighsByEntropy
    }

    func callAsFunction(_ source: DomainBatch, _ target: DomainBatch, strength: Double) throws -> Tensor {
        let features = try Tensor.concatenate([source.features, target.features], 0)
        let probabilities = try Tensor.concatenate([source.logits, target.logits], 0).detached().softmax(1)
        let mapped = try Self.mapped(features, probabilities).reversingGradient(strength)
        let losses = try discriminator.losses(mapped, ofSource: source.features.shape[0])
        guard weighsByEntropy else { return try losses.mean() }
        return try (losses * MinimumConfusion.certainty(probabilities)).mean()
    }

    /// Rows' outer products with their probabilities, `[N, C d]`.
    static func mapped(_ features: Tensor, _ probabilities: Tensor) throws -> Tensor {
        try (probabilities.unsqueezed(2) * features.unsqueezed(1)).flattened(from: 1)
    }
}

extension AdaptationKind {
    /// An adversary on embeddings and classes together.
    public static let cdan = AdaptationKind("cdan", paper: "Long et al. 2018, arXiv:1705.10667", needsClasses: true) { reader in
        let weighs = reader.bool(
            "training.adaptation.entropy", true, "Whether rows count by how sure the model is of them: CDAN+E.")
        return { try ConditionalAdversary($0, $1, $2, weighsByEntropy: weighs) }
    }
}
