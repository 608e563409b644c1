/// Whether layers behave as in training (dropout, batch statistics) or as in use. Passed, never stored.
public enum Mode: Sendable {
    /// As in training: elements are dropped, and batches normalised by their own statistics.
    case train
    /// As in use: nothing is dropped, and running statistics normalise.
    case evaluate

    /// Whether layers drop elements and use the batch's own statistics: true for `train` alone.
    public var isTraining: Bool { self == .train }
}

extension Tensor {
    /// The linear map `x Wᵀ + b`: `[..., in]` by a weight `[out, in]` gives `[..., out]`, as `torch.nn.functional.linear`.
    public func linear(_ weight: Tensor, bias: Tensor?) throws(TorchError) -> Tensor {
        try Operator("linear")(.tensor(self), .tensor(weight), .optional(bias))
    }

    /// What `linear` computes, as a 1×1 convolution over all rows at once: oneDNN's products, forward and backward.
    func linearAsConvolution(_ weight: Tensor, bias: Tensor?) throws(TorchError) -> Tensor {
        let (outputs, inputs) = (weight.shape[0], weight.shape[1])
        let rows = try reshaped([1, 1, -1, inputs]).permuted([0, 3, 1, 2])
        let product = try Operator("mkldnn_convolution")(
            .tensor(rows), .tensor(weight.reshaped([outputs, inputs, 1, 1])), .optional(bias), .ints([0, 0]), .ints([1, 1]),
            .ints([1, 1]), .int(1))
        return try product.permuted([0, 2, 3, 1]).reshaped(shape.dropLast() + [outputs])
    }

    /// The convolution of `[B, C, T]` with kernels `[out, C / groups, kernel]`: `[B, out, T']`.
    ///
    /// As `torch.nn.functional.conv1d`; `padding` is the number of zeros on each side.
    public func conv1d(
        _ weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, groups: Int = 1
    ) throws(TorchError) -> Tensor {
        try Operator("conv1d")(
            .tensor(self), .tensor(weight), .optional(bias), .ints([stride]), .ints([padding]), .ints([1]), .int(groups))
    }

    /// The convolution of `[B, C, H, W]` with kernels `[out, C / groups, kernel, kernel]`: `[B, out, H', W']`.
    ///
    /// As `torch.nn.functional.conv2d`, with the same stride both ways; `padding` is the number of zeros on each side.
    public func conv2d(
        _ weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, groups: Int = 1
    ) throws(TorchError) -> Tensor {
        try Operator("conv2d")(
            .tensor(self), .tensor(weight), .optional(bias), .ints([stride, stride]), .ints([padding, padding]),
            .ints([1, 1]), .int(groups))
    }

    /// Normalises over all dimensions but the second, as `torch.nn.functional.batch_norm`.
    ///
    /// Weights and statistics are `[C]`. In training the batch's own statistics are used, and the running ones updated in
    /// place: `momentum` is the share of a batch's statistics in the updated running ones.
    public func batchNorm(
        weight: Tensor?, bias: Tensor?, runningMean: Tensor?, runningVariance: Tensor?, mode: Mode,
        momentum: Double = 0.1, epsilon: Double = 1e-5
    ) throws(TorchError) -> Tensor {
        try Operator("batch_norm")(
            .tensor(self), .optional(weight), .optional(bias), .optional(runningMean), .optional(runningVariance),
            .bool(mode.isTraining), .double(momentum), .double(epsilon), .bool(false))
    }

    /// Normalises `[..., D]` over the last dimension, then scales by `weight` and adds `bias`, both `[D]`.
    public func layerNorm(weight: Tensor, bias: Tensor, epsilon: Double = 1e-5) throws(TorchError) -> Tensor {
        try Operator("layer_norm")(
            .tensor(self), .ints(weight.shape), .tensor(weight), .tensor(bias), .double(epsilon))
    }

    /// Normalises each group of channels of `[B, C, …]` over all its positions, then scales and shifts by `[C]`, as
    /// `torch.nn.functional.group_norm`.
    public func groupNorm(
        groups: Int, weight: Tensor, bias: Tensor, epsilon: Double = 1e-5
    ) throws(TorchError) -> Tensor {
        try Operator("group_norm")(
            .tensor(self), .int(groups), .tensor(weight), .tensor(bias), .double(epsilon), .bool(false))
    }

    /// Normalises over the last dimension to mean 0 and variance 1, with no weights.
    public func standardized(epsilon: Double = 1e-5) throws(TorchError) -> Tensor {
        try Operator("layer_norm")(.tensor(self), .ints([shape.last ?? 1]), .none, .none, .double(epsilon))
    }

