internal import Synchronization

/// The inference form of a convolution: batch norm folded into its weights, weights reordered once for oneDNN, activation
/// and shortcut fused, channels last throughout.
///
/// Packed at the first call, for the shape that it brings: later shapes are computed with the same weights, which oneDNN
/// reorders once more where it wants another order for them.
final class PackedConvolution: Sendable {
    private let conv: Conv2d
    private let norm: BatchNorm?
    private let precision: Precision
    private let pages: CheckpointPages
    private let packed = Mutex<(weight: Tensor, bias: Tensor?)?>(nil)

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
        let (padded, padding) = try conv.padded(input.converted(to: precision.dtype))
        let x = try padded.channelsLast()
        let (weight, bias) = try form(x.shape, padding)
        let places: [Argument] = [
            .ints([padding, padding]), .ints([conv.stride, conv.stride]), .ints([1, 1]), .int(conv.groups),
        ]
        guard let shortcut else {
            return try Operator("mkldnn::_convolution_pointwise").first(
                [.tensor(x), .tensor(weight), .optional(bias)] + places + activation.fusedArguments)
        }
        let fused = activation == .relu || activation == .identity
        let sum = try Operator("mkldnn::_convolution_pointwise_.binary").first(
            [.tensor(shortcut.converted(to: precision.dtype).channelsLast()), .tensor(x), .tensor(weight), .optional(bias)] + places
                + [.string("add"), .double(1), activation == .relu ? .string("relu") : .none, .tensors([]), .none])
        return fused ? sum : try activation(sum)
    }

    private func form(_ shape: [Int], _ padding: Int) throws(TorchError) -> (weight: Tensor, bias: Tensor?) {
        try packed.withLock { packed throws(TorchError) in
            if let packed { return packed }
            let (weight, bias) = try folded()
            let reordered = try Operator("mkldnn::_reorder_convolution_weight")(
                .tensor(weight.converted(to: precision.dtype).detached()), .ints([padding, padding]),
                .ints([conv.stride, conv.stride]), .ints([1, 1]), .int(conv.groups), .ints(shape))
            let form = (weight: reordered, bias: try bias?.converted(to: precision.dtype).detached())
            pages.giveBack()
            packed = form
            return form
        }
    }

    private func folded() throws(TorchError) -> (weight: Tensor, bias: Tensor?) {
        guard let norm else { return (conv.weight, conv.bias) }
        let (scale, shift) = try norm.affine()
        let weight = try conv.weight * scale.reshaped([-1, 1, 1, 1])
        let bias = try conv.bias.map { bias throws(TorchError) in try bias * scale + shift } ?? shift
        return (weight, bias)
    }
}
