// Filling containers, and what stands for calls.
extension Unpickler {
    /// APPEND, APPENDS, ADDITEMS, SETITEM and SETITEMS: adds `elements` to the container on the stack.
    mutating func append(_ elements: [PickleValue], _ opcode: PickleOpcode) throws(Refusal) {
        switch (try top(), opcode) {
        case (.list(let list), .append), (.list(let list), .appends): try heap.append(elements, to: list)
        case (.dictionary(let dictionary), .setItem), (.dictionary(let dictionary), .setItems):
            guard elements.count.isMultiple(of: 2) else { throw .damaged("its pickle has a key without a value") }
            try heap.append(elements, to: dictionary)
        case (.opaque, _): break
        case (let value, _): throw .damaged("its pickle adds elements to \(value.kind)")
        }
    }

    /// REDUCE and NEWOBJ: what calling a global of the table would give. Nothing is called.
    mutating func call() throws(Refusal) {
        let arguments = try pop()
        guard case .global(let global) = try pop() else {
            throw .unsafe("calls what is neither a tensor's nor a container's constructor")
        }
        guard case .tuple(let index) = arguments else {
            throw .damaged("its pickle calls a function with \(arguments.kind)")
        }
        stack.append(try result(of: global, heap.containers[index]))
    }

    private mutating func result(of global: PickleGlobal, _ arguments: [PickleValue]) throws(Refusal) -> PickleValue {
        switch global {
        case .dictionary: try dictionary(pairs: heap.sequence(arguments.first) ?? [])
        case .size:
            if case .tuple? = arguments.first { arguments[0] } else { throw .damaged("a torch.Size is not of a tuple") }
        case .rebuild(let rebuild): try self.rebuild(rebuild, arguments)
        case .refusedTensor(let kind): try heap.add(.refused("it is \(kind), and only dense tensors are read"))
        case .opaque: .opaque
        case .storage, .dtype: throw .unsafe("calls a storage class or a dtype as a function")
        }
    }

    /// A dictionary of `[[key, value], …]`, as Python 2 wrote its `OrderedDict`.
    private mutating func dictionary(pairs: [PickleValue]) throws(Refusal) -> PickleValue {
        let dictionary = try heap.addContainer()
        for pair in pairs {
            guard let elements = heap.sequence(pair), elements.count == 2 else {
                throw .damaged("a dictionary is made of what is no pair")
            }
            try heap.append(elements, to: dictionary)
        }
        return .dictionary(dictionary)
    }

    /// BUILD: attributes of an object. Those of a `Namespace`, which has no other content, are its keys and values; that a
    /// dictionary has some (`_metadata`) is of no matter to its tensors.
    mutating func build() throws(Refusal) {
        let state = try pop()
        switch try top() {
        case .opaque, .tensor: break
        case .dictionary(let dictionary):
            if heap.containers[dictionary].isEmpty, case .dictionary(let attributes) = state {
                try heap.append(heap.containers[attributes], to: dictionary)
            }
        case let value: throw .damaged("its pickle sets attributes of \(value.kind)")
        }
    }
}
