internal import CTorch

/// An argument of an operator, as its schema names them.
enum Argument {
    case none
    case tensor(Tensor)
    case int(Int)
    case double(Double)
    case bool(Bool)
    case string(StaticString)
    case ints([Int])
    case doubles([Double])
    case tensors([Tensor?])
    case device(Device)
    /// What the calling thread draws from.
    case generator

    static func optional(_ tensor: Tensor?) -> Argument { tensor.map(Argument.tensor) ?? .none }
    static func dtype(_ dtype: DType) -> Argument { .int(Int(dtype.rawValue)) }

    /// How an error names it.
    var summary: String {
        switch self {
        case .none: "none"
        case .tensor(let tensor): "tensor \(tensor.shape)"
        case .int(let value): "\(value)"
        case .double(let value): "\(value)"
        case .bool(let value): "\(value)"
        case .string(let value): "\(value)"
        case .ints(let values): "\(values)"
        case .doubles(let values): "\(values)"
        case .tensors(let tensors): "tensors \(tensors.map { $0?.shape ?? [] })"
        case .device(let device): "\(device)"
        case .generator: "generator"
        }
    }
}

/// Keeps what the C values of a call point at alive until it returns.
private struct ArgumentFrame: ~Copyable {
    private(set) var values: [ct_value] = []
    private var owned: [UnsafeMutableRawBufferPointer] = []

    init(_ arguments: [Argument]) {
        values.reserveCapacity(arguments.count)
        for argument in arguments { values.append(value(of: argument)) }
    }

    deinit { for buffer in owned { buffer.deallocate() } }

    private mutating func value(of argument: Argument) -> ct_value {
        var value = ct_value(tag: CT_NONE, integer: 0, number: 0, pointer: nil, count: 0)
        switch argument {
        case .none: break
        case .tensor(let tensor):
            value.tag = CT_TENSOR
            value.pointer = UnsafeRawPointer(tensor.handle)
        case .int(let integer):
            value.tag = CT_INT
            value.integer = Int64(integer)
        case .double(let number):
            value.tag = CT_DOUBLE
            value.number = number
        case .bool(let flag):
            value.tag = CT_BOOL
            value.integer = flag ? 1 : 0
        case .string(let text):
            value.tag = CT_STRING
            value.pointer = UnsafeRawPointer(text.utf8Start)
        case .ints(let integers):
            value.tag = CT_INTS
            value.count = integers.count
            value.pointer = keep(integers.map(Int64.init))
        case .doubles(let numbers):
            value.tag = CT_DOUBLES
            value.count = numbers.count
            value.pointer = keep(numbers)
        case .tensors(let tensors):
            value.tag = CT_TENSORS
            value.count = tensors.count
            value.pointer = keep(tensors.map { $0?.handle })
        case .device(let device):
            value.tag = CT_DEVICE
            value.pointer = keep(Array(device.description.utf8CString))
        case .generator: value.tag = CT_GENERATOR
        }
        return value
    }

    private mutating func keep<T>(_ elements: [T]) -> UnsafeRawPointer? {
        elements.withUnsafeBytes { source in
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(source.count, 1), alignment: 16)
            copy.copyMemory(from: source)
            owned.append(copy)
            return UnsafeRawPointer(copy.baseAddress)
        }
    }
}

/// An operator by its schema name, without the `aten::` that most begin with.
struct Operator: ExpressibleByStringLiteral {
    private let literal: StaticString

    /// `"linear"`, or `"add.Tensor"` with the overload behind the dot, or `"mkldnn::_linear_pointwise"`.
    init(stringLiteral: StaticString) { literal = stringLiteral }

    /// As errors name it: without the overload.
    private var name: String {
        let text = "\(literal)"
        guard let scope = text.firstRange(of: "::") else { return "aten::\(text.prefix { $0 != "." })" }
        return "\(text[..<scope.upperBound])\(text[scope.upperBound...].prefix { $0 != "." })"
    }

    /// Calls it and gives every result.
    func callAsFunction(_ arguments: [Argument], capacity: Int = 4) throws(TorchError) -> [Tensor?] {
        let frame = ArgumentFrame(arguments)
        let results = withUnsafeTemporaryAllocation(of: ct_tensor?.self, capacity: capacity) { handles -> [Tensor?]? in
            var count = 0
            // `arguments` holds the tensors whose handles the frame borrows.
            let status = withExtendedLifetime(arguments) {
                literal.utf8Start.withMemoryRebound(to: CChar.self, capacity: literal.utf8CodeUnitCount) { name in
                    ct_call(name, frame.values, frame.values.count, handles.baseAddress, capacity, &count)
                }
            }
            guard status == 0 else { return nil }
            return (0..<count).map { handles[$0].map(Tensor.init(adopting:)) }
        }
        guard let results else { throw .last(name, arguments: arguments.map(\.summary)) }
        return results
    }

    /// Calls it and gives its only, or first, result.
    func callAsFunction(_ arguments: Argument...) throws(TorchError) -> Tensor { try first(arguments) }

    /// Calls it with a list of arguments and gives its only, or first, result.
    func first(_ arguments: [Argument]) throws(TorchError) -> Tensor {
        guard let first = try self(arguments).first ?? nil else {
            throw TorchError(operation: name, message: "gave no result")
        }
        return first
    }
}
