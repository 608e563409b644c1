public import Torch

/// A Transformer for texts that is put together of blocks: what ModernBERT, ALBERT, Qwen3, CLIP's text tower and their like have in common.
///
/// It looks ids up, brings them through the blocks, and pools. Of frozen weights the real tokens alone are computed, behind one another; in
/// training too, padded for attention.
public struct TextTransformer: BlockwiseEncoder {
    /// What tells one from another.
    public struct Parts: Sendable {
        /// Ids and their positions, int64 of one shape, to embeddings, `[…, C]`.
        public let embed: @Sendable (_ ids: Tensor, _ positions: Tensor) throws -> Tensor
        /// What brings embeddings to the size of a token, behind the dropout; nil where they have it.
        public let mapping: Linear?
        /// The layers, from input to output; the same one may stand several times.
        public let layers: [TransformerBlock]
        /// Which of `layers` each entry of `blocks` between the embeddings and the last norm holds the weights of.
        public let stages: [Range<Int>]
        /// What each layer's tokens know of where the others stand, for sequences up to `length` tokens: one a layer, or one for all.
        public let relations: @Sendable (_ length: Int) throws -> [TokenRelations]
        /// The norm behind the last layer; nil for none.
        public let finalNorm: (any Normalization)?
        /// C, the size of a token.
        public let hidden: Int
        /// What pooled embeddings go through; nil for nothing.
        public var projection: Projection?
        /// The share of the embeddings' values that is dropped in training.
        public var dropout = 0.0
        /// Path prefixes of the parameters: the embeddings, each stage, the last norm with the projection where there are any.
        public let blocks: [[String]]

        /// Joins parts that were built already: `blocks` has an entry for the embeddings, one a stage, and one for `finalNorm` and `projection` together
        /// where there is either.
        ///
        /// A stage is a layer, where `stages` does not say that several share their weights.
        public init(
            embed: @escaping @Sendable (Tensor, Tensor) throws -> Tensor, mapping: Linear? = nil, layers: [TransformerBlock],
            stages: [Range<Int>]? = nil, finalNorm: (any Normalization)? = nil,
            hidden: Int, projection: Projection? = nil, dropout: Double = 0, blocks: [[String]],
            relations: @escaping @Sendable (Int) throws -> [TokenRelations] = { _ in [TokenRelations()] }
        ) {
            (self.embed, self.layers, self.finalNorm, self.relations) = (embed, layers, finalNorm, relations)
            (self.hidden, self.projection, self.dropout, self.blocks) = (hidden, projection, dropout, blocks)
            (self.mapping, self.stages) = (mapping, stages ?? layers.indices.map { $0..<$0 + 1 })
        }
    }

    /// D, the size of an embedding: what the pooling makes of a token's size.
    public let dimension: Int
    /// C, the size of a token.
    public var tokenDimension: Int { parts.hidden }
    /// Path prefixes of the parameters: the embeddings, each stage, the last norm with the projection where there are any.
    public var blocks: [[String]] { parts.blocks }
    /// Whether padding is left out of the computation, as it is where all weights are frozen and on the CPU.
    public var skipsPadding: Bool { inference != nil }
    private let parts: Parts
    private let pooling: TextPooling
    private let inference: Precision?

    /// Joins parts whose weights were asked of a store that computes frozen weights in `inference`; nil where they can be trained.
    public init(_ parts: Parts, pooling: TextPooling, inference: Precision?) {
        (self.parts, self.pooling, self.inference) = (parts, pooling, inference)
        dimension = parts.projection?.outputs ?? pooling.dimension(parts.hidden)
    }

    /// Encodes token ids, int64 `[B, T]` padded behind: `pooled` is `[B, D]`, `tokens` are `[B, T, C]`, `tokenMask` is the input's mask.
    ///
    /// - Throws: `TorchError` where a text is longer than there are positions, or an id lies beyond the vocabulary.
    public func callAsFunction(_ input: EncoderInput, mode: Mode) throws -> Encoding {
        guard let inference, let lengths = input.lengths else {
            return try encoding(run(0..<blocks.count, Activations(input), mode: mode), mode: mode)
        }
        let (batch, longest) = (input.values.shape[0], input.values.shape[1])
        let real = try TokenRuns(lengths, longest: longest)
        let positions = try Tensor.range(longest).unsqueezed(0).expanded([batch, longest])
        var x = try parts.embed(real.taken(input.values), real.taken(positions)).converted(to: inference.dtype)
        if let mapping = parts.mapping { x = try mapping(x) }
        let relations = try parts.relations(real.longestRun)
        for (index, layer) in parts.layers.enumerated() {
            x = try layer(x, .runs(real.runs), relation(relations, index), mode: .evaluate)
        }
        if let norm = parts.finalNorm { x = try norm(x) }
        let tokens = try real.padded(x)
        return Encoding(pooled: try pooled(tokens, input.mask, .evaluate), tokens: tokens, tokenMask: input.mask)
    }

    private func pooled(_ tokens: Tensor, _ mask: Tensor?, _ mode: Mode) throws -> Tensor {
        let pooled = try pooling(tokens, mask)
        return try parts.projection?(pooled, mode: mode).converted(to: .float32) ?? pooled
    }

    /// Block 0 looks ids up, int64 `[B, T]`; then come the stages, `[B, T, C]` to `[B, T, C]`, and the last norm where there is one.
    ///
    /// - Throws: `TorchError` where a text is longer than there are positions, or an id lies beyond the vocabulary.
    public func run(_ range: Range<Int>, _ input: Activations, mode: Mode) throws -> Activations {
        guard !range.isEmpty else { return input }
        var x = input.values
        let (batch, length) = (x.shape[0], x.shape[1])
        if range.contains(0) {
            x = try parts.embed(x, Tensor.range(length).moved(to: x.device).unsqueezed(0).expanded([batch, length]))
            x = try x.dropout(parts.dropout, mode: mode).converted(to: inference?.dtype ?? .float32)
            if let mapping = parts.mapping { x = try mapping(x, mode: mode) }
        }
        let isPacked = inference == nil && input.lengths != nil
        let layout = try isPacked ? input.lengths.map { try TokenLayout(lengths: $0, length: length, device: x.device) } : nil
        let relations = try parts.relations(length).map { try $0.moved(to: x.device) }
        if let layout { x = try layout.packed(x) }
        for block in range where block > 0 {
            guard block <= parts.stages.count else {
                if let norm = parts.finalNorm { x = try norm(x) }
                continue
            }
            let sequences: Sequences = layout.map { .packed($0) } ?? .padded(input.mask)
            for layer in parts.stages[block - 1] {
                x = try parts.layers[layer](x, sequences, relation(relations, layer), mode: mode)
            }
        }
        return Activations(values: try layout?.padded(x) ?? x, mask: input.mask, lengths: input.lengths)
    }

    /// Pools `[B, T, C]`, which are the tokens, to `[B, D]`.
    ///
    /// - Throws: `TorchError` where libtorch fails.
    public func encoding(_ last: Activations, mode: Mode) throws -> Encoding {
        let tokens = try inference == nil ? last.values : last.values.converted(to: .float32)
        return Encoding(pooled: try pooled(tokens, last.mask, mode), tokens: tokens, tokenMask: last.mask)
    }

    private func relation(_ relations: [TokenRelations], _ layer: Int) -> TokenRelations {
        relations.count == 1 ? relations[0] : relations[layer]
    }
}
