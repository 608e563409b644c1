extension Tensor {
    public static func + (left: Tensor, right: Tensor) throws(TorchError) -> Tensor {
        try Operator("add.Tensor")(.tensor(left), .tensor(right))
    }

    public static func - (left: Tensor, right: Tensor) throws(TorchError) -> Tensor {
        try Operator("sub.Tensor")(.tensor(left), .tensor(right))
    }

    /// Element by element, shapes broadcast.
    public static func * (left: Tensor, right: Tensor) throws(TorchError) -> Tensor {
        try Operator("mul.Tensor")(.tensor(left), .tensor(right))
    }

    public static func / (left: Tensor, right: Tensor) throws(TorchError) -> Tensor {
        try Operator("div.Tensor")(.tensor(left), .tensor(right))
    }

    public func adding(_ value: Double) throws(TorchError) -> Tensor {
        try Operator("add.Scalar")(.tensor(self), .double(value))
    }

    public func scaled(by value: Double) throws(TorchError) -> Tensor {
        try Operator("mul.Scalar")(.tensor(self), .double(value))
    }

    /// Whole numbers stay whole.
    public func added(_ value: Int) throws(TorchError) -> Tensor { try Operator("add.Scalar")(.tensor(self), .int(value)) }
    public func multiplied(by value: Int) throws(TorchError) -> Tensor { try Operator("mul.Scalar")(.tensor(self), .int(value)) }

    /// What division by `divisor` leaves, of its sign.
    public func remainder(of divisor: Int) throws(TorchError) -> Tensor {
        try Operator("remainder.Scalar")(.tensor(self), .int(divisor))
    }

    /// The matrix product of the last two dimensions, the others broadcast.
    public func matmul(_ other: Tensor) throws(TorchError) -> Tensor {
        try Operator("matmul")(.tensor(self), .tensor(other))
    }

    public func clamped(atLeast low: Double) throws(TorchError) -> Tensor {
        try Operator("clamp_min")(.tensor(self), .double(low))
    }

    public func exp() throws(TorchError) -> Tensor { try Operator("exp")(.tensor(self)) }

    /// `base` to each element.
    public func powers(of base: Double) throws(TorchError) -> Tensor {
        try Operator("pow.Scalar")(.double(base), .tensor(self))
    }

    /// The smaller of two elements each; shapes broadcast.
    public func minimum(_ other: Tensor) throws(TorchError) -> Tensor {
        try Operator("minimum")(.tensor(self), .tensor(other))
    }

    /// The natural logarithm.
    public func log() throws(TorchError) -> Tensor { try Operator("log")(.tensor(self)) }
    public func log10() throws(TorchError) -> Tensor { try Operator("log10")(.tensor(self)) }
    public func absolute() throws(TorchError) -> Tensor { try Operator("abs")(.tensor(self)) }
    public func power(_ exponent: Double) throws(TorchError) -> Tensor {
        try Operator("pow.Tensor_Scalar")(.tensor(self), .double(exponent))
    }

    public func sum(_ dimensions: [Int]? = nil, keep: Bool = false) throws(TorchError) -> Tensor {
        guard let dimensions else { return try Operator("sum")(.tensor(self)) }
        return try Operator("sum.dim_IntList")(.tensor(self), .ints(dimensions), .bool(keep))
    }

    /// Of 16-bit values in float32.
    public func mean(_ dimensions: [Int]? = nil, keep: Bool = false) throws(TorchError) -> Tensor {
        guard let dimensions else { return try Operator("mean")(.tensor(self)) }
        let wider: Argument = dtype == .bfloat16 || dtype == .float16 ? .dtype(.float32) : .none
        return try Operator("mean.dim")(.tensor(self), .ints(dimensions), .bool(keep), wider)
    }

    /// The standard deviation of all elements, with N - 1.
    public func deviation() throws(TorchError) -> Tensor { try Operator("std")(.tensor(self), .bool(true)) }

    /// The largest value along each of `dimensions`.
    public func maximum(_ dimensions: [Int], keep: Bool = false) throws(TorchError) -> Tensor {
        try Operator("amax")(.tensor(self), .ints(dimensions), .bool(keep))
    }

    /// The index of the largest value along `dimension`, int64.
    public func argmax(_ dimension: Int) throws(TorchError) -> Tensor {
        try Operator("argmax")(.tensor(self), .int(dimension))
    }

    /// The Euclidean norm of all elements.
    public func norm() throws(TorchError) -> Tensor { try Operator("linalg_vector_norm")(.tensor(self)) }

    public func less(than value: Double) throws(TorchError) -> Tensor {
        try Operator("lt.Scalar")(.tensor(self), .double(value))
    }

    /// Bool, true where an element is not `value`.
    public func isDifferent(from value: Double) throws(TorchError) -> Tensor {
        try Operator("ne.Scalar")(.tensor(self), .double(value))
    }

    /// True where both are; bool, shapes broadcast.
    public func and(_ other: Tensor) throws(TorchError) -> Tensor {
        try Operator("logical_and")(.tensor(self), .tensor(other))
    }

    /// Whether any element along `dimension` is true; bool, that dimension kept with size 1.
    public func any(_ dimension: Int) throws(TorchError) -> Tensor {
        try Operator("any.dim")(.tensor(self), .int(dimension), .bool(true))
    }

    /// The solution X of `self` X = `right`, for square matrices.
    public func solve(_ right: Tensor) throws(TorchError) -> Tensor {
        try Operator("linalg_solve")(.tensor(self), .tensor(right), .bool(true))
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

    /// Writes the rows of `source` over those at `indices`, an int64 vector.
    public func copyRowsInPlace(_ indices: Tensor, from source: Tensor) throws(TorchError) {
        _ = try Operator("index_copy_")(.tensor(self), .int(0), .tensor(indices), .tensor(source))
    }

    public func addInPlace(_ other: Tensor) throws(TorchError) {
        _ = try Operator("add_.Tensor")(.tensor(self), .tensor(other))
    }

    public func reluInPlace() throws(TorchError) { _ = try Operator("relu_")(.tensor(self)) }

    public func scaleInPlace(by factor: Tensor) throws(TorchError) {
        _ = try Operator("mul_.Tensor")(.tensor(self), .tensor(factor))
    }
}
