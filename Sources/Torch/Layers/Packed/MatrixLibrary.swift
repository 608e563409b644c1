internal import Synchronization

/// Who multiplies float32 matrices; `BRAID_MATRIX_LIBRARY` decides where it is set.
enum MatrixLibrary: String, MeasuredChoice {
    /// What `aten::linear` calls.
    case mkl
    case oneDNN = "onednn"

    static let variable = "BRAID_MATRIX_LIBRARY"

    /// What `RememberedChoices` calls the choice for products with reordered weights, and that for a training's.
    static let inferenceName = variable + "-inference"
    static let trainingName = variable + "-training"

    private static let inference = Mutex<MatrixLibrary?>(nil)
    private static let training = Mutex<MatrixLibrary?>(nil)

    /// The faster one at products with reordered weights; measured at the first call on a machine, which takes some milliseconds.
    static func fastest() throws(TorchError) -> MatrixLibrary {
        try inference.withLock { known throws(TorchError) in
            if let known { return known }
            if let told = try told() { return told }
            if let earlier = RememberedChoices.known(inferenceName, as: Self.self) {
                known = earlier
                return earlier
            }
            let (x, weight, bias) = try (Tensor.ones([256, 384]), Tensor.ones([1536, 384]), Tensor.ones([1536]))
            let reordered = try Operator("mkldnn::_reorder_linear_weight")(.tensor(weight), .int(256))
            let chosen = try withoutGradient { () throws(TorchError) in
                try faster(
                    .oneDNN,
                    { () throws(TorchError) in
                        _ = try Operator("mkldnn::_linear_pointwise")(
                            .tensor(x), .tensor(reordered), .tensor(bias), .string("none"), .tensors([]), .string(""))
                    }, or: .mkl,
                    { () throws(TorchError) in _ = try Operator("linear")(.tensor(x), .tensor(weight), .tensor(bias)) })
            }
            let kept = RememberedChoices.keep(inferenceName, chosen)
            known = kept
            return kept
        }
    }

    /// The faster one at a training step's three products: forward, and backward for input and weights.
    static func fastestInTraining() throws(TorchError) -> MatrixLibrary {
        try training.withLock { known throws(TorchError) in
            if let known { return known }
            if let told = try told() { return told }
            if let earlier = RememberedChoices.known(trainingName, as: Self.self) {
                known = earlier
                return earlier
            }
            let (x, weight, bias) = try (Tensor.ones([1024, 384]), Tensor.ones([768, 384]), Tensor.ones([768]))
            for leaf in [x, weight, bias] { try leaf.setRequiresGradient(true) }
            let chosen = try withGradient { () throws(TorchError) in
                try faster(
                    .oneDNN, { () throws(TorchError) in try x.linearAsConvolution(weight, bias: bias).sum().backward() }, or: .mkl,
                    { () throws(TorchError) in
                        try Operator("linear")(.tensor(x), .tensor(weight), .tensor(bias)).sum().backward()
                    })
            }
            let kept = RememberedChoices.keep(trainingName, chosen)
            known = kept
            return kept
        }
    }

    /// Multiplies with this one from here on, unless the environment names one.
    static func adopt(_ choice: MatrixLibrary) { inference.withLock { $0 = (try? told()) ?? choice } }

    /// The same in training.
    static func adoptInTraining(_ choice: MatrixLibrary) { training.withLock { $0 = (try? told()) ?? choice } }
}
