/// The element type of a tensor. Raw values are libtorch's `ScalarType`.
public enum DType: Int32, Sendable, CaseIterable {
    /// Unsigned 8-bit whole numbers: pixels and raw bytes.
    case uint8 = 0
    /// Signed 8-bit whole numbers.
    case int8 = 1
    /// Signed 16-bit whole numbers.
    case int16 = 2
    /// Signed 32-bit whole numbers.
    case int32 = 3
    /// Signed 64-bit whole numbers: ids, classes and indices.
    case int64 = 4
    /// IEEE half precision: 16 bits, 5 of them for the exponent.
    case float16 = 5
    /// IEEE single precision: what weights and activations have where nothing else is asked for.
    case float32 = 6
    /// IEEE double precision.
    case float64 = 7
    /// Truth values, a byte each: masks.
    case bool = 11
    /// 16-bit floating point with float32's exponent, so its range, and 8 significant bits.
    case bfloat16 = 15

    /// Pairs of float32: what a Fourier transform gives. Nothing here reads their values.
    case complex64 = 9
    /// Pairs of float64. Nothing here reads their values.
    case complex128 = 10
    /// A type of libtorch that nothing here knows.
    case unknown = -1

    /// Whether elements are real numbers, of whatever precision.
    public var isFloatingPoint: Bool { self == .float16 || self == .float32 || self == .float64 || self == .bfloat16 }

    /// How many bytes an element takes; 0 of an unknown type.
    public var size: Int {
        switch self {
        case .uint8, .int8, .bool: 1
        case .int16, .float16, .bfloat16: 2
        case .int32, .float32: 4
        case .int64, .float64, .complex64: 8
        case .complex128: 16
        case .unknown: 0
        }
    }
}

/// A Swift type that tensors can be made from and read into.
public protocol TensorElement: BitwiseCopyable, Sendable {
    /// The dtype of a tensor with elements of this type.
    static var dtype: DType { get }
}

/// Tensors of `UInt8` have dtype `uint8`.
extension UInt8: TensorElement { public static var dtype: DType { .uint8 } }
/// Tensors of `Int32` have dtype `int32`.
extension Int32: TensorElement { public static var dtype: DType { .int32 } }
/// Tensors of `Int64` have dtype `int64`.
extension Int64: TensorElement { public static var dtype: DType { .int64 } }
/// Tensors of `Float` have dtype `float32`.
extension Float: TensorElement { public static var dtype: DType { .float32 } }
/// Tensors of `Double` have dtype `float64`.
extension Double: TensorElement { public static var dtype: DType { .float64 } }
