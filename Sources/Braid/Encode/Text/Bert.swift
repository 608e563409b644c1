public import Torch

/// BERT (Devlin et al. 2019, arXiv:1810.04805) and the text encoders that are built like it.
///
/// These are DistilBERT (arXiv:1910.01108), MPNet (arXiv:2004.09297), RoBERTa (arXiv:1907.11692), XLM-R
/// (arXiv:1911.02116), CamemBERT (arXiv:1911.03894) and ELECTRA (arXiv:2003.10555). Parameters have the names that Transformers gives BERT's:
/// `embeddings.word_embeddings`, `encoder.layer.0.attention.self.query`, ….
public struct Bert: BlockwiseEncoder {
    /// D, the size of an embedding: what the pooling makes of a token's size.
    public let dimension: Int
    /// Path prefixes of the parameters: the embeddings (with MPNet's relative positions), then each layer.
    public let blocks: [[String]]
    let words: Embedding
    private let positions: Embedding
    /// Which of two texts a token belongs to; here always the first. nil in models without it.
    private let types: Embedding?
    private let norm: LayerNorm
    /// What brings ELECTRA's embeddings to the size of a token, where they have another.
    private let projection: Linear?
    let layers: [TransformerBlock]
    let relative: RelativePositions?
    private let dropout: Double
    private let positionRule: BertShape.PositionRule
    private let pooling: TextPooling
    /// What it computes in where it is frozen.
    private let inference: Precision?
    /// Where that is int8.
    let int8: Int8Forms?
    /// The most tokens of a text.
    let longestText: Int

    /// Asks `scope` for the weights of an encoder of this shape; `pooling` says how the tokens of a text become one embedding.
    ///
    /// - Throws: Where a weight cannot be read or made. One that is missing or of another size is noted in the store's `report`.
    public init(_ scope: Scope, _ shape: BertShape, pooling: TextPooling) throws {
        let initializer = Initializer.normal(deviation: 0.02)
        let embeddings = scope / "embeddings"
        words = try Embedding(embeddings / "word_embeddings", shape.vocabulary, shape.embedding, initializer: initializer)
        positions = try Embedding(embeddings / "position_embeddings", shape.positions, shape.embedding, initializer: initializer)
        types = try shape.types.map {
            try Embedding(embeddings / "token_type_embeddings", $0, shape.embedding, initializer: initializer)
        }
        norm = try LayerNorm(embeddings / "LayerNorm", shape.embedding, epsilon: shape.epsilon)
        projection =
            shape.embedding == shape.hidden
            ? nil : try Linear(scope / "embeddings_project", shape.embedding, shape.hidden, initializer: initializer)
        layers = try (0..<shape.layers).map { try TransformerBlock(bert: scope / "encoder" / "layer" / $0, shape) }
        relative = try shape.relativeBuckets.map {
            try RelativePositions(scope / "encoder" / "relative_attention_bias", buckets: $0, heads: shape.heads)
        }
        // Positions 0, 1, 2, … and zeros that some files store, and the pooler of the pretraining.
        embeddings.ignore("position_ids")
        embeddings.ignore("token_type_ids")
        for name in ["weight", "bias"] { (scope / "pooler" / "dense").ignore(name) }
        dimension = pooling.dimension(shape.hidden)
        tokenDimension = shape.hidden
        dropout = shape.dropout
        positionRule = shape.positionRule
        self.pooling = pooling
        inference = scope.store.inference
        int8 = inference == .int8 && layers.allSatisfy(Int8Layer.knows) ? Int8Forms() : nil
        longestText = shape.longestText
        let shared =
            ["embeddings."] + (projection == nil ? [] : ["embeddings_project."])
            + (relative == nil ? [] : ["encoder.relative_attention_bias."])
        blocks = [shared] + (0..<shape.layers).map { ["encoder.layer.\($0)."] }
    }

    /// C, the size of a token: `BertShape.hidden`.
    public let tokenDimension: Int

    /// Whether padding is left out of the computation, as it is where all weights are frozen and on the CPU.
    public var skipsPadding: Bool { inference != nil }

