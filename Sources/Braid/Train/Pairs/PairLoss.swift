internal import Torch

/// What the cosine similarity of a pair's embeddings is held to.
public enum PairLoss: Sendable, Equatable {
    /// The square of its difference from 1 for a pair that is alike, from 0 for one that is not: SetFit's, sentence-transformers'
    /// `CosineSimilarityLoss`.
    case cosine
    /// Pairs that are alike are drawn together, the others apart as far as the margin (Hadsell et al. 2006): sentence-transformers'
    /// `ContrastiveLoss`.
    case contrastive(margin: Double)

    private enum Kind: String, CaseIterable { case cosine, contrastive }

    /// Reads the keys under `path`.
    init(_ reader: inout ConfigurationReader, _ path: String) {
        let kind = reader.choice(
            "\(path).loss", Kind.cosine,
            "cosine: the cosine of a pair's embeddings is held to 1 or to 0, as in SetFit; contrastive: pairs that are not alike are held apart only as far as margin."
        )
        let margin = reader.double(
            "\(path).margin", 0.5, 0...2,
            "Cosine distance (1 less the cosine) beyond which loss: contrastive leaves different pairs alone.",
            records: kind == .contrastive)
        reader.refuse("\(path).margin", unless: kind == .contrastive, "acts only with \(path).loss: contrastive")
        self = kind == .cosine ? .cosine : .contrastive(margin: margin)
    }

    /// The mean loss of pairs, a scalar.
    ///
    /// - Parameters:
    ///   - first: `[B, D]`, one embedding of each pair.
    ///   - second: `[B, D]`, the other.
    ///   - labels: `[B]`, 1 where a pair is alike and 0 where it is not.
    func callAsFunction(_ first: Tensor, _ second: Tensor, _ labels: Tensor) throws -> Tensor {
        let cosine = try first.cosineSimilarity(to: second)
        switch self {
        case .cosine: return try cosine.squaredErrorPerElement(labels).mean()
        case .contrastive(let margin):
            let distance = try cosine.scaled(by: -1).adding(1)
            let lack = try distance.scaled(by: -1).adding(margin).relu()
            let others = try labels.scaled(by: -1).adding(1)
            return try (labels * distance.power(2) + others * lack.power(2)).scaled(by: 0.5).mean()
        }
    }
}
