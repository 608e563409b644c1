/// A convolution as oneDNN computes it directly, with weights reordered once, the activation and the shortcut fused.
struct DirectConvolution: ConvolutionForm {
    private let weight: Tensor
    private let bias: Tensor?
    private let places: [Argument]
    /// Whether height and width change places on the way in and back on the way out.
    private let isTurned: Bool

    /// - Parameters:
    ///   - conv: The layer, for its stride and groups.
    ///   - weight: Its kernels, `[out, in / groups, kernel, kernel]`, in the dtype to compute in.
    ///   - bias: `[out]`, or nil; of the same dtype.
    ///   - padding: Zeros on each side.
    ///   - shape: Of the maps to order the weights for.
    init(_ conv: Conv2d, weight: Tensor, bias: Tensor?, padding: Int, shape: [Int]) throws(TorchError) {
        isTurned = Self.turns(shape)
        places = [.ints([padding, padding]), .ints([conv.stride, conv.stride]), .ints([1, 1]), .int(conv.groups)]
        let kernels = try isTurned ? weight.transposed(2, 3).contiguous() : weight
        let order = isTurned ? [shape[0], shape[1], shape[3], shape[2]] : shape
        self.weight = try Operator("mkldnn::_reorder_convolution_weight").first([.tensor(kernels)] + places + [.ints(order)])
        self.bias = bias
    }

    /// oneDNN computes neighbours in a row together. In the narrow maps at the end of a spectrogram network there are
    /// few, and it is three times slower than with the map on its side.
    static func turns(_ shape: [Int]) -> Bool { shape[3] < 8 && shape[2] >= 2 * shape[3] }

    func callAsFunction(_ x: Tensor, activation: Activation, consuming shortcut: Tensor?) throws(TorchError) -> Tensor {
        let result = try convolved(turned(x), activation, turned(shortcut))
        return try turned(result)
    }

    private func convolved(
        _ x: Tensor, _ activation: Activation, _ shortcut: Tensor?
    ) throws(TorchError) -> Tensor {
        let layer = [.tensor(try x.channelsLast()), .tensor(weight), .optional(bias)] + places
        guard let shortcut else {
            return try Operator("mkldnn::_convolution_pointwise").first(layer + activation.fusedArguments)
        }
        let fused = activation == .relu || activation == .identity
        let sum = try Operator("mkldnn::_convolution_pointwise_.binary").first(
            [.tensor(shortcut.channelsLast())] + layer
                + [.string("add"), .double(1), activation == .relu ? .string("relu") : .none, .tensors([]), .none])
        return fused ? sum : try activation(sum)
    }

    private func turned(_ maps: Tensor) throws(TorchError) -> Tensor { isTurned ? try maps.transposed(2, 3) : maps }

    private func turned(_ maps: Tensor?) throws(TorchError) -> Tensor? {
        try maps.map { maps throws(TorchError) in try turned(maps) }
    }
}
