internal import BraidSupport

/// A stack machine that reads one pickle and executes nothing: a checkpoint's containers and tensors, and no other object.
///
/// Every object costs at least a byte of the pickle, and their number is bounded, whatever the pickle asks for.
struct Unpickler {
    var heap = PickleHeap()
    var stack: [PickleValue] = []
    var reader: ByteReader
    /// Heights of the stack at each open MARK.
    private var marks: [Int] = []
    private var memo = PickleMemo()
    private let most: Int
    /// Whether more bytes lie there than a pickle may have.
    private let isCut: Bool

    /// - Parameters:
    ///   - range: Where the pickle lies in `bytes`; it may end before.
    ///   - most: The most bytes that it may take.
    /// - Throws: Where `range` is not within `bytes`.
    init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, most: Int = Limit.pickleBytes.value) throws(Refusal) {
        self.most = most
        let (furthest, overflow) = range.lowerBound.addingReportingOverflow(most)
        let end = overflow ? range.upperBound : min(range.upperBound, furthest)
        isCut = end < range.upperBound
        guard range.lowerBound >= 0, end >= range.lowerBound, end <= bytes.count else {
            throw Refusal("its pickle lies behind the end of the file")
        }
        reader = try ByteReader(UnsafeRawBufferPointer(rebasing: bytes[..<end]), at: range.lowerBound, name: "the pickle")
    }

    /// The pickled value. `reader` is left behind its end.
    mutating func run() throws(Refusal) -> PickleValue {
        while true {
            let at = reader.position
            guard reader.remaining > 0 || !isCut else {
                throw .exceeded(.pickleBytes, "its pickle has more than \(most) bytes", most)
            }
            let code = try reader.byte()
            guard let opcode = PickleOpcode(rawValue: code) else { throw try refusal(of: code, at: at) }
            if opcode == .stop { return try pop() }
            try execute(opcode)
            try heap.check(besides: stack.count + marks.count + memo.count)
        }
    }

    private mutating func execute(_ opcode: PickleOpcode) throws(Refusal) {
        switch opcode {
        case .proto: try readProtocol()
        case .frame: _ = try reader.take(8)
        case .stop: break
        case .mark: marks.append(stack.count)
        case .pop: _ = try pop()
        case .popMark: _ = try popToMark()

        case .none: stack.append(.none)
        case .newTrue: stack.append(.bool(true))
        case .newFalse: stack.append(.bool(false))
        case .binInt: stack.append(.int(Int(try reader.integer(Int32.self))))
        case .binInt1: stack.append(.int(Int(try reader.byte())))
        case .binInt2: stack.append(.int(Int(try reader.integer(UInt16.self))))
        case .long1: try pushLong(Int(try reader.byte()))
        case .long4: try pushOpaque(reader.size(UInt32.self))
        case .binFloat: try pushOpaque(8)

        case .shortBinString, .shortBinUnicode: try pushText(Int(try reader.byte()), strict: opcode == .shortBinUnicode)
        case .binString, .binUnicode: try pushText(reader.size(UInt32.self), strict: opcode == .binUnicode)
        case .binUnicode8: try pushText(reader.size(UInt64.self), strict: true)
        case .shortBinBytes: try pushOpaque(Int(try reader.byte()))
        case .binBytes: try pushOpaque(reader.size(UInt32.self))
        case .binBytes8, .byteArray8: try pushOpaque(reader.size(UInt64.self))

        case .emptyTuple: try pushTuple(0)
        case .tuple: try pushTuple(stack.count - mark())
        case .tuple1: try pushTuple(1)
        case .tuple2: try pushTuple(2)
        case .tuple3: try pushTuple(3)
        case .emptyList: stack.append(.list(try heap.addContainer()))
        case .emptyDict: stack.append(.dictionary(try heap.addContainer()))
        case .emptySet: stack.append(.opaque)
        case .append: try append(popLast(1), opcode)
        case .appends, .addItems: try append(popToMark(), opcode)
        case .setItem: try append(popLast(2), opcode)
        case .setItems: try append(popToMark(), opcode)
        case .frozenSet:
            _ = try popToMark()
            stack.append(.opaque)

        case .binGet: try pushMemo(Int(try reader.byte()))
        case .longBinGet: try pushMemo(reader.size(UInt32.self))
        case .binPut: memo[Int(try reader.byte())] = try top()
        case .longBinPut: memo[try reader.size(UInt32.self)] = try top()
        case .memoize: memo.append(try top())

        case .global: stack.append(.global(try .named(module: reader.line(), name: reader.line())))
        case .stackGlobal: try pushStackGlobal()
        case .binPersistentID: stack.append(try storage(pop()))
        case .reduce, .newObject: try call()
        case .build: try build()
        }
    }

    /// Why the opcode `code` is not followed.
    private mutating func refusal(of code: UInt8, at position: Int) throws(Refusal) -> Refusal {
        guard let name = PickleOpcode.refused[code] else {
            return .damaged("its pickle has no opcode at \(position), but the byte \(code)")
        }
        if code == PickleOpcode.inst { _ = try PickleGlobal.named(module: reader.line(), name: reader.line()) }
        return .unsafe("uses the pickle opcode \(name), which torch.save does not write")
    }
}

