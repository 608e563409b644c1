internal import Torch

/// One modality's embeddings of some samples: its own, or chosen ones of a larger set, which it shares.
struct EmbeddingRows {
    /// `[S, D]` of the larger set.
    private let allPooled: Tensor
    /// `[S, T, C]`; nil where tokens were not asked for.
    private let allTokens: Tensor?
    /// Bool `[S, T]`, true where a token is real; nil where tokens were not asked for.
    private let allMasks: Tensor?
    /// Int64 `[N]`, the places of the samples in the larger set; nil where they are all of it.
    private let order: Tensor?
    /// Which of the samples have the modality.
    let presence: [Bool]

    /// Of a set by itself; rows of samples that lack the modality are zeros.
    init(pooled: Tensor, tokens: Tensor?, tokenMask: Tensor?, presence: [Bool]) {
        self.init(allPooled: pooled, allTokens: tokens, allMasks: tokenMask, order: nil, presence: presence)
    }

    private init(allPooled: Tensor, allTokens: Tensor?, allMasks: Tensor?, order: Tensor?, presence: [Bool]) {
        (self.allPooled, self.allTokens, self.allMasks) = (allPooled, allTokens, allMasks)
        (self.order, self.presence) = (order, presence)
    }

    /// The embeddings, `[N, D]`; gathered anew each time where they lie among others.
    func pooled() throws -> Tensor { try order.map(allPooled.rows) ?? allPooled }

    /// The larger set with these samples, on `device`.
    func moved(to device: Device) throws -> EmbeddingRows {
        EmbeddingRows(
            allPooled: try allPooled.moved(to: device), allTokens: try allTokens?.moved(to: device),
            allMasks: try allMasks?.moved(to: device), order: try order?.moved(to: device), presence: presence)
    }

    /// Some of the samples, which stay where they lie.
    func subset(_ indices: [Int]) throws -> EmbeddingRows {
        let chosen = try Tensor(indices.map(Int64.init), shape: [indices.count]).moved(to: allPooled.device)
        return EmbeddingRows(
            allPooled: allPooled, allTokens: allTokens, allMasks: allMasks, order: try order?.rows(chosen) ?? chosen,
            presence: indices.map { presence[$0] })
    }

    /// These and then the others, as a set by itself; tokens are padded to the longest.
    func followed(by others: EmbeddingRows) throws -> EmbeddingRows {
        let parts = try [self, others].map { rows in
            try rows.part(Tensor.range(rows.presence.count).moved(to: rows.allPooled.device))
        }
        let longest = parts.compactMap { $0.tokens?.shape[1] }.max() ?? 0
        let tokens = try parts.compactMap { part in try part.tokens.map { try $0.padded([0, 0, 0, longest - $0.shape[1]]) } }
        let masks = try parts.compactMap { part in
            try part.tokenMask.map { try $0.converted(to: .uint8).padded([0, longest - $0.shape[1]]) }
        }
        return EmbeddingRows(
            pooled: try .concatenate(parts.map(\.pooled), 0), tokens: tokens.isEmpty ? nil : try .concatenate(tokens, 0),
            tokenMask: masks.isEmpty ? nil : try .concatenate(masks, 0).converted(to: .bool), presence: presence + others.presence)
    }

    /// The rows at `indices`, int64 `[B]`, as a fusion takes them.
    func part(_ indices: Tensor, tokens isWanted: Bool = true) throws -> FusionInput.Part {
        let places = try order?.rows(indices) ?? indices
        return FusionInput.Part(
            pooled: try allPooled.rows(places), tokens: isWanted ? try allTokens?.rows(places) : nil,
            tokenMask: isWanted ? try allMasks?.rows(places) : nil)
    }
}

/// Gathers a modality's embeddings part by part, each row written to its place at once.
struct EmbeddingCollector {
    private let encoder: any Encoder
    private let budget: Int?
    private let pooled: Tensor
    private var presence: [Bool]
    /// Kept in parts: the longest of them is known at the end only.
    private var tokens: [(places: [Int], values: Tensor, mask: Tensor)] = []

    /// - Parameter count: Of all samples, those without the modality among them.
    init(_ encoder: any Encoder, count: Int, tokens budget: Int?) throws {
        self.encoder = encoder
        self.budget = budget
        pooled = try .zeros([count, encoder.dimension])
        presence = Array(repeating: false, count: count)
    }

    /// Takes a part; gives the places whose embeddings are not finite, and are not kept.
    mutating func add(_ part: EmbeddingPart) throws -> [Int] {
        let kept = part.places.indices.filter { part.isFinite[$0] }
        let good = kept.count == part.places.count ? part : try part.rows(kept)
        let places = try Tensor(good.places.map(Int64.init), shape: [good.places.count])
        try pooled.copyRowsInPlace(places, from: good.pooled)
        if let values = good.tokens, let mask = good.tokenMask { tokens.append((good.places, values, mask)) }
        for place in good.places { presence[place] = true }
        return part.places.indices.filter { !part.isFinite[$0] }.map { part.places[$0] }
    }

    /// Whether all embeddings are the same, and there are enough of them to tell that it is no chance.
    func isConstant() throws -> Bool {
        let there = presence.indices.filter { presence[$0] }.map(Int64.init)
        guard there.count >= Self.fewest, let first = there.first else { return false }
        let own = try pooled.rows(Tensor([first], shape: [1]))
        for start in stride(from: 0, to: there.count, by: Self.rowsAtOnce) {
            let some = Array(there[start..<min(start + Self.rowsAtOnce, there.count)])
            let difference = try (pooled.rows(Tensor(some, shape: [some.count])) - own).absolute()
            if try difference.maximum([0, 1]).item() > 0 { return false }
        }
        return true
    }

    private static let fewest = 8
    private static let rowsAtOnce = 1024

    /// The embeddings of the samples number `kept`, in that order.
    func rows(_ kept: [Int]) throws -> EmbeddingRows {
        let isAll = kept.count == presence.count
        let order = try Tensor(kept.map(Int64.init), shape: [kept.count])
        let chosen = isAll ? pooled : try pooled.rows(order)
        let there = kept.map { presence[$0] }
        guard budget != nil else { return EmbeddingRows(pooled: chosen, tokens: nil, tokenMask: nil, presence: there) }
        let longest = tokens.map { $0.values.shape[1] }.max() ?? 1
        let values = try Tensor.zeros([presence.count, longest, encoder.tokenDimension])
        let masks = try Tensor.zeros([presence.count, longest], dtype: .uint8)
        for part in tokens {
            let places = try Tensor(part.places.map(Int64.init), shape: [part.places.count])
            let lacking = longest - part.values.shape[1]
            try values.copyRowsInPlace(places, from: part.values.padded([0, 0, 0, lacking]))
            try masks.copyRowsInPlace(places, from: part.mask.converted(to: .uint8).padded([0, lacking]))
        }
        return EmbeddingRows(
            pooled: chosen, tokens: isAll ? values : try values.rows(order),
            tokenMask: try (isAll ? masks : masks.rows(order)).converted(to: .bool), presence: there)
    }
}
