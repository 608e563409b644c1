/// A one-dimensional convolution: `[B, in, T]` to `[B, out, T']`. Keys as `torch.nn.Conv1d`.
public struct Conv1d: Sendable {
    /// The kernels, `[out, in, kernel]`.
    public let weight: Tensor
    /// A value for each output channel, `[out]`; nil for a layer without one.
    public let bias: Tensor?
    private let stride: Int
    private let padding: Int

    /// Declares the layer's weights in `scope`, initialised as `torch.nn.Conv1d` does where they are not loaded.
    ///
    /// - Parameters:
    ///   - scope: The layer's place in the model.
    ///   - inputs: The number of input channels.
    ///   - outputs: The number of output channels.
    ///   - kernel: The kernel's length in positions; `stride` and `padding` count positions too.
    ///   - stride: How far the kernel moves from one output to the next.
    ///   - padding: How many zeros stand on each side.
    ///   - bias: Whether the layer has a bias, `[outputs]`.
    /// - Throws: `SafetensorsError`, `CheckpointError` or `TorchError` where a weight cannot be read or made.
    public init(
        _ scope: Scope, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, bias: Bool = true
    ) throws {
        weight = try scope.parameter("weight", [outputs, inputs, kernel], .fanIn(inputs * kernel))
        self.bias = bias ? try scope.parameter("bias", [outputs], .fanIn(inputs * kernel)) : nil
        self.stride = stride
        self.padding = padding
    }

    /// Convolves `[B, in, T]` to `[B, out, T']`, where T' = (T + 2 · padding - kernel) / stride + 1, rounded down.
    public func callAsFunction(_ input: Tensor) throws(TorchError) -> Tensor {
        try input.conv1d(weight, bias: bias, stride: stride, padding: padding)
    }
}

/// A two-dimensional convolution: `[B, in, H, W]` to `[B, out, H', W']`. Keys `weight` and, where asked for, `bias`, as
/// `torch.nn.Conv2d`.
public struct Conv2d: Sendable {
    /// The kernels, `[out, in / groups, kernel, kernel]`.
    public let weight: Tensor
    /// A value for each output channel, `[out]`; nil for a layer without one.
    public let bias: Tensor?
    let stride: Int
    let groups: Int
    private let padding: Padding
    /// Where the store's weights are frozen.
    private(set) var packed: PackedConvolution?
    /// What is learnt beside the kernels; nil where nothing is.
    private let adapter: Adapter?

    /// What is put around the edges before the convolution.
    public enum Padding: Sendable {
        /// This many zeros on each side.
        case zeros(Int)
        /// As many zeros as make the output the input's size over the stride, the odd one behind: TensorFlow's `SAME`.
        case same
        /// Zeros above and left, and zeros below and right: numbers of their own.
        case sides(Int, Int)

        /// Zeros on each side, half the kernel: keeps the size at stride 1 with an odd kernel.
        public static func half(_ kernel: Int) -> Padding { .zeros((kernel - 1) / 2) }
    }

    /// Declares the layer's weights in `scope`; where they are not loaded, they begin by He et al. 2015, and the bias at 0.
    ///
    /// - Parameters:
    ///   - scope: The layer's place in the model.
    ///   - inputs: The number of input channels.
    ///   - outputs: The number of output channels.
    ///   - kernel: The kernel's height and width, in pixels; `stride` counts pixels too.
    ///   - stride: How far the kernel moves from one output to the next.
    ///   - padding: What is put around the edges before the convolution.
    ///   - groups: Into how many groups the channels fall, each convolved by itself. Must divide both numbers of channels.
    ///   - bias: Whether the layer has a bias, `[outputs]`.
    /// - Throws: `SafetensorsError`, `CheckpointError` or `TorchError` where a weight cannot be read or made.
    public init(
        _ scope: Scope, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Padding = .zeros(0),
        groups: Int = 1, bias: Bool = false
    ) throws {
        let fanOut = outputs * kernel * kernel / groups
        let shape = [outputs, inputs / groups, kernel, kernel]
        let kernels = try scope.parameter("weight", shape, .kaimingNormal(fanOut: fanOut))
        let shift = bias ? try scope.parameter("bias", [outputs], .constant(0)) : nil
        (weight, self.bias, adapter) = try scope.adapted(kernels, bias: shift, groups: groups)
        self.stride = stride
        self.padding = padding
        self.groups = groups
        packed = scope.store.inference.map { PackedConvolution(self, $0, pages: scope.pages(of: "weight")) }
    }

