extension Tensor {
    /// The solution X of `self` X = `right`, for square matrices `[..., N, N]` (`torch.linalg.solve`).
    public func solve(_ right: Tensor) throws(TorchError) -> Tensor {
        try Operator("linalg_solve")(.tensor(self), .tensor(right), .bool(true))
    }

    /// Orthonormal columns that span those of `self`, `[N, K]`, K not above N (Q of `torch.linalg.qr`).
    public func orthonormalColumns() throws(TorchError) -> Tensor {
        let results = try Operator("linalg_qr")([.tensor(self), .string("reduced")])
        guard let columns = results.first ?? nil else { throw TorchError(operation: "linalg_qr", message: "gave no result") }
        return columns
    }

    /// The eigenvalues of a symmetric matrix `[N, N]`, smallest first, `[N]`, and its eigenvectors as columns, `[N, N]`
    /// (`torch.linalg.eigh`; only the lower triangle is read).
    public func symmetricEigen() throws(TorchError) -> (values: Tensor, vectors: Tensor) {
        let results = try Operator("linalg_eigh")([.tensor(self), .string("L")])
        guard results.count == 2, let values = results[0], let vectors = results[1] else {
            throw TorchError(operation: "linalg_eigh", message: "gave no result")
        }
        return (values, vectors)
    }
}
