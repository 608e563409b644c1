internal import Foundation
internal import Synchronization

/// Who multiplies float32 matrices: which is faster depends on the processor, and is found out by trying once a process, or
/// is said by `BRAID_MATRIX_LIBRARY`, `mkl` or `onednn`.
enum MatrixLibrary: String, Sendable {
    /// What `aten::linear` calls.
    case mkl
    case oneDNN = "onednn"

    /// How much faster MKL must be to be chosen. The two round differently: where they are about as fast, a busy moment must
    /// not decide which one a run's figures come from.
    private static let margin = 1.15

    private static let inference = Mutex<MatrixLibrary?>(nil)
    private static let training = Mutex<MatrixLibrary?>(nil)

    /// The faster one at products with reordered weights; measured at the first call, which takes some milliseconds.
    static func fastest() throws(TorchError) -> MatrixLibrary {
        try inference.withLock { known throws(TorchError) in
            if let known { return known }
            if let told = try told() { return told }
            let (x, weight, bias) = try (Tensor.ones([256, 384]), Tensor.ones([1536, 384]), Tensor.ones([1536]))
            let reordered = try Operator("mkldnn::_reorder_linear_weight")(.tensor(weight), .int(256))
            let chosen = try withoutGradient { () throws(TorchError) in
                try race(
                    { () throws(TorchError) in _ = try Operator("linear")(.tensor(x), .tensor(weight), .tensor(bias)) },
                    { () throws(TorchError) in
                        _ = try Operator("mkldnn::_linear_pointwise")(
                            .tensor(x), .tensor(reordered), .tensor(bias), .string("none"), .tensors([]), .string(""))
                    })
            }
            known = chosen
            return chosen
        }
    }

    /// The faster one at a training step's three products: forward, and backward for input and weights.
    static func fastestInTraining() throws(TorchError) -> MatrixLibrary {
        try training.withLock { known throws(TorchError) in
            if let known { return known }
            if let told = try told() { return told }
            let (x, weight, bias) = try (Tensor.ones([1024, 384]), Tensor.ones([768, 384]), Tensor.ones([768]))
            for leaf in [x, weight, bias] { try leaf.setRequiresGradient(true) }
            let chosen = try withGradient { () throws(TorchError) in
                try race(
                    { () throws(TorchError) in
                        try Operator("linear")(.tensor(x), .tensor(weight), .tensor(bias)).sum().backward()
                    },
                    { () throws(TorchError) in try x.linearAsConvolution(weight, bias: bias).sum().backward() })
            }
            known = chosen
            return chosen
        }
    }

    /// What the user says; nil where nothing is said.
    static func told(
        _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(TorchError) -> MatrixLibrary? {
        guard let name = environment["BRAID_MATRIX_LIBRARY"], !name.isEmpty else { return nil }
        guard let library = MatrixLibrary(rawValue: name) else {
            throw TorchError(operation: "BRAID_MATRIX_LIBRARY", message: "is \(name); expected mkl or onednn")
        }
        return library
    }

    /// Both in turn, so that a busy moment meets both; the better of their best times.
    private static func race(
        _ mkl: () throws(TorchError) -> Void, _ oneDNN: () throws(TorchError) -> Void
    ) throws(TorchError) -> MatrixLibrary {
        let clock = ContinuousClock()
        var best = (Duration.seconds(60), Duration.seconds(60))
        for _ in 0..<5 {
            let start = clock.now
            try mkl()
            let middle = clock.now
            try oneDNN()
            best = (min(best.0, middle - start), min(best.1, clock.now - middle))
        }
        return best.0 * margin < best.1 ? .mkl : .oneDNN
    }
}
