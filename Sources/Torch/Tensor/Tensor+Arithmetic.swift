extension Tensor {
    /// The sum of each two elements; shapes broadcast.
    public static func + (left: Tensor, right: Tensor) throws(TorchError) -> Tensor {
        try Operator("add.Tensor")(.tensor(left), .tensor(right))
    }

    /// The difference of each two elements; shapes broadcast.
    public static func - (left: Tensor, right: Tensor) throws(TorchError) -> Tensor {
        try Operator("sub.Tensor")(.tensor(left), .tensor(right))
    }

    /// The product of each two elements; shapes broadcast. `matmul` is the matrix product.
    public static func * (left: Tensor, right: Tensor) throws(TorchError) -> Tensor {
        try Operator("mul.Tensor")(.tensor(left), .tensor(right))
    }

    /// The quotient of each two elements, never rounded to whole numbers; shapes broadcast.
    public static func / (left: Tensor, right: Tensor) throws(TorchError) -> Tensor {
        try Operator("div.Tensor")(.tensor(left), .tensor(right))
    }

    /// Each element and `value`, added up.
    public func adding(_ value: Double) throws(TorchError) -> Tensor {
        try Operator("add.Scalar")(.tensor(self), .double(value))
    }

    /// Each element times `value`.
    public func scaled(by value: Double) throws(TorchError) -> Tensor {
        try Operator("mul.Scalar")(.tensor(self), .double(value))
    }

    /// Each element and a whole `value`, added up: whole numbers stay whole.
    public func added(_ value: Int) throws(TorchError) -> Tensor { try Operator("add.Scalar")(.tensor(self), .int(value)) }
    /// Each element times a whole `value`: whole numbers stay whole.
    public func multiplied(by value: Int) throws(TorchError) -> Tensor { try Operator("mul.Scalar")(.tensor(self), .int(value)) }

    /// What dividing each element by `divisor` leaves, with the divisor's sign, as `torch.remainder`.
    public func remainder(of divisor: Int) throws(TorchError) -> Tensor {
        try Operator("remainder.Scalar")(.tensor(self), .int(divisor))
    }

    /// The matrix product of the last two dimensions, `[..., N, K]` by `[..., K, M]`, the others broadcast (`torch.matmul`).
    public func matmul(_ other: Tensor) throws(TorchError) -> Tensor {
        try Operator("matmul")(.tensor(self), .tensor(other))
    }

    /// Each element, or `low` where it is less than that.
    public func clamped(atLeast low: Double) throws(TorchError) -> Tensor {
        try Operator("clamp_min")(.tensor(self), .double(low))
    }

    /// The exponential of each element, base e.
    public func exp() throws(TorchError) -> Tensor { try Operator("exp")(.tensor(self)) }

    /// `base` to the power of each element.
    public func powers(of base: Double) throws(TorchError) -> Tensor {
        try Operator("pow.Scalar")(.double(base), .tensor(self))
    }

    /// The larger of each two elements, broadcast.
    public func maximum(_ other: Tensor) throws(TorchError) -> Tensor {
        try Operator("maximum")(.tensor(self), .tensor(other))
    }

    /// The smaller one of each two elements; shapes broadcast.
    public func minimum(_ other: Tensor) throws(TorchError) -> Tensor {
        try Operator("minimum")(.tensor(self), .tensor(other))
    }

    /// The natural logarithm of each element.
    public func log() throws(TorchError) -> Tensor { try Operator("log")(.tensor(self)) }
    /// The decimal logarithm of each element.
    public func log10() throws(TorchError) -> Tensor { try Operator("log10")(.tensor(self)) }
    /// The absolute value of each element.
    public func absolute() throws(TorchError) -> Tensor { try Operator("abs")(.tensor(self)) }
    /// The least whole number that is not below each element.
    public func roundedUp() throws(TorchError) -> Tensor { try Operator("ceil")(.tensor(self)) }
    /// Each element to the power of `exponent`.
    public func power(_ exponent: Double) throws(TorchError) -> Tensor {
        try Operator("pow.Tensor_Scalar")(.tensor(self), .double(exponent))
    }

    /// The sum over `dimensions`, or over all of them where nil: then a scalar, shape `[]`.
    ///
    /// `keep` says whether the dimensions summed over stay, with size 1.
    public func sum(_ dimensions: [Int]? = nil, keep: Bool = false) throws(TorchError) -> Tensor {
        guard let dimensions else { return try Operator("sum")(.tensor(self)) }
        return try Operator("sum.dim_IntList")(.tensor(self), .ints(dimensions), .bool(keep))
    }

    /// The mean over `dimensions`, or over all of them where nil: then a scalar, shape `[]`.
    ///
    /// `keep` says whether the dimensions averaged over stay, with size 1. Over `dimensions`, the mean of 16-bit floating-point
    /// values is float32.
    public func mean(_ dimensions: [Int]? = nil, keep: Bool = false) throws(TorchError) -> Tensor {
        guard let dimensions else { return try Operator("mean")(.tensor(self)) }
        let wider: Argument = dtype == .bfloat16 || dtype == .float16 ? .dtype(.float32) : .none
        return try Operator("mean.dim")(.tensor(self), .ints(dimensions), .bool(keep), wider)
    }

    /// The standard deviation of all elements, with N - 1 in the denominator; a scalar, shape `[]`.
    public func deviation() throws(TorchError) -> Tensor { try Operator("std")(.tensor(self), .bool(true)) }

    /// The middle one of all elements, the lower of two, a scalar (`torch.median`).
    public func median() throws(TorchError) -> Tensor { try Operator("median")(.tensor(self)) }

    /// The largest value over `dimensions`, as `torch.amax`; `keep` says whether those dimensions stay, with size 1.
    public func maximum(_ dimensions: [Int], keep: Bool = false) throws(TorchError) -> Tensor {
        try Operator("amax")(.tensor(self), .ints(dimensions), .bool(keep))
    }

    /// The index of the largest value along `dimension`, int64, with that dimension gone.
    public func argmax(_ dimension: Int) throws(TorchError) -> Tensor {
        try Operator("argmax")(.tensor(self), .int(dimension))
    }

    /// The `count` smallest values along the last dimension, the smallest first, and their int64 indices, both `[..., count]`
    /// (`torch.topk`).
    public func smallest(_ count: Int) throws(TorchError) -> (values: Tensor, indices: Tensor) {
        let results = try Operator("topk")([.tensor(self), .int(count), .int(-1), .bool(false), .bool(true)])
        guard results.count == 2, let values = results[0], let indices = results[1] else {
            throw TorchError(operation: "topk", message: "gave no result")
        }
        return (values, indices)
    }

    /// The Euclidean norm of all elements together; a scalar, shape `[]`.
    public func norm() throws(TorchError) -> Tensor { try Operator("linalg_vector_norm")(.tensor(self)) }

    /// The Euclidean norm over `dimensions`, which stay with size 1; float32, whatever the dtype.
    public func norms(over dimensions: [Int]) throws(TorchError) -> Tensor {
        try Operator("linalg_vector_norm")(.tensor(self), .double(2), .ints(dimensions), .bool(true), .dtype(.float32))
    }

    /// The Euclidean norm of each of the tensors, scalars.
    public static func norms(_ tensors: [Tensor]) throws(TorchError) -> [Tensor] {
        try Operator("_foreach_norm.Scalar")([.tensors(tensors), .int(2)], capacity: tensors.count).compactMap { $0 }
    }

    /// Whether each element is less than `value`; bool, of the same shape.
    public func less(than value: Double) throws(TorchError) -> Tensor {
        try Operator("lt.Scalar")(.tensor(self), .double(value))
    }

    /// Whether each element is another than `value`; bool, of the same shape.
    public func isDifferent(from value: Double) throws(TorchError) -> Tensor {
        try Operator("ne.Scalar")(.tensor(self), .double(value))
    }

    /// Whether both of each two elements are true; bool, shapes broadcast.
    public func and(_ other: Tensor) throws(TorchError) -> Tensor {
        try Operator("logical_and")(.tensor(self), .tensor(other))
    }

    /// Whether any element along `dimension` is true; bool, that dimension kept with size 1.
    public func any(_ dimension: Int) throws(TorchError) -> Tensor {
        try Operator("any.dim")(.tensor(self), .int(dimension), .bool(true))
    }

    /// The sum of each element and those before it along `dimension`.
    public func cumulativeSum(_ dimension: Int) throws(TorchError) -> Tensor {
        try Operator("cumsum")(.tensor(self), .int(dimension))
    }

    /// Each row along the last dimension divided by its Euclidean norm, or by 1e-12 where that is smaller.
    public func normalized() throws(TorchError) -> Tensor {
        let length = try Operator("linalg_vector_norm")(.tensor(self), .double(2), .ints([-1]), .bool(true))
        return try self / length.clamped(atLeast: 1e-12)
    }

    /// `self` where `condition` (bool) holds, `other` elsewhere; shapes broadcast.
    public func `where`(_ condition: Tensor, else other: Tensor) throws(TorchError) -> Tensor {
        try Operator("where.self")(.tensor(condition), .tensor(self), .tensor(other))
    }

    /// Overwrites the values with `source`'s, converted to this dtype and device.
    public func copyInPlace(from source: Tensor) throws(TorchError) {
        _ = try Operator("copy_")(.tensor(self), .tensor(source))
    }

    /// Writes the rows of `source`, `[K, ...]`, over this tensor's own at `indices`, int64 `[K]`.
    public func copyRowsInPlace(_ indices: Tensor, from source: Tensor) throws(TorchError) {
        _ = try Operator("index_copy_")(.tensor(self), .int(0), .tensor(indices), .tensor(source))
    }

    /// A copy whose rows at `indices`, int64 `[K]`, no two the same, are those of `rows`, `[K, ...]`.
    public func replacingRows(_ indices: Tensor, with rows: Tensor) throws(TorchError) -> Tensor {
        try Operator("index_copy")(.tensor(self), .int(0), .tensor(indices), .tensor(rows))
    }

    /// Adds the rows of `source`, `[K, ...]`, to this tensor's own at `indices`, int64 `[K]`.
    public func addRowsInPlace(_ indices: Tensor, _ source: Tensor) throws(TorchError) {
        _ = try Operator("index_add_")(.tensor(self), .int(0), .tensor(indices), .tensor(source))
    }

    /// Adds `other` to this tensor's own elements; its shape must broadcast to this one's.
    public func addInPlace(_ other: Tensor) throws(TorchError) {
        _ = try Operator("add_.Tensor")(.tensor(self), .tensor(other))
    }

    /// Moves this tensor's own elements towards those of `other` by a share of the way, 0 to 1.
    public func lerpInPlace(towards other: Tensor, by share: Double) throws(TorchError) {
        _ = try Operator("lerp_.Scalar")(.tensor(self), .tensor(other), .double(share))
    }

    /// Sets this tensor's own elements to 0 where they are negative.
    public func reluInPlace() throws(TorchError) { _ = try Operator("relu_")(.tensor(self)) }

    /// Puts this tensor's own elements that lie outside of `range` at its nearer end.
    public func clampInPlace(_ range: ClosedRange<Double>) throws(TorchError) {
        _ = try Operator("hardtanh_")(.tensor(self), .double(range.lowerBound), .double(range.upperBound))
    }

    /// Multiplies this tensor's own elements by `factor`, a scalar or a shape that broadcasts to this one's.
    public func scaleInPlace(by factor: Tensor) throws(TorchError) {
        _ = try Operator("mul_.Tensor")(.tensor(self), .tensor(factor))
    }
}
