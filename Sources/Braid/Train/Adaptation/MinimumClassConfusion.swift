// Jin et al. 2020, "Minimum Class Confusion for Versatile Domain Adaptation" (MCC), arXiv:1912.03699.
internal import Torch

/// How much the classes that are given to a batch of the target domain run into each other. It needs nothing of the source domain.
final class MinimumClassConfusion: AdaptationLoss {
    private let temperature: Double

    init(temperature: Double) { self.temperature = temperature }

    func callAsFunction(_ source: DomainBatch, _ target: DomainBatch, strength: Double) throws -> Tensor {
        try MinimumConfusion.value(target.logits, temperature: temperature).scaled(by: strength)
    }
}

extension AdaptationKind {
    /// Classes of the target domain that run into each other.
    public static let mcc = AdaptationKind(
        "mcc", paper: "Jin et al. 2020, arXiv:1912.03699", needsClasses: true, isOnLogits: true
    ) { reader in
        let temperature = reader.double(
            "training.adaptation.temperature", 2.5, 0.01...1000, "What logits are divided by before mcc compares classes.")
        return { _, _, _ in MinimumClassConfusion(temperature: temperature) }
    }
}
