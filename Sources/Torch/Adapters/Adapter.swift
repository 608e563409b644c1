/// What a layer computes beside its own weights, which stay as they are; the formulas are PEFT's.
public struct Adapter: Sendable {
    /// The layer it belongs to.
    public let site: AdapterSite
    private let form: Form

    enum Form: Sendable {
        /// A `[R, in, …]`, B `[out, R, …]`, and DoRA's length of each row.
        case lowRank(LowRank, down: Tensor, up: Tensor, magnitude: Tensor?)
        case scaling(Tensor, AdapterSide)
    }

    init(_ site: AdapterSite, _ form: Form) { (self.site, self.form) = (site, form) }

    /// A layer's way from its input, by a weight that has outputs first and a bias, to its output.
    public typealias Layer = (_ input: Tensor, _ weight: Tensor, _ bias: Tensor?) throws(TorchError) -> Tensor

    /// Computes the adapted layer.
    ///
    /// - Parameters:
    ///   - input: As the layer takes it, padding included.
    ///   - weight: The layer's own, outputs first.
    ///   - bias: `[out]`; nil for a layer without one.
    ///   - scale: `[out]`, a constant that stands behind the layer and that `weight` and `bias` hold already; nil for none. Only where `isSum`.
    ///   - mode: Whether inputs are dropped.
    ///   - layer: What the layer does with a weight: the adapter's first matrix stands in its place.
    public func callAsFunction(
        _ input: Tensor, weight: Tensor, bias: Tensor?, scale: Tensor? = nil, mode: Mode, through layer: Layer
    ) throws(TorchError) -> Tensor {
        switch form {
        case .scaling(let vector, .output): return try layer(input, weight, bias) * vector.reshaped(outputView)
        case .scaling(let vector, .input): return try layer(input * vector.reshaped(outputView), weight, bias)
        case .lowRank(let rank, let down, let up, let magnitude):
            let base = try layer(input, weight, bias)
            let seen = try input.dropout(rank.dropout, mode: mode)
            // The factor is put where there is least to multiply.
            var narrow = try layer(seen, down, nil)
            if rank.factor != 1 { narrow = try narrow.scaled(by: rank.factor) }
            let rows = [-1] + Array(repeating: 1, count: site.shape.count - 1)
            let wide = try scale.map { scale throws(TorchError) in try up * scale.reshaped(rows) } ?? up
            let added = try site.isConvolution ? narrow.conv2d(wide, bias: nil) : narrow.linear(wide, bias: nil)
            guard let magnitude else { return try base + added }
            // The row lengths are a constant to the gradient (section 4.3 of the paper).
            let lengths = try withoutGradient { () throws(TorchError) in try Self.lengths(weight + product(rank, down, up)) }
            let factor = try magnitude.reshaped(outputView) / lengths.reshaped(outputView)
            let drops = mode.isTraining && rank.dropout > 0
            let plain =
                try drops
                ? layer(seen, weight, nil)
                : bias.map { bias throws(TorchError) in
                    try base - bias.reshaped(outputView)
                } ?? base
            return try base + plain * factor.adding(-1) + added * factor
        }
    }

    /// Whether it adds to the layer's output what a matrix makes of its input, and does nothing else.
    var isSum: Bool { if case .lowRank(_, _, _, nil) = form { true } else { false } }

    /// Weight and bias of a layer that computes the same without an adapter; outputs first.
    public func merged(weight: Tensor, bias: Tensor?) throws(TorchError) -> (weight: Tensor, bias: Tensor?) {
        try withoutGradient { () throws(TorchError) in
            let rows = [-1] + Array(repeating: 1, count: site.shape.count - 1)
            switch form {
            case .scaling(let vector, .output):
                let scaled = try bias.map { bias throws(TorchError) in try bias * vector.reshaped([-1]) }
                return (try weight * vector.reshaped(rows), scaled)
            case .scaling(let vector, .input):
                return (try weight * vector.reshaped([1, -1] + rows.dropFirst(2)), bias)
            case .lowRank(let rank, let down, let up, let magnitude):
                let sum = try weight + product(rank, down, up)
                guard let magnitude else { return (sum, bias) }
                return (try sum * (magnitude.reshaped([-1]) / Self.lengths(sum)).reshaped(rows), bias)
            }
        }
    }

    /// What is added to the weight: B A, scaled, in the weight's shape.
    private func product(_ rank: LowRank, _ down: Tensor, _ up: Tensor) throws(TorchError) -> Tensor {
        try up.flattened(from: 1).matmul(down.flattened(from: 1)).scaled(by: rank.factor).reshaped(site.shape)
    }

    /// The length of each output's row, `[out]`.
    static func lengths(_ weight: Tensor) throws(TorchError) -> Tensor {
        try (weight * weight).flattened(from: 1).sum([1]).power(0.5)
    }

    /// A channel's vector as it meets the layer's output or input: `[C]`, or `[C, 1, 1]` in a convolution.
    private var outputView: [Int] { site.isConvolution ? [-1, 1, 1] : [-1] }
}
