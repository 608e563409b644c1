internal import Torch

extension Batch {
    /// With the samples of another batch behind these; nil where the two cannot be one, because samples are mixed, frozen blocks have been run for
    /// one of them alone, or tokens are of different lengths. `rows` are numbers in different sources, and mean nothing then.
    func joined(_ other: Batch) throws -> Batch? {
        guard mixing == nil, other.mixing == nil, parts.count == other.parts.count else { return nil }
        var joined: [Part] = []
        for pair in zip(parts, other.parts) {
            switch pair {
            case (.embeddings(let first), .embeddings(let second)) where first.tokens == nil && second.tokens == nil:
                joined.append(.embeddings(.init(pooled: try .concatenate([first.pooled, second.pooled], 0))))
            case (.media(let first, let isVisible), .media(let second, let isOtherVisible)):
                joined.append(.media(first + second, isVisible: isVisible + isOtherVisible))
            default: return nil
            }
        }
        return Batch(
            joined, presence: try .concatenate([presence, other.presence], 0), rows: try .concatenate([rows, other.rows], 0))
    }
}

extension FusionInput {
    /// Of the samples in some places of the batch.
    fileprivate func part(_ range: Range<Int>) throws -> FusionInput {
        let parts = try parts.map {
            Part(
                pooled: try $0.pooled.slice(0, range), tokens: try $0.tokens?.slice(0, range),
                tokenMask: try $0.tokenMask?.slice(0, range))
        }
        return FusionInput(parts, presence: try presence.slice(0, range))
    }
}

extension FusionModel.Output {
    /// Of the samples in some places of the batch.
    func part(_ range: Range<Int>) throws -> FusionModel.Output {
        let cut = { (tensor: Tensor) in try tensor.slice(0, range) }
        return FusionModel.Output(
            input: try input.part(range), fused: try cut(fused), logits: try logits.map(cut), projections: try projections.map(cut),
            unimodal: try unimodal.map { try $0.map(cut) })
    }
}