    /// The rows of `self` `[vocabulary, D]` at int64 `ids` of any shape `[...]`: `[..., D]`.
    public func embedding(_ ids: Tensor) throws(TorchError) -> Tensor {
        try Operator("embedding")(.tensor(self), .tensor(ids))
    }

    /// GELU of each element, in the exact form, with erf.
    public func gelu() throws(TorchError) -> Tensor { try Operator("gelu")(.tensor(self)) }
    /// The larger one of each element and 0.
    public func relu() throws(TorchError) -> Tensor { try Operator("relu")(.tensor(self)) }
    /// The hyperbolic tangent of each element.
    public func tanh() throws(TorchError) -> Tensor { try Operator("tanh")(.tensor(self)) }
    /// The logistic function of each element, 1 / (1 + exp(-x)).
    public func sigmoid() throws(TorchError) -> Tensor { try Operator("sigmoid")(.tensor(self)) }
    /// The piecewise linear sigmoid of each element, relu6(x + 3) / 6.
    public func hardSigmoid() throws(TorchError) -> Tensor { try Operator("hardsigmoid")(.tensor(self)) }

    /// The softmax along `dimension`: positive values that add up to 1; of the same shape.
    public func softmax(_ dimension: Int = -1) throws(TorchError) -> Tensor {
        try Operator("softmax.int")(.tensor(self), .int(dimension))
    }

    /// The logarithm of the softmax along `dimension`, without its rounding error; of the same shape.
    public func logSoftmax(_ dimension: Int = -1) throws(TorchError) -> Tensor {
        try Operator("log_softmax.int")(.tensor(self), .int(dimension))
    }

    /// The largest value in each square window of `[B, C, H, W]`: `[B, C, H', W']`, as `torch.nn.functional.max_pool2d`.
    ///
    /// - Parameters:
    ///   - kernel: The window's height and width, in pixels.
    ///   - stride: How many pixels lie between the starts of two neighbouring windows.
    ///   - padding: How many pixels stand on each side that are never the largest.
    public func maxPool2d(kernel: Int, stride: Int, padding: Int = 0) throws(TorchError) -> Tensor {
        try Operator("max_pool2d")(
            .tensor(self), .ints([kernel, kernel]), .ints([stride, stride]), .ints([padding, padding]))
    }

    /// The mean of each square window of `[B, C, H, W]`: `[B, C, H', W']`, as `torch.nn.functional.avg_pool2d`.
    ///
    /// - Parameters:
    ///   - kernel: The window's height and width, in pixels.
    ///   - stride: How many pixels lie between the starts of two neighbouring windows.
    public func averagePool2d(kernel: Int, stride: Int) throws(TorchError) -> Tensor {
        try Operator("avg_pool2d")(.tensor(self), .ints([kernel, kernel]), .ints([stride, stride]))
    }

    /// Scaled dot-product attention of queries `self` `[B, H, T, D]` to `keys` and `values` `[B, H, S, D]`: `[B, H, T, D]`.
    ///
    /// As `torch.nn.functional.scaled_dot_product_attention`.
    ///
    /// - Parameters:
    ///   - keys: `[B, H, S, D]`, what queries are multiplied with.
    ///   - values: `[B, H, S, D]`, what is averaged, one a key.
    ///   - mask: Broadcast to `[B, H, T, S]`. Bool: true where a query may attend. Else: added to the products before the
    ///     softmax.
    ///   - dropout: The probability that a weight of the attention is dropped; 0 in use.
    public func attention(
        keys: Tensor, values: Tensor, mask: Tensor?, dropout: Double = 0
    ) throws(TorchError) -> Tensor {
        if dropout > 0, device == .cpu, try Self.leavesSomething(mask) {
            return try plainAttention(keys: keys, values: values, mask: mask, dropout: dropout)
        }
        return try Operator("scaled_dot_product_attention")(
            .tensor(self), .tensor(keys), .tensor(values), .optional(mask), .double(dropout))
    }

    /// Whether every query may attend something; false where it is not known.
    private static func leavesSomething(_ mask: Tensor?) throws(TorchError) -> Bool {
        guard let mask else { return true }
        guard mask.dtype == .bool else { return false }
        let rows = try mask.converted(to: .int64).maximum([-1])
        return try rows.sum().item() == Double(rows.count)
    }

    /// `attention` with dropout, operator by operator, where every query may attend something.
    ///
    /// libtorch has no fused kernel for it on the CPU, and looks after rows that attend nothing in three more passes over all pairs.
    func plainAttention(keys: Tensor, values: Tensor, mask: Tensor?, dropout: Double) throws(TorchError) -> Tensor {
        let scale = 1 / Double(max(1, shape.last ?? 1)).squareRoot()
        let products = try scaled(by: scale).matmul(keys.transposed(-2, -1))
        if let mask { try products.addInPlace(Tensor.full([], 0).where(mask, else: .full([], -.infinity))) }
        return try products.softmax().dropout(dropout, mode: .train).matmul(values)
    }