    /// Encodes token ids, int64 `[B, T]`: `pooled` is `[B, D]`, `tokens` are `[B, T, C]`.
    ///
    /// T is at most `BertShape.longestText`. `tokenMask` is the input's mask.
    ///
    /// - Throws: `TorchError` where a text is too long, or an id lies beyond the vocabulary.
    public func callAsFunction(_ input: EncoderInput, mode: Mode) throws -> Encoding {
        // Without lengths all texts are equally long.
        let equal = int8.map { _ in Array(repeating: input.values.shape[1], count: input.values.shape[0]) }
        if let inference, let lengths = input.lengths ?? equal { return try withoutPadding(input, lengths, inference) }
        return try encoding(run(0..<blocks.count, Activations(input), mode: mode), mode: mode)
    }

    /// Block 0 looks ids up, int64 `[B, T]`; the others are the layers, `[B, T, C]` to `[B, T, C]`.
    ///
    /// - Throws: `TorchError` where a text is too long, or an id lies beyond the vocabulary.
    public func run(_ range: Range<Int>, _ input: Activations, mode: Mode) throws -> Activations {
        guard !range.isEmpty else { return input }
        let ids = input.values
        var x = range.contains(0) ? try embedded(ids, places(ids)) : ids
        let relations = TokenRelations(bias: try relative?.bias(x.shape[1]))
        guard inference == nil, let lengths = input.lengths else {
            if range.contains(0) {
                x = try projected(x.dropout(dropout, mode: mode).converted(to: inference?.dtype ?? .float32), mode)
            }
            for block in range where block > 0 { x = try layers[block - 1](x, .padded(input.mask), relations, mode: mode) }
            return Activations(values: x, mask: input.mask)
        }
        // In training texts of a batch are of any length: layers compute the real tokens alone.
        let layout = try TokenLayout(lengths: lengths, length: x.shape[1], device: x.device)
        x = try layout.packed(x)
        if range.contains(0) { x = try projected(x.dropout(dropout, mode: mode), mode) }
        for block in range where block > 0 { x = try layers[block - 1](x, .packed(layout), relations, mode: mode) }
        return Activations(values: try layout.padded(x), mask: input.mask, lengths: lengths)
    }

    /// Pools `[B, T, C]`, which are the tokens.
    ///
    /// - Throws: `TorchError` where libtorch fails.
    public func encoding(_ last: Activations, mode: Mode) throws -> Encoding {
        Encoding(pooled: try pooling(last.values, last.mask), tokens: last.values, tokenMask: last.mask)
    }

    /// What frozen layers make of the real tokens alone, behind one another: padding is put in at the end only.
    private func withoutPadding(_ input: EncoderInput, _ lengths: [Int], _ precision: Precision) throws -> Encoding {
        let (batch, longest) = (input.values.shape[0], input.values.shape[1])
        let real = try TokenRuns(lengths, longest: longest)
        let places = try real.taken(places(input.values).expanded([batch, longest]))
        var x = try projected(embedded(real.taken(input.values), places).converted(to: precision.dtype), .evaluate)
        let bias = try relative?.bias(real.longestRun)
        if let int8 {
            x = try throughInt8(x, int8, real, bias)
        } else {
            for layer in layers { x = try layer(x, .runs(real.runs), TokenRelations(bias: bias), mode: .evaluate) }
        }
        let tokens = try real.padded(x)
        return Encoding(pooled: try pooling(tokens, input.mask), tokens: tokens, tokenMask: input.mask)
    }

    /// Words, places and type together, normalised: of ids of any shape.
    func embedded(_ ids: Tensor, _ places: Tensor) throws(TorchError) -> Tensor {
        var sum = try words(ids) + positions(places)
        if let types { sum = try sum + types.weight.select(0, 0) }
        return try norm(sum)
    }

    /// Embeddings in the size of a token.
    func projected(_ embeddings: Tensor, _ mode: Mode) throws(TorchError) -> Tensor {
        guard let projection else { return embeddings }
        return try projection(embeddings, mode: mode)
    }

