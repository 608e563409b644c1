internal import Synchronization

/// The inference form of a linear layer: weights reordered once for oneDNN, what follows fused into the product.
///
/// Packed at the first call, so that of weights which another layer folds into its own nothing is packed twice.
final class PackedLinear: Sendable {
    private let layers: [Linear]
    private let precision: Precision
    let pages: [CheckpointPages]
    /// What weights and biases are multiplied by as they are packed.
    private let factors: (weight: Double, bias: Double)
    private let packed = Mutex<Form?>(nil)

    private struct Form {
        /// Reordered for oneDNN; as it was where MKL computes.
        let weight: Tensor
        let bias: Tensor?
        let library: MatrixLibrary
    }

    /// - Parameters:
    ///   - layers: Of the same inputs; their outputs stand behind one another.
    ///   - pages: Where their weights were read from.
    ///   - factors: What weights and biases are multiplied by.
    init(
        _ layers: [Linear], _ precision: Precision, pages: [CheckpointPages] = [], factors: (weight: Double, bias: Double) = (1, 1)
    ) {
        self.layers = layers
        self.factors = factors
        self.precision = precision
        self.pages = pages
    }

    /// One product with these outputs first and `others` behind them.
    func joined(with others: [Linear]) -> PackedLinear {
        PackedLinear(layers + others, precision, pages: pages + others.flatMap { $0.packed?.pages ?? [] })
    }

    /// The same layers with other factors of weights and biases.
    func scaled(weight: Double, bias: Double) -> PackedLinear {
        PackedLinear(layers, precision, pages: pages, factors: (factors.weight * weight, factors.bias * bias))
    }

    /// `activation(x Wᵀ + b)`, or `x Wᵀ + b + addend`: not both. In the dtype of the precision.
    func callAsFunction(
        _ input: Tensor, activation: Activation = .identity, adding addend: Tensor? = nil
    ) throws(TorchError) -> Tensor {
        let input = try input.converted(to: precision.dtype)
        let form = try form(rows: input.count / max(1, input.shape.last ?? 1))
        guard form.library == .oneDNN else {
            let product = try activation(input.linear(form.weight, bias: form.bias))
            return try addend.map { addend throws(TorchError) in try product + addend } ?? product
        }
        if let addend {
            let addend = try addend.converted(to: precision.dtype).contiguous()
            return try Operator("mkldnn::_linear_pointwise.binary")(
                .tensor(input), .tensor(addend), .tensor(form.weight), .optional(form.bias), .string("add"))
        }
        let fused = activation.isFused ? activation : .identity
        let product = try Operator("mkldnn::_linear_pointwise").first(
            [.tensor(input), .tensor(form.weight), .optional(form.bias)] + fused.fusedArguments)
        return activation.isFused ? product : try activation(product)
    }

    private func form(rows: Int) throws(TorchError) -> Form {
        try packed.withLock { packed throws(TorchError) in
            if let packed { return packed }
            let form = try pack(rows)
            packed = form
            return form
        }
    }

    /// The layers' biases behind one another; zeros for a layer that has none beside others that do, as Whisper's keys are.
    private func bias() throws(TorchError) -> Tensor? {
        guard layers.contains(where: { $0.bias != nil }) else { return nil }
        let parts = try layers.map { layer throws(TorchError) -> Tensor in
            if let bias = layer.bias { bias } else { try .zeros([layer.weight.shape[0]]) }
        }
        return try parts.count == 1 ? parts[0] : .concatenate(parts, 0)
    }

    private func pack(_ rows: Int) throws(TorchError) -> Form {
        let isSingle = layers.count == 1
        let weight = try scaled(isSingle ? layers[0].weight : .concatenate(layers.map(\.weight), 0), by: factors.weight)
        let bias = try bias().map { bias throws(TorchError) in try scaled(bias, by: factors.bias) }
        let library = precision.dtype == .float32 ? try MatrixLibrary.fastest() : .oneDNN
        guard library == .oneDNN else { return Form(weight: weight, bias: bias, library: library) }
        let reordered = try Operator("mkldnn::_reorder_linear_weight")(.tensor(weight.contiguous().detached()), .int(rows))
        for place in pages { place.giveBack() }
        return Form(weight: reordered, bias: bias, library: library)
    }

    private func scaled(_ values: Tensor, by factor: Double) throws(TorchError) -> Tensor {
        try (factor == 1 ? values : values.scaled(by: factor)).converted(to: precision.dtype)
    }
}
