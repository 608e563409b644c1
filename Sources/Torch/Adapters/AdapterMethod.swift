/// What is learnt beside the weights of a layer, which themselves stay as they are.
public enum AdapterMethod: Sendable, Equatable {
    /// A product of two narrow matrices is added to the weight.
    case lowRank(LowRank)
    /// A vector scales what comes out of a layer, or what goes in: IA³ (Liu et al. 2022, arXiv:2205.05638).
    case scaling
}

/// Low-rank adaptation, LoRA (Hu et al. 2021, arXiv:2106.09685), as PEFT computes it.
public struct LowRank: Sendable, Equatable {
    /// R, the width between the two matrices.
    public let rank: Int
    /// What the product is multiplied by, before it is divided by the rank.
    public let alpha: Double
    /// The share of a layer's inputs that its adapter does not see, in training.
    public let dropout: Double
    /// Whether it is divided by the root of the rank in place of the rank: rsLoRA (Kalajdzievski 2023, arXiv:2312.03732).
    public let isRankStabilized: Bool
    /// Whether the length of each row of the weight is learnt by itself: DoRA (Liu et al. 2024, arXiv:2402.09353).
    public let isDecomposed: Bool

    /// Makes one from its parts; `alpha` is the rank where it is nil.
    public init(
        rank: Int, alpha: Double? = nil, dropout: Double = 0, isRankStabilized: Bool = false, isDecomposed: Bool = false
    ) {
        self.rank = rank
        self.alpha = alpha ?? Double(rank)
        self.dropout = dropout
        self.isRankStabilized = isRankStabilized
        self.isDecomposed = isDecomposed
    }

    /// What the product of the two matrices is multiplied by.
    public var factor: Double { alpha / (isRankStabilized ? Double(rank).squareRoot() : Double(rank)) }
}

/// A layer that may get an adapter.
public struct AdapterSite: Sendable, Equatable {
    /// The layer's place in the model, without the name of its weight: `layer1.0.conv1`.
    public let path: String
    /// The weight's shape with outputs first, `[out, in]` or `[out, in / groups, kernel, kernel]`.
    public let shape: [Int]
    /// Into how many groups its channels fall; 1 for a linear layer. In groups there is nothing to adapt.
    public let groups: Int
    /// Whether the weight is stored with inputs first, as GPT-2's are.
    public let isTransposed: Bool

    /// Makes one from its parts.
    public init(path: String, shape: [Int], groups: Int = 1, isTransposed: Bool = false) {
        self.path = path
        self.shape = shape
        self.groups = groups
        self.isTransposed = isTransposed
    }

    /// Whether it is a convolution; else it is a linear layer.
    public var isConvolution: Bool { shape.count == 4 }
}

/// Where an adapter that scales does it. One that adds takes no notice.
public enum AdapterSide: Sendable, Equatable {
    /// What goes into the layer.
    case input
    /// What comes out of it, its bias included.
    case output
}
