// Ganin et al. 2016, "Domain-Adversarial Training of Neural Networks" (DANN), JMLR 17, arXiv:1505.07818.
internal import Torch

/// A classifier learns to tell the domains apart by their embeddings, and the embeddings learn that it cannot.
final class DomainAdversary: AdaptationLoss {
    private let discriminator: DomainDiscriminator

    init(_ place: Scope, _ dimension: Int, hidden: Int = DomainDiscriminator.size) throws {
        discriminator = try DomainDiscriminator(place, dimension, hidden: hidden)
    }

    func callAsFunction(_ source: DomainBatch, _ target: DomainBatch, strength: Double) throws -> Tensor {
        let features = try Tensor.concatenate([source.features, target.features], 0).reversingGradient(strength)
        return try discriminator.losses(features, ofSource: source.features.shape[0]).mean()
    }
}

/// Two layers that say how likely a row is of the source domain.
struct DomainDiscriminator {
    private let hidden: Linear
    private let output: Linear
    /// Hidden values.
    static let size = 256

    init(_ place: Scope, _ dimension: Int, hidden size: Int = size) throws {
        hidden = try Linear(place / "hidden", dimension, size)
        output = try Linear(place / "output", size, 1)
    }

    /// The binary cross-entropy of each row of `[N, d]`, `[N]`; the first `count` are of the source.
    func losses(_ rows: Tensor, ofSource count: Int) throws -> Tensor {
        let logits = try output(hidden(rows).relu()).squeezed(1)
        let (all, device) = (rows.shape[0], rows.device)
        let truth = try Tensor((0..<all).map { Float($0 < count ? 1 : 0) }, shape: [all]).moved(to: device)
        return try logits.binaryCrossEntropyPerElement(truth)
    }
}

extension Tensor {
    /// Itself, whose gradient is passed on times -`strength`.
    func reversingGradient(_ strength: Double) throws -> Tensor {
        let value = try detached()
        return try value - (self - value).scaled(by: strength)
    }
}

extension AdaptationKind {
    /// An adversary on embeddings.
    public static let dann = AdaptationKind("dann", paper: "Ganin et al. 2016, arXiv:1505.07818") { _ in
        { place, dimension, _ in try DomainAdversary(place, dimension) }
    }
}