    /// Convolves `[B, in, H, W]` to `[B, out, H', W']`, and applies `activation` to that.
    ///
    /// One fused operator where weights are frozen. `mode` acts on an adapter's dropout alone.
    public func callAsFunction(
        _ input: Tensor, activation: Activation = .identity, mode: Mode = .evaluate
    ) throws(TorchError) -> Tensor {
        if let packed { return try packed(input, activation: activation) }
        let (x, count) = try padded(input)
        guard let adapter else { return try activation(convolved(x, weight, bias, padding: count)) }
        let map = try adapter(x, weight: weight, bias: bias, mode: mode) { x, weight, bias throws(TorchError) in
            try convolved(x, weight, bias, padding: count)
        }
        return try activation(map)
    }

    /// The convolution, each channel of its output times `scale` plus `shift`, `[out]` both and constants: folded into the weights.
    ///
    /// nil where that cannot be: where the weights themselves are trained, or what stands beside them does not add to the output.
    func scaled(_ input: Tensor, by scale: Tensor, adding shift: Tensor, mode: Mode) throws(TorchError) -> Tensor? {
        guard !weight.requiresGradient, bias?.requiresGradient != true, adapter?.isSum != false else { return nil }
        let (x, count) = try padded(input)
        let kernels = try weight * scale.reshaped([-1, 1, 1, 1])
        let moved = try bias.map { bias throws(TorchError) in try bias * scale + shift }
        let bias = moved ?? shift
        guard let adapter else { return try convolved(x, kernels, bias, padding: count) }
        return try adapter(x, weight: kernels, bias: bias, scale: scale, mode: mode) { x, weight, bias throws(TorchError) in
            try convolved(x, weight, bias, padding: count)
        }
    }

    /// The convolution of weights that autograd may follow.
    private func convolved(
        _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, padding: Int
    ) throws(TorchError) -> Tensor {
        if WinogradConvolution.suits(self, padding: padding, training: x), try ConvolutionMethod.fastest() == .winograd {
            return try x.winogradConvolution(weight, bias: bias)
        }
        // Twice as fast in bf16. What follows keeps the layout, so that only a network's input is copied.
        let x = x.device == .cpu ? try x.channelsLast() : x
        return try x.conv2d(weight, bias: bias, stride: stride, padding: padding, groups: groups)
    }

    /// The input with what the convolution cannot pad by itself, and the zeros on each side that it can.
    func padded(_ input: Tensor) throws(TorchError) -> (input: Tensor, padding: Int) {
        switch padding {
        case .zeros(let count): return (input, count)
        case .same:
            let (height, width) = (missing(input.shape[2]), missing(input.shape[3]))
            return (try padded(input, [width / 2, width - width / 2, height / 2, height - height / 2]), 0)
        case .sides(let before, let after): return (try padded(input, [before, after, before, after]), 0)
        }
    }

    private func padded(_ input: Tensor, _ edges: [Int]) throws(TorchError) -> Tensor {
        edges == [0, 0, 0, 0] ? input : try input.padded(edges)
    }

    /// What a side of `size` lacks for an output of its size over the stride, rounded up.
    private func missing(_ size: Int) -> Int {
        max(0, ((size + stride - 1) / stride - 1) * stride + weight.shape[2] - size)
    }
}
