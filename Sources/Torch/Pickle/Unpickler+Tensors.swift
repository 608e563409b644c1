// Storages and tensors.
extension Unpickler {
    /// A persistent id: `('storage', class, key, location, count)`, in the legacy format with `(key, offset, count)` of a view.
    ///
    /// Source: `persistent_id` of `torch/serialization.py`.
    mutating func storage(_ id: PickleValue) throws(Refusal) -> PickleValue {
        guard
            case .tuple(let index) = id, let fields = Optional(heap.containers[index]), (5...6).contains(fields.count),
            case .string("storage") = fields[0], case .global(.storage(let element)) = fields[1],
            case .string(let key) = fields[2], case .int(let count) = fields[4], count >= 0
        else { throw .damaged("its pickle refers to a storage in a way that torch.save does not") }
        var start = 0
        if let view = heap.sequence(fields.last), fields.count == 6 {
            guard
                view.count == 3, case .int(let offset) = view[1], case .int(let size) = view[2],
                offset >= 0, size >= 0, offset <= count, size <= count - offset
            else { throw .damaged("a view of the storage \(shown(key)) reaches beyond it") }
            start = offset
        }
        return try heap.add(PickledStorage(key: key, element: element, count: count, start: start))
    }

    /// Source: the functions of those names in `torch/_utils.py` and `torch/_tensor.py`.
    mutating func rebuild(_ function: PickleGlobal.Rebuild, _ arguments: [PickleValue]) throws(Refusal) -> PickleValue {
        switch function {
        case .parameter:
            guard case .tensor? = arguments.first else { throw .damaged("a parameter is not of a tensor") }
            return arguments[0]
        case .fromType:
            guard
                arguments.count >= 3, case .global(.rebuild(let inner)) = arguments[0],
                let innerArguments = heap.sequence(arguments[2])
            else { throw .unsafe("holds a tensor that is made by an unknown function") }
            // Once only, so that what refers to itself ends.
            if case .fromType = inner { throw .damaged("a tensor's attributes are nested") }
            return try rebuild(inner, innerArguments)
        case .tensor: return try tensor(arguments, dtypeAt: nil, metadataAt: 4)
        case .tensorV2: return try tensor(arguments, dtypeAt: nil, metadataAt: 6)
        case .tensorV3: return try tensor(arguments, dtypeAt: 6, metadataAt: 7)
        }
    }

    /// `(storage, offset, shape, strides, …)`.
    private mutating func tensor(
        _ arguments: [PickleValue], dtypeAt: Int?, metadataAt: Int
    ) throws(Refusal) -> PickleValue {
        guard
            arguments.count >= 4, case .storage(let storage) = arguments[0], case .int(let offset) = arguments[1], offset >= 0,
            let shape = sizes(arguments[2]), let strides = sizes(arguments[3]), shape.count == strides.count
        else { throw .damaged("a tensor has no storage, offset, shape and strides") }
        if arguments.count > metadataAt, case .dictionary(let metadata) = arguments[metadataAt],
            !heap.containers[metadata].isEmpty
        {
            return try heap.add(.refused("it is a negative or conjugate view, and only plain tensors are read"))
        }
        var element = heap.storages[storage].element
        if let dtypeAt {
            guard arguments.count > dtypeAt, case .global(.dtype(let dtype)) = arguments[dtypeAt] else {
                throw .damaged("a tensor has no dtype")
            }
            element = dtype
        }
        return try heap.add(.dense(storage: storage, offset: offset, shape: shape, strides: strides, element: element))
    }

    /// A shape or strides.
    private func sizes(_ value: PickleValue) -> [Int]? {
        let mostDimensions = 64  // PyTorch's own limit.
        guard let elements = heap.sequence(value), elements.count <= mostDimensions else { return nil }
        var sizes: [Int] = []
        for element in elements {
            guard case .int(let size) = element, size >= 0 else { return nil }
            sizes.append(size)
        }
        return sizes
    }
}
