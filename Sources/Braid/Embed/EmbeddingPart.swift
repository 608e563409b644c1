internal import Torch

/// Embeddings of a few samples, as they leave the encoder or the cache; on the CPU, in float32.
struct EmbeddingPart {
    /// The samples, by place.
    let places: [Int]
    /// The embeddings, `[N, D]`.
    let pooled: Tensor
    /// The tokens, `[N, T, C]`, zeros where masked; nil where they were not asked for.
    let tokens: Tensor?
    /// Bool `[N, T]`, true where a token is real; nil where tokens were not asked for.
    let tokenMask: Tensor?
    /// Which rows hold nothing but finite values. The others are of no use.
    let isFinite: [Bool]

    /// - Parameter budget: The most tokens of a sample to keep; nil for none.
    init(_ encoding: Encoding, places: [Int], tokens budget: Int?) throws {
        self.places = places
        pooled = try encoding.pooled.moved(to: .cpu)
        var sums = try encoding.pooled.absolute().sum([1])
        if let budget {
            let reduced = try TokenBudget.reduced(encoding, to: budget)
            let nothing = try Tensor.zeros([]).moved(to: reduced.tokens.device)
            let clean = try reduced.tokens.where(reduced.mask.unsqueezed(-1), else: nothing)
            sums = try sums + clean.absolute().sum([1, 2])
            (tokens, tokenMask) = (try clean.moved(to: .cpu), try reduced.mask.moved(to: .cpu))
        } else {
            (tokens, tokenMask) = (nil, nil)
        }
        isFinite = try sums.moved(to: .cpu).array().map { (sum: Float) in sum.isFinite }
    }

    /// Some of the rows, which are finite.
    func rows(_ kept: [Int]) throws -> EmbeddingPart {
        let order = try Tensor(kept.map(Int64.init), shape: [kept.count])
        return EmbeddingPart(
            places: kept.map { places[$0] }, pooled: try pooled.rows(order), tokens: try tokens?.rows(order),
            tokenMask: try tokenMask?.rows(order))
    }

    /// From the cache, where all is finite.
    init(places: [Int], pooled: Tensor, tokens: Tensor?, tokenMask: Tensor?) {
        (self.places, self.pooled, self.tokens, self.tokenMask) = (places, pooled, tokens, tokenMask)
        isFinite = places.map { _ in true }
    }
}