    /// The spectrogram of `[B, N]` as `[B, frames, fft / 2 + 1]`: the spectrum's magnitude to `power`.
    ///
    /// - Parameters:
    ///   - fft: The length of the transform, in samples.
    ///   - hop: How many samples lie between the starts of two neighbouring frames.
    ///   - window: What each frame is multiplied by, `[length]`, not longer than `fft`.
    ///   - power: 1 for magnitudes, 2 for their squares.
    ///   - isCentered: Frames are centred on multiples of the hop, edges reflected, the window centred in the transform; else
    ///     frames of the window's length start with the first sample, zeros behind them up to the transform's.
    public func spectrogram(
        fft: Int, hop: Int, window: Tensor, power: Int, isCentered: Bool
    ) throws(TorchError) -> Tensor {
        let spectrum: Tensor
        if isCentered {
            let complex = try Operator("stft.center")(
                .tensor(self), .int(fft), .int(hop), .int(window.count), .tensor(window), .bool(true), .string("reflect"),
                .bool(false), .bool(true), .bool(true))
            spectrum = try complex.transposed(1, 2)
        } else {
            spectrum = try Operator("fft_rfft")(.tensor(frames(of: window.count, hop: hop) * window), .int(fft), .int(-1), .none)
        }
        let squares = try Operator("view_as_real")(.tensor(spectrum)).power(2).sum([-1])
        return power == 2 ? squares : try squares.power(0.5)
    }

    /// The stretches of `length` that lie within `[…, N]`, `hop` apart: `[…, frames, length]`.
    public func frames(of length: Int, hop: Int) throws(TorchError) -> Tensor {
        try Operator("unfold")(.tensor(self), .int(-1), .int(length), .int(hop))
    }

    /// The power spectrum of `[…, length]`, zeros behind it up to `fft`: `[…, fft / 2 + 1]`.
    public func powerSpectrum(fft: Int) throws(TorchError) -> Tensor {
        let spectrum = try Operator("fft_rfft")(.tensor(self), .int(fft), .int(-1), .none)
        return try Operator("view_as_real")(.tensor(spectrum)).power(2).sum([-1])
    }

    /// Resizes uint8 or float `[B, C, H, W]` to `[B, C, height, width]`, as Pillow does it: antialiased, but for `nearest`.
    public func resized(height: Int, width: Int, interpolation: Interpolation) throws(TorchError) -> Tensor {
        switch interpolation {
        case .bilinear:
            try Operator("_upsample_bilinear2d_aa")(.tensor(self), .ints([height, width]), .bool(false), .none, .none)
        case .bicubic:
            try Operator("_upsample_bicubic2d_aa")(.tensor(self), .ints([height, width]), .bool(false), .none, .none)
        case .nearest:
            try self.selected(2, Self.nearest(shape[2], height)).selected(3, Self.nearest(shape[3], width))
        }
    }

    /// Resamples float `[B, C, H, W]` to `[B, C, height, width]`, each value of its sixteen nearest: `torch.nn.functional.interpolate` with
    /// `mode="bicubic"`, not antialiased.
    ///
    /// - Parameters:
    ///   - height: The new H.
    ///   - width: The new W.
    ///   - alignsCorners: Whether the first and last values keep their places, as with `align_corners=True`.
    public func bicubic(height: Int, width: Int, alignsCorners: Bool = false) throws(TorchError) -> Tensor {
        try Operator("upsample_bicubic2d")(.tensor(self), .ints([height, width]), .bool(alignsCorners), .none, .none)
    }

    /// Which of `count` places each of `target` takes. Pillow adds up steps, and so does this: rounding and all.
    private static func nearest(_ count: Int, _ target: Int) throws(TorchError) -> Tensor {
        let step = Double(count) / Double(target)
        var place = step * 0.5
        var places: [Int64] = []
        for _ in 0..<target {
            places.append(Int64(min(Int(place), count - 1)))
            place += step
        }
        return try Tensor(places, shape: [target])
    }

    /// The filters that `resized` can use.
    public enum Interpolation: String, Sendable, CaseIterable {
        /// Takes the nearest pixel, without any averaging.
        case nearest
        /// A triangle filter, as wide as the scale asks for.
        case bilinear
        /// A cubic filter, as wide as the scale asks for.
        case bicubic
    }
}
