/// A convolution of 3×3 at stride 1 by Winograd's minimal filtering (Lavin and Gray 2016, arXiv:1509.09308), in tiles of 4×4 outputs with
/// 36 products in place of 144, or of 2×2 with 16 in place of 36. Weights take 4 times the memory, or 1.8 times.
struct WinogradConvolution: ConvolutionForm {
    /// Transformed, `[36, in, out]` or `[16, in, out]`.
    private let weight: Tensor
    private let bias: Tensor?

    /// - Parameters:
    ///   - weight: The kernels, `[out, in, 3, 3]`.
    ///   - bias: `[out]`, or nil.
    init(_ weight: Tensor, bias: Tensor?) throws(TorchError) {
        let side = Self.side(inputs: weight.shape[1], outputs: weight.shape[0])
        self.weight = try Operator("braid::winograd_weight")(.tensor(weight), .int(side))
        self.bias = try bias?.contiguous()
    }

    /// Whether the convolution can be computed so, and gains by it, at maps of this height and width. It does not depend on the
    /// number of samples: one gets the same embedding alone and among others.
    static func suits(_ conv: Conv2d, padding: Int, height: Int, width: Int) -> Bool {
        let (outputs, inputs) = (conv.weight.shape[0], conv.weight.shape[1])
        let side = side(inputs: inputs, outputs: outputs)
        return isPossible(conv, padding: padding) && inputs * outputs <= mostWeights
            && tiles(of: side, height, width) >= fewestTiles && fills(side, height, width)
    }

    /// Whether it gains where weights are trained, at these inputs: their transforms are made anew each step, for which many tiles pay.
    static func suits(_ conv: Conv2d, padding: Int, training x: Tensor) -> Bool {
        let (samples, height, width) = (x.shape[0], x.shape[2], x.shape[3])
        return isPossible(conv, padding: padding) && x.device == .cpu && x.dtype == .float32 && conv.weight.dtype == .float32
            && !isInLowerPrecision(on: .cpu) && samples * tiles(of: 4, height, width) >= fewestTrainedTiles
            && fills(4, height, width)
    }

    private static func isPossible(_ conv: Conv2d, padding: Int) -> Bool {
        let shape = conv.weight.shape
        return shape[2...] == [3, 3] && conv.stride == 1 && conv.groups == 1 && padding == 1
            && shape[..<2].allSatisfy { $0.isMultiple(of: lanes) && $0 >= fewestChannels }
    }

    private static func tiles(of side: Int, _ height: Int, _ width: Int) -> Int {
        ((height + side - 1) / side) * ((width + side - 1) / side)
    }

    /// Of a tile that reaches over the edge part is computed for nothing: less than half of all.
    private static func fills(_ side: Int, _ height: Int, _ width: Int) -> Bool {
        2 * height * width > side * side * tiles(of: side, height, width)
    }

    /// How many outputs a tile has a side. Large weights in 36 matrices take longer to read than few tiles of the small maps that they belong
    /// to take to multiply.
    private static func side(inputs: Int, outputs: Int) -> Int { inputs * outputs > 256 * 256 ? 2 : 4 }

    /// As the operator groups channels.
    private static let lanes = 16
    /// With fewer the transforms take longer than the products saved.
    private static let fewestChannels = 64
    /// Channels in times channels out. Beyond these the weights take more memory than they save time.
    private static let mostWeights = 512 * 512
    private static let fewestTiles = 4
    private static let fewestTrainedTiles = 64

    func callAsFunction(
        _ x: Tensor, activation: Activation, consuming shortcut: Tensor?
    ) throws(TorchError) -> Tensor {
        let result = try Operator("braid::winograd_convolution")(
            .tensor(x), .tensor(weight), .optional(bias), .optional(shortcut?.channelsLast()), .bool(activation == .relu))
        return activation == .relu ? result : try activation(result)
    }
}

extension Tensor {
    /// Convolves `[B, in, H, W]` with kernels `[out, in, 3, 3]` and a zero on each side, forward and backward by Winograd's filtering in
    /// tiles of 4×4; channels must be multiples of 16. Under autocast to another dtype as `conv2d`.
    func winogradConvolution(_ weight: Tensor, bias: Tensor?) throws(TorchError) -> Tensor {
        try Operator("braid::winograd_training")(.tensor(self), .tensor(weight), .optional(bias), .int(4))
    }
}