    /// Int64 `[T]`, or `[B, T]` where padding counts.
    func places(_ ids: Tensor) throws -> Tensor {
        switch positionRule {
        case .fromZero: return try Tensor.range(ids.shape[1]).moved(to: ids.device)
        case .behindPadding(let padding):
            let real = try ids.isDifferent(from: Double(padding)).converted(to: .int64)
            return try (real.cumulativeSum(1) * real).adding(Double(padding)).converted(to: .int64)
        }
    }
}

extension TransformerBlock {
    /// A layer of BERT, under the names that Transformers gives BERT's parameters.
    init(bert scope: Scope, _ shape: BertShape) throws {
        let initializer = Initializer.normal(deviation: 0.02)
        let projection = { (scope: Scope) in try Linear(scope, shape.hidden, shape.hidden, initializer: initializer) }
        let place = scope / "attention"
        let attention = MultiHeadAttention(
            query: try projection(place / "self" / "query"), key: try projection(place / "self" / "key"),
            value: try projection(place / "self" / "value"), output: try projection(place / "output" / "dense"), heads: shape.heads)
        let attentionNorm = try LayerNorm(place / "output" / "LayerNorm", shape.hidden, epsilon: shape.epsilon)
        let inner = try Linear(scope / "intermediate" / "dense", shape.hidden, shape.intermediate, initializer: initializer)
        let output = try Linear(scope / "output" / "dense", shape.intermediate, shape.hidden, initializer: initializer)
        self.init(
            attention: attention,
            attentionNorm: attentionNorm,
            feedForward: FeedForward(.plain(inner), shape.activation, output: output),
            feedNorm: try LayerNorm(scope / "output" / "LayerNorm", shape.hidden, epsilon: shape.epsilon), order: .normLast,
            dropout: shape.dropout, attentionDropout: shape.attentionDropout)
    }
}

/// MPNet's bias on attention, by how far key and query are apart (Raffel et al. 2020, arXiv:1910.10683).
struct RelativePositions {
    private let table: Embedding
    /// Distances from which on the reference takes the next bucket, behind eight for single distances.
    private static let thresholds = [8, 12, 16, 23, 32, 46, 64, 91]

    init(_ scope: Scope, buckets: Int, heads: Int) throws {
        table = try Embedding(scope, buckets, heads, initializer: .normal(deviation: 0.02))
    }

    /// What is added to the attention of each pair of `length` tokens, `[1, heads, T, T]`.
    func bias(_ length: Int) throws -> Tensor {
        let numbers = (0..<length).flatMap { query in (0..<length).map { key in Int64(bucket(key - query)) } }
        let ids = try Tensor(numbers, shape: [length, length]).moved(to: table.weight.device)
        return try table(ids).permuted([2, 0, 1]).unsqueezed(0)
    }

    /// Sixteen for each direction; of these, eight for single distances and eight for ever wider ranges.
    private func bucket(_ distance: Int) -> Int {
        let size = abs(distance)
        let offset = distance > 0 ? 16 : 0
        return offset + (size < 8 ? size : 7 + Self.thresholds.count { size >= $0 })
    }
}

extension Bert {
    static let builders = BertKind.allCases.map { kind in
        EncoderBuilder(
            modality: .text, name: kind.rawValue, paper: kind.paper, layouts: { _ in kind.layouts },
            adapters: AdapterTargets(
                lowRank: ["query", "value"], scaled: ["key", "value", "output.dense"], scaledInputs: ["output.dense"])
        ) { source in
            let shape = try BertShape(source.config, kind)
            let frontEnd = try TextFrontEnd(source, vocabulary: shape.vocabulary, longestText: shape.longestText)
            let pooling = try TextPooling(source, behind: frontEnd, hidden: shape.hidden, otherwise: .mean)
            return (try Bert(source.scope, shape, pooling: pooling), frontEnd)
        }
        .usually(kind.usual.name, licence: kind.usual.licence, config: kind.usual.config)
    }
}
