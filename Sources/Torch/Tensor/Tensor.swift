internal import CTorch

/// A multi-dimensional array that libtorch owns; the unit every layer takes and gives.
///
/// A reference: operators give new tensors, and only those whose name ends in `InPlace` change one. libtorch counts references
/// atomically and its operators do not write what they read, so sharing one between threads is safe as long as none of them
/// writes in place.
///
/// Operators throw `TorchError` where shapes, dtypes or devices do not fit each other. Dimensions count from 0, or backwards
/// from -1, the last.
public final class Tensor: @unchecked Sendable {
    let handle: ct_tensor
    /// The size of each dimension; `[]` for a scalar.
    public let shape: [Int]
    /// The type of the elements.
    public let dtype: DType

    /// Takes over a new reference.
    init(adopting handle: ct_tensor) {
        self.handle = handle
        var info = ct_info()
        // Neither fails for a defined tensor; were it to, the empty shape would make the next operator refuse it.
        _ = ct_describe(handle, &info)
        let dimensions = Int(info.dimensions)
        shape = [Int](filled: dimensions) { sizes in
            sizes.withMemoryRebound(to: Int64.self) { _ = ct_sizes(handle, $0.baseAddress, dimensions) }
            return dimensions
        }
        dtype = DType(rawValue: info.dtype) ?? .unknown
    }

    deinit { ct_release(handle) }

    /// The number of elements: the product of the sizes, 1 for a scalar.
    public var count: Int { shape.reduce(1, *) }

    private var info: ct_info {
        var info = ct_info()
        _ = ct_describe(handle, &info)
        return info
    }

    /// The device whose memory holds the elements.
    public var device: Device {
        let info = info
        return info.on_cpu ? .cpu : .cuda(Int(max(info.device_index, 0)))
    }

    /// Whether operators on this tensor are recorded for `backward`.
    public var requiresGradient: Bool { info.requires_grad }
}

// MARK: - Making

extension Tensor {
    /// Copies `elements`, row-major, to a tensor on the CPU.
    ///
    /// - Throws: `TorchError` where their number is not that of `shape`.
    public convenience init<Element: TensorElement>(_ elements: [Element], shape: [Int]) throws(TorchError) {
        self.init(adopting: try Self.handle(copying: elements, dtype: Element.dtype, shape: shape))
    }

    private static func handle<Element>(copying elements: [Element], dtype: DType, shape: [Int]) throws(TorchError) -> ct_tensor {
        var result: ct_tensor?
        let sizes = shape.map(Int64.init)
        let status = elements.withUnsafeBytes { bytes in
            ct_from_bytes(bytes.baseAddress, bytes.count, dtype.rawValue, sizes, sizes.count, &result)
        }
        guard status == 0, let result else { throw .last("tensor from array", arguments: ["shape \(shape)"]) }
        return result
    }

    /// Makes a view of memory that `owner` keeps alive; nothing is copied. The memory must not change while the tensor lives.
    ///
    /// - Parameters:
    ///   - bytes: The elements, row-major without gaps.
    ///   - dtype: The type of the elements.
    ///   - shape: The size of each dimension; empty for a scalar.
    ///   - owner: Held until the last tensor that uses the memory is gone.
    /// - Throws: `TorchError` where the bytes are not as many as dtype and shape say.
    public convenience init(
        viewing bytes: UnsafeRawBufferPointer, dtype: DType, shape: [Int], owner: AnyObject
    ) throws(TorchError) {
        var result: ct_tensor?
        let sizes = shape.map(Int64.init)
        let context = Unmanaged.passRetained(owner)
        let status = ct_from_memory(
            bytes.baseAddress, bytes.count, dtype.rawValue, sizes, sizes.count,
            { $0.map { Unmanaged<AnyObject>.fromOpaque($0).release() } }, context.toOpaque(), &result)
        guard status == 0, let result else {
            context.release()
            throw .last("tensor from memory", arguments: ["shape \(shape)"])
        }
        self.init(adopting: result)
    }

