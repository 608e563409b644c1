/// The element type of a storage or tensor, as PyTorch names it.
struct TorchElement: Sendable {
    let name: String
    /// Bytes an element takes.
    let size: Int

    /// nil for those that nothing here computes with.
    var dtype: DType? { Self.supported[name] }

    init(_ name: String, _ size: Int) {
        self.name = name
        self.size = size
    }

    static let untyped = TorchElement("untyped", 1)

    private static let supported: [String: DType] = [
        "uint8": .uint8, "int8": .int8, "int16": .int16, "int32": .int32, "int64": .int64, "float16": .float16,
        "float32": .float32, "float64": .float64, "bool": .bool, "bfloat16": .bfloat16,
    ]
}

/// A storage as a pickle names it: which bytes of the file it is, is known later.
struct PickledStorage: Sendable {
    let key: String
    let element: TorchElement
    /// Elements.
    let count: Int
    /// Elements of the stored one that this one begins behind; only the legacy format has such.
    let start: Int
}

/// A tensor as a pickle names it.
enum PickledTensor: Sendable {
    /// - Parameters:
    ///   - storage: An index into the heap's storages.
    ///   - offset: Of the first element, in elements; so are strides.
    case dense(storage: Int, offset: Int, shape: [Int], strides: [Int], element: TorchElement)
    /// One of a kind that is not supported, and what it is.
    case refused(String)

    var rank: Int {
        if case .dense(_, _, let shape, _, _) = self { shape.count } else { 0 }
    }
}
