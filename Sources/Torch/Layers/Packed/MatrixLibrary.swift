/// Who multiplies float32 matrices; `BRAID_MATRIX_LIBRARY` decides where it is set.
enum MatrixLibrary: String, MeasuredChoice {
    /// What `aten::linear` calls.
    case mkl
    case oneDNN = "onednn"

    static let variable = "BRAID_MATRIX_LIBRARY"

    /// The faster one at products with reordered weights.
    static let fastest = RememberedChoice<MatrixLibrary>(variable + "-inference") { () throws(TorchError) in
        let (x, weight, bias) = try (Tensor.ones([256, 384]), Tensor.ones([1536, 384]), Tensor.ones([1536]))
        let reordered = try Operator("mkldnn::_reorder_linear_weight")(.tensor(weight), .int(256))
        return try withoutGradient { () throws(TorchError) in
            try faster(
                .oneDNN,
                { () throws(TorchError) in
                    _ = try Operator("mkldnn::_linear_pointwise")(
                        .tensor(x), .tensor(reordered), .tensor(bias), .string("none"), .tensors([]), .string(""))
                }, or: .mkl,
                { () throws(TorchError) in _ = try Operator("linear")(.tensor(x), .tensor(weight), .tensor(bias)) })
        }
    }

    /// The faster one at a training step's three products: forward, and backward for input and weights.
    static let fastestInTraining = RememberedChoice<MatrixLibrary>(variable + "-training") { () throws(TorchError) in
        let (x, weight, bias) = try (Tensor.ones([1024, 384]), Tensor.ones([768, 384]), Tensor.ones([768]))
        for leaf in [x, weight, bias] { try leaf.setRequiresGradient(true) }
        return try withGradient { () throws(TorchError) in
            try faster(
                .oneDNN, { () throws(TorchError) in try x.linearAsConvolution(weight, bias: bias).sum().backward() }, or: .mkl,
                { () throws(TorchError) in
                    try Operator("linear")(.tensor(x), .tensor(weight), .tensor(bias)).sum().backward()
                })
        }
    }
}
