/// One block of a Transformer: attention among the tokens of a sequence, then a perceptron at each of them, each with a norm and a shortcut.
public struct TransformerBlock: Sendable {
    /// Where the norms stand.
    public enum Order: Sendable {
        /// In front of attention and perceptron, within the shortcuts (Xiong et al. 2020, arXiv:2002.04745): ViT, GPT-2, CLIP, Whisper.
        case normFirst
        /// Behind the sums (Vaswani et al. 2017): BERT and its relatives, wav2vec 2.0 base.
        case normLast
    }

    let attention: MultiHeadAttention
    /// nil where the first block needs none, for the embeddings were normalised: ModernBERT.
    let attentionNorm: (any Normalization)?
    let feedForward: FeedForward
    let feedNorm: any Normalization
    private let order: Order
    private let scales: (attention: Tensor, feed: Tensor)?
    private let dropout: (attention: Double, feed: Double)
    private let attentionDropout: Double
    private let shortcut: Double

    /// Joins layers that were built already.
    ///
    /// - Parameters:
    ///   - attention: The first half.
    ///   - attentionNorm: Its norm; nil for none.
    ///   - feedForward: The second half.
    ///   - feedNorm: Its norm.
    ///   - order: Where the norms stand.
    ///   - scales: `[D]` each, by which what is added to the shortcuts is multiplied: LayerScale (Touvron et al. 2021, arXiv:2103.17239);
    ///     nil for 1.
    ///   - dropout: The share of what is added to the shortcuts that is dropped in training.
    ///   - feedDropout: That of what the perceptron adds, where it is another; nil for `dropout`.
    ///   - attentionDropout: The share of the attention's weights that is.
    ///   - shortcut: What goes by attention and perceptron is multiplied by it: DeepNorm (Wang et al. 2022, arXiv:2203.00555).
    public init(
        attention: MultiHeadAttention, attentionNorm: (any Normalization)?, feedForward: FeedForward, feedNorm: any Normalization,
        order: Order, scales: (attention: Tensor, feed: Tensor)? = nil, dropout: Double = 0, feedDropout: Double? = nil,
        attentionDropout: Double = 0, shortcut: Double = 1
    ) {
        self.shortcut = shortcut
        (self.attention, self.attentionNorm) = (attention, attentionNorm)
        (self.feedForward, self.feedNorm) = (feedForward, feedNorm)
        (self.order, self.scales, self.attentionDropout) = (order, scales, attentionDropout)
        self.dropout = (dropout, feedDropout ?? dropout)
    }

    /// Whether norms stand behind the sums and nothing scales: BERT's form.
    var isPlainNormLast: Bool { order == .normLast && scales == nil && shortcut == 1 && attention.isPlain }

    /// `[B, T, D]` or `[N, D]`, as `sequences` says, to the same shape.
    ///
    /// - Parameters:
    ///   - input: The tokens.
    ///   - sequences: How they lie in `input`.
    ///   - relations: What they know of where the others stand.
    ///   - mode: Whether anything is dropped: only in training.
    public func callAsFunction(
        _ input: Tensor, _ sequences: Sequences, _ relations: TokenRelations = TokenRelations(), mode: Mode
    ) throws(TorchError) -> Tensor {
        let before = order == .normFirst ? try attentionNorm?(input) ?? input : input
        var x = try attention(
            before, sequences, relations, addingTo: shortened(input), scale: scales?.attention, dropout: attentionDropout,
            outputDropout: dropout.attention, mode: mode)
        if order == .normLast, let attentionNorm { x = try attentionNorm(x) }
        let fed = try feedForward(
            order == .normFirst ? feedNorm(x) : x, addingTo: shortened(x), scale: scales?.feed, dropout: dropout.feed, mode: mode)
        return order == .normFirst ? fed : try feedNorm(fed)
    }

    private func shortened(_ x: Tensor) throws(TorchError) -> Tensor { try shortcut == 1 ? x : x.scaled(by: shortcut) }
}

/// The perceptron of a Transformer's block: `W2 activation(W1 x)`, or `W2 (activation(G x) · U x)` where it is gated (Shazeer 2020,
/// arXiv:2002.05202).
public struct FeedForward: Sendable {
    /// The layers in front of the activation.
    public enum Inner: Sendable {
        /// One layer.
        case plain(Linear)
        /// Two layers; what the first gives goes through the activation.
        case gated(gate: Linear, up: Linear)
        /// Both in one layer, the gate first.
        case joined(Linear)
    }

    let inner: Inner
    let activation: Activation
    let output: Linear
    private let innerDropout: Double
    /// The gated form's two layers as one product, where weights are frozen.
    private let packed: PackedLinear?
    /// The plain form's two layers with a SiLU between that give what a quick GELU gives, where weights are frozen.
    private let quick: (inner: PackedLinear, output: PackedLinear)?

    /// Joins layers that were built already.
    ///
    /// - Parameters:
    ///   - inner: The layers in front of the activation.
    ///   - activation: What stands between.
    ///   - output: The layer behind it.
    ///   - innerDropout: The share of what enters `output` that is dropped in training.
    public init(_ inner: Inner, _ activation: Activation, output: Linear, innerDropout: Double = 0) {
        (self.inner, self.activation, self.output, self.innerDropout) = (inner, activation, output, innerDropout)
        packed = if case .gated(let gate, let up) = inner { gate.packed?.joined(with: [up]) } else { nil }
        quick = if case .plain(let layer) = inner, activation == .quickGelu { Self.quick(layer, output) } else { nil }
    }

    /// x σ(1.702 x) is SiLU(1.702 x) / 1.702: oneDNN computes a SiLU within the product, and a quick GELU in three more passes.
    private static func quick(_ inner: Linear, _ output: Linear) -> (inner: PackedLinear, output: PackedLinear)? {
        guard let first = inner.packed, let second = output.packed else { return nil }
        return (first.scaled(weight: 1.702, bias: 1.702), second.scaled(weight: 1 / 1.702, bias: 1))
    }

    /// `x + scale · dropout(perceptron(input))`, of the shape of `x`.
    ///
    /// - Parameters:
    ///   - input: `[…, D]`.
    ///   - x: Of the shape of `input`.
    ///   - scale: `[D]`; nil for 1.
    ///   - dropout: The share of what is added to `x` that is dropped in training.
    ///   - mode: Whether anything is dropped: only in training.
    public func callAsFunction(
        _ input: Tensor, addingTo x: Tensor, scale: Tensor? = nil, dropout: Double = 0, mode: Mode
    ) throws(TorchError) -> Tensor {
        if let quick, scale == nil { return try quick.output(quick.inner(input, activation: .silu), adding: x) }
        return try output(
            hidden(input, mode).dropout(innerDropout, mode: mode), dropout: dropout, scale: scale, adding: x, mode: mode)
    }

    private func hidden(_ input: Tensor, _ mode: Mode) throws(TorchError) -> Tensor {
        switch inner {
        case .plain(let layer): return try layer(input, activation: activation, mode: mode)
        case .gated(let gate, let up):
            guard let packed else { return try gate(input, activation: activation, mode: mode) * up(input, mode: mode) }
            return try gated(packed(input))
        case .joined(let layer): return try gated(layer(input, mode: mode))
        }
    }

    /// `[…, 2 I]`, the gate first, to `[…, I]`.
    private func gated(_ both: Tensor) throws(TorchError) -> Tensor {
        let last = both.shape.count - 1
        let size = both.shape[last] / 2
        return try activation(both.slice(last, 0..<size)) * both.slice(last, size..<2 * size)
    }
}
