/// A convolution, the batch norm behind it, and what follows them: an activation, and in a residual block the shortcut.
///
/// Where weights are frozen (`ParameterStore.inference`) all of it is one fused operator.
public struct ConvNorm: Sendable {
    /// The convolution, `[B, in, H, W]` to `[B, out, H', W']`.
    public let conv: Conv2d
    /// The batch norm over the convolution's `out` channels.
    public let norm: BatchNorm
    private let packed: PackedConvolution?

    /// Joins two layers that were built already. With frozen weights the norm is folded into the convolution's weights.
    public init(_ conv: Conv2d, _ norm: BatchNorm) {
        self.conv = conv
        self.norm = norm
        packed = conv.packed?.folding(norm)
    }

    /// Computes `activation(norm(conv(x)) + shortcut)`: `[B, in, H, W]` to `[B, out, H', W']`.
    ///
    /// - Parameters:
    ///   - input: `[B, in, H, W]`.
    ///   - activation: What the sum goes through at the end.
    ///   - shortcut: Of the result's shape. Its memory may be used for the result: nothing may read it afterwards. nil for none.
    ///   - mode: Whether the norm goes by the batch's own statistics: in training, where weights are not frozen.
    public func callAsFunction(
        _ input: Tensor, activation: Activation = .identity, consuming shortcut: Tensor? = nil, mode: Mode
    ) throws(TorchError) -> Tensor {
        if let packed { return try packed(input, activation: activation, consuming: shortcut) }
        // The normalised map is nobody else's, and backward does not need it: what follows is done in place.
        let map = if let map = try constant(input, mode) { map } else { try norm(conv(input, mode: mode), mode: mode) }
        if let shortcut { try map.addInPlace(shortcut) }
        switch activation {
        case .relu: try map.reluInPlace()
        case .relu6: try map.clampInPlace(0...6)
        default: return try activation(map)
        }
        return map
    }

    /// The same where the norm is a constant beside what is trained: it goes into the weights, and saves two passes over the map and a copy of it.
    private func constant(_ input: Tensor, _ mode: Mode) throws(TorchError) -> Tensor? {
        guard norm.isConstant else { return nil }
        let (scale, shift) = try withoutGradient { () throws(TorchError) in try norm.affine() }
        return try conv.scaled(input, by: scale, adding: shift, mode: mode)
    }
}
