/// How frozen convolutions of 3×3 are computed in float32; `BRAID_CONVOLUTION` decides where it is set.
enum ConvolutionMethod: String, MeasuredChoice {
    /// Every product of a pixel and a weight, as oneDNN does it.
    case direct
    /// Winograd's minimal filtering, with a quarter of the products, which differs in the sixth digit: `WinogradConvolution`.
    case winograd

    static let variable = "BRAID_CONVOLUTION"

    /// The faster one at 128 channels of 28×28 pixels.
    static let fastest = RememberedChoice<ConvolutionMethod>(variable) { () throws(TorchError) in
        try withoutGradient { () throws(TorchError) in try measured() }
    }

    private static func measured() throws(TorchError) -> ConvolutionMethod {
        let (x, weight) = try (Tensor.ones([1, 128, 28, 28]).channelsLast(), Tensor.ones([128, 128, 3, 3]))
        let bias = try Tensor.ones([128])
        let places: [Argument] = [.ints([1, 1]), .ints([1, 1]), .ints([1, 1]), .int(1)]
        let reordered = try Operator("mkldnn::_reorder_convolution_weight").first([.tensor(weight)] + places + [.ints(x.shape)])
        let winograd = try WinogradConvolution(weight, bias: bias)
        return try faster(
            .direct,
            { () throws(TorchError) in
                _ = try Operator("mkldnn::_convolution_pointwise").first(
                    [.tensor(x), .tensor(reordered), .tensor(bias)] + places + Activation.relu.fusedArguments)
            }, or: .winograd, { () throws(TorchError) in _ = try winograd(x, activation: .relu, consuming: nil) })
    }
}
