internal import Torch

/// One row of a network's table: how its block is made (Sandler et al. 2018, arXiv:1801.04381).
struct InvertedResidualShape {
    var kernel: Int
    var stride: Int
    /// Width between the pointwise convolutions; nil in a depthwise-separable block, which has but one of them.
    var expanded: Int?
    var inputs: Int
    var outputs: Int
    /// Width inside squeeze-and-excitation; nil without one.
    var squeezed: Int?
    var activation: Activation
    /// The padding of the depthwise convolution; nil where it is the same in the whole network.
    var padding: Conv2d.Padding?
}

/// What all blocks of one network share.
struct MobileStyle {
    var epsilon = 1e-5
    /// TensorFlow's padding, as weights that were trained there want it.
    var isTensorFlow = false
    /// The activation in front of the second convolution of squeeze-and-excitation; `hasHardGate` is about what stands behind it.
    var squeezeActivation = Activation.silu
    var hasHardGate = false

    func padding(_ kernel: Int) -> Conv2d.Padding { isTensorFlow ? .same : .half(kernel) }
}

/// Expand, filter each channel, weigh the channels, project; a shortcut where input and output have the same shape.
struct InvertedResidual {
    private let expand: ConvNorm?
    private let depthwise: ConvNorm
    private let squeeze: SqueezeExcitation?
    private let project: ConvNorm
    private let activation: Activation
    private let hasShortcut: Bool

    init(_ scope: Scope, _ shape: InvertedResidualShape, _ style: MobileStyle) throws {
        let width = shape.expanded ?? shape.inputs
        var names = ["bn1", "bn2", "bn3"][...]
        func norm(_ width: Int) throws -> BatchNorm { try BatchNorm(scope / names.removeFirst(), width, epsilon: style.epsilon) }
        expand = try shape.expanded.map { width in
            ConvNorm(try Conv2d(scope / "conv_pw", shape.inputs, width, kernel: 1), try norm(width))
        }
        let conv = try Conv2d(
            scope / "conv_dw", width, width, kernel: shape.kernel, stride: shape.stride,
            padding: shape.padding ?? style.padding(shape.kernel),
            groups: width)
        depthwise = ConvNorm(conv, try norm(width))
        squeeze = try shape.squeezed.map { try SqueezeExcitation(scope / "se", width, squeezed: $0, style) }
        let name = shape.expanded == nil ? "conv_pw" : "conv_pwl"
        project = ConvNorm(try Conv2d(scope / name, width, shape.outputs, kernel: 1), try norm(shape.outputs))
        activation = shape.activation
        hasShortcut = shape.stride == 1 && shape.inputs == shape.outputs
    }

    func callAsFunction(_ input: Tensor, mode: Mode) throws -> Tensor {
        var x = input
        if let expand { x = try expand(x, activation: activation, mode: mode) }
        x = try depthwise(x, activation: activation, mode: mode)
        if let squeeze { x = try squeeze(x, mode: mode) }
        return try project(x, consuming: hasShortcut ? input : nil, mode: mode)
    }
}

/// Squeeze-and-excitation (Hu et al. 2018, arXiv:1709.01507): channels weighed by what the whole picture holds.
private struct SqueezeExcitation {
    private let reduce: Conv2d
    private let expand: Conv2d
    private let activation: Activation
    private let hasHardGate: Bool

    init(_ scope: Scope, _ width: Int, squeezed: Int, _ style: MobileStyle) throws {
        reduce = try Conv2d(scope / "conv_reduce", width, squeezed, kernel: 1, bias: true)
        expand = try Conv2d(scope / "conv_expand", squeezed, width, kernel: 1, bias: true)
        activation = style.squeezeActivation
        hasHardGate = style.hasHardGate
    }

    func callAsFunction(_ input: Tensor, mode: Mode) throws(TorchError) -> Tensor {
        let weights = try expand(reduce(input.mean([2, 3], keep: true), activation: activation, mode: mode), mode: mode)
        return try input * (hasHardGate ? weights.hardSigmoid() : weights.sigmoid())
    }
}

/// The nearest multiple of 8 that is not more than a tenth below `width`: how widths of these networks are scaled.
func roundedWidth(_ width: Double) -> Int {
    let rounded = max(8, Int(width + 4) / 8 * 8)
    return Double(rounded) < 0.9 * width ? rounded + 8 : rounded
}
