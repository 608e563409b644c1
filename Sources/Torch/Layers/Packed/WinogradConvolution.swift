/// A convolution of 3×3 at stride 1 by Winograd's minimal filtering F(4×4, 3×3) (Lavin and Gray 2016, arXiv:1509.09308): 36
/// products for 16 outputs in place of 144. Its weights take four times the memory.
struct WinogradConvolution: ConvolutionForm {
    /// Transformed, `[36, in, out]`.
    private let weight: Tensor
    private let bias: Tensor?

    /// - Parameters:
    ///   - weight: The kernels, `[out, in, 3, 3]`.
    ///   - bias: `[out]`, or nil.
    init(_ weight: Tensor, bias: Tensor?) throws(TorchError) {
        self.weight = try Operator("braid::winograd_weight")(.tensor(weight))
        self.bias = try bias?.contiguous()
    }

    /// Whether the convolution can be computed so, and gains by it, at maps of this height and width. It does not depend on the
    /// number of samples: one gets the same embedding alone and among others.
    static func suits(_ conv: Conv2d, padding: Int, height: Int, width: Int) -> Bool {
        let (outputs, inputs) = (conv.weight.shape[0], conv.weight.shape[1])
        guard conv.weight.shape[2...] == [3, 3], conv.stride == 1, conv.groups == 1, padding == 1 else { return false }
        guard inputs.isMultiple(of: lanes), outputs.isMultiple(of: lanes), min(inputs, outputs) >= fewestChannels else {
            return false
        }
        let tiles = ((height + 3) / 4) * ((width + 3) / 4)
        return inputs * outputs <= mostWeights && tiles >= fewestTiles && 2 * height * width > 16 * tiles
    }

    /// As the operator groups channels.
    private static let lanes = 16
    /// With fewer the transforms take longer than the products saved.
    private static let fewestChannels = 64
    /// Channels in times channels out. Beyond these reading 36 weights in place of 9 takes what the products save.
    private static let mostWeights = 512 * 512
    private static let fewestTiles = 4

    /// `activation(conv(x) + bias + shortcut)`, channels last.
    ///
    /// - Parameter shortcut: Of the result's shape. Its memory is used for the result.
    func callAsFunction(
        _ x: Tensor, activation: Activation, consuming shortcut: Tensor?
    ) throws(TorchError) -> Tensor {
        let result = try Operator("braid::winograd_convolution")(
            .tensor(x), .tensor(weight), .optional(bias), .optional(shortcut?.channelsLast()), .bool(activation == .relu))
        return activation == .relu ? result : try activation(result)
    }
}
