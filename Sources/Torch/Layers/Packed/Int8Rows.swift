/// Activations in 8 bits: a row is `scale * values + offset`, with two numbers of its own.
struct Int8Rows {
    /// Int8 `[N, D]`.
    let values: Tensor
    /// Float32 `[N, 2]`: scale and offset of each row.
    let rows: Tensor

    /// Quantises `x` `[N, D]`, its columns times `inverse` `[D]`.
    init(_ x: Tensor, times inverse: Tensor) throws(TorchError) {
        self = try Int8Rows(of: Operator("braid::int8_quantize")([.tensor(x.contiguous()), .tensor(inverse)]))
    }

    /// Takes an operator's last two results.
    fileprivate init(of results: [Tensor?]) throws(TorchError) {
        let made = results.suffix(2).compactMap { $0 }
        guard made.count == 2 else { throw TorchError(operation: "int8", message: "gave no rows") }
        (values, rows) = (made[0], made[1])
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

    private var arguments: [Argument] { [.tensor(raw), .tensor(rows), .tensor(linear.sums), .tensor(linear.bias)] }

    /// The activation, quantised.
    func activated(_ activation: Int8Activation) throws(TorchError) -> Int8Rows {
        try Int8Rows(of: Operator("braid::int8_activate")(arguments + [.int(activation.rawValue)]))
    }

    /// Self-attention within sequences of these lengths, which lie behind one another, over queries, keys and values side by side; quantised.
    ///
    /// - Parameter bias: `[1, heads, T, T]`, T at least the longest length; added to the scores.
    func attended(_ lengths: [Int], heads: Int, bias: Tensor?) throws(TorchError) -> Int8Rows {
        try Int8Rows(of: Operator("braid::int8_attend")(arguments + [.ints(lengths), .int(heads), .optional(bias?.contiguous())]))
    }

    /// The layer norm of this and `residual`, in float32, and quantised for the product behind it, whose `inverse` that is.
    func normalized(
        _ norm: LayerNorm, adding residual: Tensor, times inverse: Tensor?
    ) throws(TorchError) -> (float: Tensor, rows: Int8Rows?) {
        let results = try Operator("braid::int8_norm")(
            arguments + [
                .tensor(residual.contiguous()), .tensor(norm.weight), .tensor(norm.bias), .double(norm.epsilon), .optional(inverse),
            ])
        guard let normalized = results.first ?? nil else {
            throw TorchError(operation: "int8 layer norm", message: "gave no result")
        }
        return (normalized, inverse == nil ? nil : try Int8Rows(of: results))
    }
}

/// The activations that int8 passes know, by their numbers in int8_rows.h.
enum Int8Activation: Int {
    case identity, relu, gelu, geluTanh, silu

    /// nil where there is none.
    init?(_ activation: Activation) {
        switch activation {
        case .identity: self = .identity
        case .relu: self = .relu
        case .gelu: self = .gelu
        case .geluTanh: self = .geluTanh
        case .silu: self = .silu
        case .relu6, .quickGelu, .hardSwish, .tanh: return nil
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
