internal import Synchronization

/// A way to compute a packed convolution, with the weights as it wants them.
protocol ConvolutionForm: Sendable {
    /// `activation(conv(x) + bias + shortcut)` of maps `[B, in, H, W]` in the dtype of the weights.
    ///
    /// - Parameter shortcut: Of the result's shape and dtype. Its memory may be used for the result.
    func callAsFunction(_ x: Tensor, activation: Activation, consuming shortcut: Tensor?) throws(TorchError) -> Tensor
}

/// The inference form of a convolution: batch norm folded into its weights, weights reordered or transformed once, activation
/// and shortcut fused, channels last throughout.
///
/// Packed at the first call, for the shape that it brings: later shapes are computed with the same weights, which oneDNN
/// reorders once more where it wants another order for them. Maps that are better computed in another way are packed for anew.
final class PackedConvolution: Sendable {
    private let conv: Conv2d
    private let norm: BatchNorm?
    private let precision: Precision
    private let pages: CheckpointPages
    private let forms = Mutex<[Way: any ConvolutionForm]>([:])

    private enum Way { case direct, turned, winograd }

    /// - Parameter pages: Where the convolution's weight was read from.
    init(_ conv: Conv2d, folding norm: BatchNorm? = nil, _ precision: Precision, pages: CheckpointPages) {
        self.conv = conv
        self.norm = norm
        self.precision = precision
        self.pages = pages
    }

    func folding(_ norm: BatchNorm) -> PackedConvolution { PackedConvolution(conv, folding: norm, precision, pages: pages) }

    /// `activation(norm(conv(x)) + shortcut)`, in the dtype of the precision.
    ///
    /// - Parameter shortcut: Of the result's shape. Its memory is used for the result: nothing may read it afterwards.
    func callAsFunction(
        _ input: Tensor, activation: Activation = .identity, consuming shortcut: Tensor? = nil
    ) throws(TorchError) -> Tensor {
        let (x, padding) = try conv.padded(input.converted(to: precision.dtype))
        let shortcut = try shortcut?.converted(to: precision.dtype)
        let form = try form(x.shape, padding)
        let fused = activation.isFused ? activation : .identity
        let result = try form(x, activation: fused, consuming: shortcut)
        return activation.isFused ? result : try activation(result)
    }

    private func form(_ shape: [Int], _ padding: Int) throws(TorchError) -> any ConvolutionForm {
        let way = try way(shape, padding)
        return try forms.withLock { forms throws(TorchError) in
            if let form = forms[way] { return form }
            let (weight, bias) = try folded()
            let form: any ConvolutionForm =
                try way == .winograd
                ? WinogradConvolution(weight, bias: bias)
                : DirectConvolution(conv, weight: weight, bias: bias, padding: padding, shape: shape)
            pages.giveBack()
            forms[way] = form
            return form
        }
    }

    private func way(_ shape: [Int], _ padding: Int) throws(TorchError) -> Way {
        let suits = precision == .fp32 && WinogradConvolution.suits(conv, padding: padding, height: shape[2], width: shape[3])
        if suits, try ConvolutionMethod.fastest() == .winograd { return .winograd }
        return DirectConvolution.turns(shape) ? .turned : .direct
    }

    private func folded() throws(TorchError) -> (weight: Tensor, bias: Tensor?) {
        var (weight, bias) = (conv.weight, conv.bias)
        if let norm {
            let (scale, shift) = try norm.affine()
            weight = try weight * scale.reshaped([-1, 1, 1, 1])
            bias = try bias.map { bias throws(TorchError) in try bias * scale + shift } ?? shift
        }
        let dtype = precision.dtype
        return (try weight.converted(to: dtype).detached(), try bias?.converted(to: dtype).detached())
    }
}
