/// Whether layers behave as in training (dropout, batch statistics) or as in use. Passed, never stored.
public enum Mode: Sendable {
    case train
    case evaluate

    public var isTraining: Bool { self == .train }
}

extension Tensor {
    /// `x Wᵀ + b`: `[..., in]` by `[out, in]`.
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

    /// `[B, C, T]` by `[out, C / groups, kernel]`.
    public func conv1d(
        _ weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, groups: Int = 1
    ) throws(TorchError) -> Tensor {
        try Operator("conv1d")(
            .tensor(self), .tensor(weight), .optional(bias), .ints([stride]), .ints([padding]), .ints([1]), .int(groups))
    }

    /// `[B, C, H, W]` by `[out, C / groups, kernel, kernel]`.
    public func conv2d(
        _ weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, groups: Int = 1
    ) throws(TorchError) -> Tensor {
        try Operator("conv2d")(
            .tensor(self), .tensor(weight), .optional(bias), .ints([stride, stride]), .ints([padding, padding]),
            .ints([1, 1]), .int(groups))
    }

    /// Normalises over all dimensions but the second. In training the running statistics are updated in place.
    public func batchNorm(
        weight: Tensor?, bias: Tensor?, runningMean: Tensor?, runningVariance: Tensor?, mode: Mode,
        momentum: Double = 0.1, epsilon: Double = 1e-5
    ) throws(TorchError) -> Tensor {
        try Operator("batch_norm")(
            .tensor(self), .optional(weight), .optional(bias), .optional(runningMean), .optional(runningVariance),
            .bool(mode.isTraining), .double(momentum), .double(epsilon), .bool(false))
    }

    /// Normalises over the last dimension.
    public func layerNorm(weight: Tensor, bias: Tensor, epsilon: Double = 1e-5) throws(TorchError) -> Tensor {
        try Operator("layer_norm")(
            .tensor(self), .ints(weight.shape), .tensor(weight), .tensor(bias), .double(epsilon))
    }

    /// Normalises over the last dimension, with no weights.
    public func standardized(epsilon: Double = 1e-5) throws(TorchError) -> Tensor {
        try Operator("layer_norm")(.tensor(self), .ints([shape.last ?? 1]), .none, .none, .double(epsilon))
    }

    /// The rows of `self` (`[vocabulary, D]`) at int64 `ids` of any shape.
    public func embedding(_ ids: Tensor) throws(TorchError) -> Tensor {
        try Operator("embedding")(.tensor(self), .tensor(ids))
    }

    public func dropout(_ probability: Double, mode: Mode) throws(TorchError) -> Tensor {
        guard mode.isTraining, probability > 0 else { return self }
        return try Operator("dropout")(.tensor(self), .double(probability), .bool(true))
    }

    /// The exact form, with erf.
    public func gelu() throws(TorchError) -> Tensor { try Operator("gelu")(.tensor(self)) }
    public func relu() throws(TorchError) -> Tensor { try Operator("relu")(.tensor(self)) }
    public func tanh() throws(TorchError) -> Tensor { try Operator("tanh")(.tensor(self)) }
    public func sigmoid() throws(TorchError) -> Tensor { try Operator("sigmoid")(.tensor(self)) }
    /// relu6(x + 3) / 6.
    public func hardSigmoid() throws(TorchError) -> Tensor { try Operator("hardsigmoid")(.tensor(self)) }

    public func softmax(_ dimension: Int = -1) throws(TorchError) -> Tensor {
        try Operator("softmax.int")(.tensor(self), .int(dimension))
    }

    public func logSoftmax(_ dimension: Int = -1) throws(TorchError) -> Tensor {
        try Operator("log_softmax.int")(.tensor(self), .int(dimension))
    }

    public func maxPool2d(kernel: Int, stride: Int, padding: Int = 0) throws(TorchError) -> Tensor {
        try Operator("max_pool2d")(
            .tensor(self), .ints([kernel, kernel]), .ints([stride, stride]), .ints([padding, padding]))
    }

    public func averagePool2d(kernel: Int, stride: Int) throws(TorchError) -> Tensor {
        try Operator("avg_pool2d")(.tensor(self), .ints([kernel, kernel]), .ints([stride, stride]))
    }

    /// Scaled dot-product attention of queries `self` `[B, H, T, D]`. `mask` (bool, broadcast to `[B, H, T, S]`) is true
    /// where a query may attend.
    public func attention(
        keys: Tensor, values: Tensor, mask: Tensor?, dropout: Double = 0
    ) throws(TorchError) -> Tensor {
        try Operator("scaled_dot_product_attention")(
            .tensor(self), .tensor(keys), .tensor(values), .optional(mask), .double(dropout))
    }

    /// The spectrogram of `[B, N]` as `[B, frames, fft / 2 + 1]`: the spectrum's magnitude to `power`.
    ///
    /// - Parameter isCentered: Frames are centred on multiples of the hop, edges reflected, the window centred in the
    ///   transform; else frames of the window's length start with the first sample, zeros behind them up to the transform's.
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
            let frames = try Operator("unfold")(.tensor(self), .int(-1), .int(window.count), .int(hop))
            spectrum = try Operator("fft_rfft")(.tensor(frames * window), .int(fft), .int(-1), .none)
        }
        let squares = try Operator("view_as_real")(.tensor(spectrum)).power(2).sum([-1])
        return power == 2 ? squares : try squares.power(0.5)
    }

    /// Antialiased resize of uint8 or float `[B, C, H, W]`, as Pillow does it.
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

    /// The filters of `resized`.
    public enum Interpolation: String, Sendable, CaseIterable {
        case nearest
        case bilinear
        case bicubic
    }
}
