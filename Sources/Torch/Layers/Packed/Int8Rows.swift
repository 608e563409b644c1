internal import CTorch

/// Activations in 8 bits: a row is `scale * values + offset`, with two numbers of its own.
struct Int8Rows {
    /// Int8 `[N, D]`.
    let values: Tensor
    /// Float32 `[N, 2]`: scale and offset of each row.
    let rows: Tensor

    /// Quantises `x` `[N, D]`, its columns times `inverse` `[D]`.
    init(_ x: Tensor, times inverse: Tensor) throws(TorchError) {
        let (x, inverse) = (try x.contiguous(), inverse)
        self = try Int8Rows.made("int8 quantize") { ct_int8_quantize(x.handle, inverse.handle, &$0, &$1) }
    }

    private init(adopting values: ct_tensor, _ rows: ct_tensor) {
        (self.values, self.rows) = (Tensor(adopting: values), Tensor(adopting: rows))
    }

    fileprivate static func made(
        _ name: String, _ make: (inout ct_tensor?, inout ct_tensor?) -> Int32
    ) throws(TorchError) -> Int8Rows {
        var values: ct_tensor?
        var rows: ct_tensor?
        guard make(&values, &rows) == 0, let values, let rows else { throw .last(name) }
        return Int8Rows(adopting: values, rows)
    }
}

/// What a product of quantised rows left, which the next step brings to what it stands for while it reads it.
struct Int8Product {
    private let raw: Tensor
    private let rows: Tensor
    private let linear: Int8Linear

    fileprivate init(_ raw: Tensor, _ rows: Tensor, _ linear: Int8Linear) {
        (self.raw, self.rows, self.linear) = (raw, rows, linear)
    }

    /// The activation, quantised.
    func activated(_ activation: Int8Activation) throws(TorchError) -> Int8Rows {
        try Int8Rows.made("int8 activation") { values, rows in
            withProduct { ct_int8_activate($0, activation.rawValue, &values, &rows) }
        }
    }

    /// Self-attention within sequences of these lengths, which lie behind one another, over queries, keys and values side by side; quantised.
    ///
    /// - Parameter bias: `[1, heads, T, T]`, T at least the longest length; added to the scores.
    func attended(_ lengths: [Int], heads: Int, bias: Tensor?) throws(TorchError) -> Int8Rows {
        let counts = lengths.map(Int64.init)
        let bias = try bias?.contiguous()
        return try Int8Rows.made("int8 attention") { values, rows in
            withProduct { ct_int8_attend($0, counts, counts.count, Int64(heads), bias?.handle, &values, &rows) }
        }
    }

    /// The layer norm of this and `residual`, in float32, and quantised for the product behind it, whose `inverse` that is.
    func normalized(
        _ norm: LayerNorm, adding residual: Tensor, times inverse: Tensor?
    ) throws(TorchError) -> (float: Tensor, rows: Int8Rows?) {
        var normalized: ct_tensor?
        let residual = try residual.contiguous()
        let rows = try Int8Rows.made("int8 layer norm") { values, rows in
            withProduct {
                ct_int8_norm(
                    $0, residual.handle, norm.weight.handle, norm.bias.handle, norm.epsilon, inverse?.handle, &normalized, &values,
                    &rows)
            }
        }
        guard let normalized else { throw .last("int8 layer norm") }
        return (Tensor(adopting: normalized), inverse == nil ? nil : rows)
    }

    private func withProduct(_ body: (UnsafePointer<ct_int8_product>) -> Int32) -> Int32 {
        withExtendedLifetime(self) {
            var product = ct_int8_product(
                raw: raw.handle, rows: rows.handle, sums: linear.sums.handle, bias: linear.bias.handle)
            return body(&product)
        }
    }
}

/// The activations that int8 passes know, by their numbers in ctorch.h.
enum Int8Activation: Int32 {
    case identity, relu, gelu, geluTanh, silu

    /// nil where there is none.
    init?(_ activation: Activation) {
        switch activation {
        case .identity: self = .identity
        case .relu: self = .relu
        case .gelu: self = .gelu
        case .geluTanh: self = .geluTanh
        case .silu: self = .silu
        case .relu6, .hardSwish, .tanh: return nil
        }
    }
}

/// The weights of linear layers with the same inputs in 8 bits, a scale for each output, reordered for oneDNN.
struct Int8Linear {
    /// What inputs are multiplied with before they are quantised, `[in]`; nil where they are not.
    let inverse: Tensor?
    let sums: Tensor
    let bias: Tensor
    private let packed: Tensor
    private let scales: Tensor
    private let zeros: Tensor

    /// - Parameters:
    ///   - layers: Their outputs stand behind one another.
    ///   - smoothing: What is known of the inputs (SmoothQuant, arXiv:2211.10438): the largest size that each had, `[in]`, and the power
    ///     of it that inputs are divided by and weights multiplied with, so that no input stands out among the others of its row.
    init(_ layers: [Linear], smoothing: (sizes: Tensor, power: Double)? = nil) throws(TorchError) {
        var weight = try layers.count == 1 ? layers[0].weight : Tensor.concatenate(layers.map(\.weight), 0)
        inverse = try smoothing.map { smoothing throws(TorchError) in
            let columns = try weight.absolute().maximum([0]).clamped(atLeast: 1e-5).power(1 - smoothing.power)
            let factor = try smoothing.sizes.clamped(atLeast: 1e-4).power(smoothing.power) / columns
            weight = try weight * factor
            return try Tensor.ones([weight.shape[1]]) / factor
        }
        scales = try weight.absolute().maximum([1]).clamped(atLeast: 1e-30).scaled(by: 1.0 / 127)
        let whole = try Operator("round")(.tensor(weight / scales.unsqueezed(1)))
        sums = try whole.sum([1]) * scales
        bias =
            try layers[0].bias == nil
            ? Tensor.zeros([weight.shape[0]]) : Tensor.concatenate(layers.compactMap(\.bias), 0).contiguous()
        zeros = try Tensor.zeros([weight.shape[0]], dtype: .int64)
        packed = try Operator("onednn::qlinear_prepack")(
            .tensor(whole.converted(to: .int8).contiguous()), .ints([Self.packedRows, weight.shape[1]]))
        for page in layers.flatMap({ $0.packed?.pages ?? [] }) { page.giveBack() }
    }

    /// How many rows weights are packed for; other numbers are computed with the same order.
    private static let packedRows = 512

    func callAsFunction(_ x: Int8Rows) throws(TorchError) -> Int8Product {
        let raw = try Operator("onednn::qlinear_pointwise")(
            .tensor(x.values), .double(1), .int(0), .tensor(packed), .tensor(scales), .tensor(zeros), .none, .double(1), .int(0),
            .dtype(.float32), .string("none"), .doubles([]), .string(""))
        return Int8Product(raw, x.rows, self)
    }
}