// The stack.
extension Unpickler {
    mutating func pop() throws(Refusal) -> PickleValue {
        guard stack.count > marks.last ?? 0, let value = stack.popLast() else { throw Self.underflow }
        return value
    }

    mutating func popLast(_ count: Int) throws(Refusal) -> [PickleValue] {
        guard stack.count - count >= marks.last ?? 0 else { throw Self.underflow }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    func top() throws(Refusal) -> PickleValue {
        guard stack.count > marks.last ?? 0, let value = stack.last else { throw Self.underflow }
        return value
    }

    private static let underflow = Refusal.damaged("its pickle takes more from its stack than it put there")

    /// Closes the last mark: the height of the stack there.
    private mutating func mark() throws(Refusal) -> Int {
        guard let mark = marks.popLast() else { throw .damaged("its pickle closes a mark it did not set") }
        return mark
    }

    private mutating func popToMark() throws(Refusal) -> [PickleValue] {
        let mark = try mark()
        defer { stack.removeLast(stack.count - mark) }
        return Array(stack[mark...])
    }

    private mutating func pushTuple(_ count: Int) throws(Refusal) {
        stack.append(.tuple(try heap.addContainer(popLast(count))))
    }

    private mutating func pushMemo(_ index: Int) throws(Refusal) {
        guard let value = memo[index] else {
            throw .damaged("its pickle recalls the object \(index), which is not there")
        }
        stack.append(value)
    }

    private mutating func pushLong(_ count: Int) throws(Refusal) {
        let bytes = Array(reader.bytes[try reader.take(count)])
        guard count <= 8 else { return stack.append(.long(bytes)) }
        let negative = bytes.last.map { $0 & 0x80 != 0 } ?? false
        stack.append(.int(bytes.reversed().reduce(negative ? -1 : 0) { $0 << 8 | Int($1) }))
    }

    private mutating func pushOpaque(_ count: Int) throws(Refusal) {
        _ = try reader.take(count)
        stack.append(.opaque)
    }

    /// - Parameter strict: Whether it must be UTF-8. Texts of Python 2 need not be: those that are not are bytes.
    private mutating func pushText(_ count: Int, strict: Bool) throws(Refusal) {
        let range = try reader.take(count)
        if let text = reader.text(range) {
            stack.append(.string(text))
        } else if strict {
            throw .damaged("its pickle has a text at \(range.lowerBound) that is not UTF-8")
        } else {
            stack.append(.opaque)
        }
    }

    private mutating func readProtocol() throws(Refusal) {
        let version = try reader.byte()
        guard (2...5).contains(version) else { throw Refusal("its pickle is of protocol \(version), expected 2 to 5") }
    }

    private mutating func pushStackGlobal() throws(Refusal) {
        guard case .string(let name) = try pop(), case .string(let module) = try pop() else {
            throw .damaged("its pickle names a class by what is no text")
        }
        stack.append(.global(try .named(module: module, name: name)))
    }
}
