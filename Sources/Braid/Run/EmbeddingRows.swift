internal import Torch

/// One modality's embeddings of some samples.
struct EmbeddingRows {
    /// `[N, D]`; zeros where the modality is missing.
    let pooled: Tensor
    /// `[N, T, C]`; nil where they were not asked for.
    let tokens: Tensor?
    /// Bool `[N, T]`.
    let tokenMask: Tensor?
    let presence: [Bool]

    func moved(to device: Device) throws -> EmbeddingRows {
        EmbeddingRows(
            pooled: try pooled.moved(to: device), tokens: try tokens?.moved(to: device),
            tokenMask: try tokenMask?.moved(to: device), presence: presence)
    }

    /// The rows at `order`, int64 `[B]`, as a fusion takes them.
    func part(_ order: Tensor, tokens isWanted: Bool = true) throws -> FusionInput.Part {
        FusionInput.Part(
            pooled: try pooled.rows(order), tokens: isWanted ? try tokens?.rows(order) : nil,
            tokenMask: isWanted ? try tokenMask?.rows(order) : nil)
    }
}

/// Gathers a modality's embeddings batch by batch.
struct EmbeddingCollector {
    private let encoder: any Encoder
    private let budget: Int?
    /// Row number in the parts, by sample.
    private var places: [Int: Int] = [:]
    private var count = 0
    private var pooled: [Tensor] = []
    private var tokens: [(values: Tensor, mask: Tensor)] = []

    init(_ encoder: any Encoder, tokens budget: Int?) {
        self.encoder = encoder
        self.budget = budget
    }

    /// Takes a batch; gives the samples whose embeddings are not finite, and are not kept.
    mutating func add(_ encoding: Encoding, of indices: [Int]) throws -> [Int] {
        var sums = try encoding.pooled.absolute().sum([1])
        if let budget {
            let reduced = try TokenBudget.reduced(encoding, to: budget)
            let nothing = try Tensor.zeros([]).moved(to: reduced.tokens.device)
            let clean = try reduced.tokens.where(reduced.mask.unsqueezed(-1), else: nothing)
            sums = try sums + clean.absolute().sum([1, 2])
            tokens.append((try clean.moved(to: .cpu), try reduced.mask.moved(to: .cpu)))
        }
        pooled.append(try encoding.pooled.moved(to: .cpu))
        let finite: [Bool] = try sums.moved(to: .cpu).array().map { (sum: Float) in sum.isFinite }
        for (row, index) in indices.enumerated() where finite[row] { places[index] = count + row }
        count += indices.count
        return zip(indices, finite).filter { !$0.1 }.map(\.0)
    }

    /// The embeddings of the samples number `kept`, in that order.
    func rows(_ kept: [Int]) throws -> EmbeddingRows {
        // Row 0 is what stands where nothing is.
        let order = try Tensor(kept.map { Int64(places[$0].map { $0 + 1 } ?? 0) }, shape: [kept.count])
        let presence = kept.map { places[$0] != nil }
        let all = try Tensor.concatenate([.zeros([1, encoder.dimension])] + pooled, 0).rows(order)
        guard budget != nil else { return EmbeddingRows(pooled: all, tokens: nil, tokenMask: nil, presence: presence) }
        let longest = tokens.map { $0.values.shape[1] }.max() ?? 1
        let values = try tokens.map { try $0.values.padded([0, 0, 0, longest - $0.values.shape[1]]) }
        let masks = try tokens.map { try $0.mask.converted(to: .uint8).padded([0, longest - $0.mask.shape[1]]) }
        let none = try Tensor.zeros([1, longest, encoder.tokenDimension])
        return EmbeddingRows(
            pooled: all, tokens: try Tensor.concatenate([none] + values, 0).rows(order),
            tokenMask: try Tensor.concatenate([.zeros([1, longest], dtype: .uint8)] + masks, 0).rows(order).converted(to: .bool),
            presence: presence)
    }
}