    /// A tensor on the CPU that is 0 everywhere, as `torch.zeros`.
    public static func zeros(_ shape: [Int], dtype: DType = .float32) throws(TorchError) -> Tensor {
        try full(shape, 0, dtype: dtype)
    }

    /// A tensor on the CPU that is 1 everywhere, as `torch.ones`.
    public static func ones(_ shape: [Int], dtype: DType = .float32) throws(TorchError) -> Tensor {
        try full(shape, 1, dtype: dtype)
    }

    /// A tensor on the CPU that is `value` everywhere, as `torch.full`; of shape `[]` a scalar.
    public static func full(_ shape: [Int], _ value: Double, dtype: DType = .float32) throws(TorchError) -> Tensor {
        try Operator("full")(.ints(shape), .double(value), .dtype(dtype))
    }

    /// The identity matrix: float64 ones on the diagonal, zeros elsewhere, `[count, count]`.
    public static func identity(_ count: Int) throws(TorchError) -> Tensor {
        try Operator("eye")(.int(count), .dtype(.float64))
    }

    /// The `count` float32 values from `first` through `last` at even steps, both ends among them, `[count]`
    /// (`torch.linspace`).
    public static func linear(from first: Double, through last: Double, count: Int) throws(TorchError) -> Tensor {
        try Operator("linspace")(.double(first), .double(last), .int(count))
    }

    /// The Hann window of `count` float32 values, `[count]` (`torch.hann_window`): periodic, or the same from both ends.
    public static func hannWindow(_ count: Int, isPeriodic: Bool) throws(TorchError) -> Tensor {
        try Operator("hann_window.periodic")(.int(count), .bool(isPeriodic))
    }

    /// The numbers `0 ..< count` as int64, `[count]` (`torch.arange`).
    public static func range(_ count: Int) throws(TorchError) -> Tensor {
        try Operator("arange")(.int(count), .dtype(.int64))
    }
}

// MARK: - Reading

extension Tensor {
    /// The values in row-major order, copied to the CPU wherever the tensor lies.
    ///
    /// - Throws: `TorchError` where the tensor's dtype is not the element's.
    public func array<Element: TensorElement>(of type: Element.Type = Float.self) throws(TorchError) -> [Element] {
        guard dtype == Element.dtype else {
            throw TorchError(operation: "array", message: "the tensor holds \(dtype), not \(Element.dtype)")
        }
        var status: Int32 = 0
        let values = [Element](filled: count) { buffer in
            status = ct_copy_out(handle, buffer.baseAddress, count * MemoryLayout<Element>.stride)
            return status == 0 ? count : 0
        }
        guard status == 0 else { throw .last("array") }
        return values
    }

    /// The one value of a tensor with one element.
    ///
    /// - Throws: `TorchError` where there are more elements, or none.
    public func item() throws(TorchError) -> Double {
        let values = try converted(to: .float64).array(of: Double.self)
        guard let value = values.first, values.count == 1 else {
            throw TorchError(operation: "item", message: "the tensor has \(count) elements, not 1")
        }
        return value
    }

    /// The raw bytes of the elements, row-major, copied to the CPU wherever the tensor lies.
    public func bytes() throws(TorchError) -> [UInt8] {
        let size = count * dtype.size
        var status: Int32 = 0
        let values = [UInt8](filled: size) { buffer in
            status = ct_copy_out(handle, buffer.baseAddress, size)
            return status == 0 ? size : 0
        }
        guard status == 0 else { throw .last("bytes") }
        return values
    }
}

extension Array {
    /// An array that `body` fills; it gives how many elements it has written.
    ///
    /// Of no elements the standard library writes a count of 0 to the one empty array that all threads share: nothing changes, but it is a race.
    @inline(__always)
    fileprivate init(filled count: Int, _ body: (UnsafeMutableBufferPointer<Element>) -> Int) {
        guard count > 0 else {
            self = []
            return
        }
        self.init(unsafeUninitializedCapacity: count) { buffer, written in written = body(buffer) }
    }
}
