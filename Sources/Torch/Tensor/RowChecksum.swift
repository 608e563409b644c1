/// Sums over the bits of rows, by which a row is known that has changed where it was kept.
///
/// A sum is that of each element's bits, as a whole number, times an odd number of its own, modulo 2⁶⁴. Bits that flip in one element, and two that flip
/// anywhere, change it, but for two of opposite kinds at places of which there is one pair in 2³².
public enum RowChecksum {
    /// The checksum of each row, over tensors that have as many rows each: `[N, …]`.
    ///
    /// - Throws: `TorchError` where they have not.
    public static func of(_ tensors: [Tensor]) throws(TorchError) -> [Int64] {
        var sum: Tensor?
        for (index, tensor) in tensors.enumerated() {
            let own = try rows(of: tensor)
            // Of an odd number less than an odd one 3 modulo 4 the difference is even once: bits of two tensors do not make up for each other.
            let weighted = index == 0 ? own : try own.multiplied(by: 4 * index + 3)
            sum = try sum.map { (sum) throws(TorchError) in try sum + weighted } ?? weighted
        }
        return try sum?.array(of: Int64.self) ?? []
    }

    private static func rows(of tensor: Tensor) throws(TorchError) -> Tensor {
        let count = tensor.shape.first ?? 1
        let flat = try tensor.contiguous().reshaped([count, tensor.count / max(1, count)])
        let bits = try flat.bitPattern().converted(to: .int64)
        let weights = try Tensor.range(flat.shape[1]).multiplied(by: step).added(start)
        return try (bits * weights).sum([1])
    }

    private static let step = 0x1E37_79B9_7F4A_7C16
    private static let start = 0x7F51_AFD7_ED55_8CCD
}

extension Tensor {
    /// The bits of each element as a whole number of the same size; of whole numbers these themselves. Needs contiguous elements.
    func bitPattern() throws(TorchError) -> Tensor {
        let target: DType
        switch dtype {
        case .float16, .bfloat16: target = .int16
        case .float32: target = .int32
        case .float64: target = .int64
        default: return self
        }
        return try Operator("view.dtype")(.tensor(self), .dtype(target))
    }
}
