internal import BraidSupport

/// What a pickle puts on its stack.
///
/// Containers are indices into a `PickleHeap`, so that a value that contains itself is no cycle of references, and that
/// freeing what nests a million deep needs no stack.
enum PickleValue: Sendable {
    case none
    case bool(Bool)
    case int(Int)
    /// An integer of more than 64 bits: its bytes, little-endian.
    case long([UInt8])
    case string(String)
    case tuple(Int)
    case list(Int)
    case dictionary(Int)
    case global(PickleGlobal)
    case storage(Int)
    case tensor(Int)
    /// A value that no tensor depends on, for example a number of an optimizer or a set.
    case opaque

    /// How an error names it.
    var kind: String {
        switch self {
        case .none: "None"
        case .bool: "a truth value"
        case .int, .long: "an integer"
        case .string: "a text"
        case .tuple: "a tuple"
        case .list: "a list"
        case .dictionary: "a dictionary"
        case .global: "a class or function"
        case .storage: "a storage"
        case .tensor: "one tensor"
        case .opaque: "a value that is no tensor"
        }
    }
}

/// The containers, storages and tensors that a pickle made.
struct PickleHeap {
    /// Elements of tuples and lists; keys and values of dictionaries, by turns.
    private(set) var containers: [[PickleValue]] = []
    private(set) var storages: [PickledStorage] = []
    private(set) var tensors: [PickledTensor] = []
    private var charged = 0
    /// The most objects and elements that a pickle may make.
    private let most: Int

    init(most: Int = Limit.pickleObjects.value) { self.most = most }

    mutating func addContainer(_ elements: [PickleValue] = []) throws(Refusal) -> Int {
        try charge(1 + elements.count)
        containers.append(elements)
        return containers.count - 1
    }

    mutating func append(_ elements: some Collection<PickleValue>, to container: Int) throws(Refusal) {
        try charge(elements.count)
        containers[container].append(contentsOf: elements)
    }

    mutating func add(_ storage: PickledStorage) throws(Refusal) -> PickleValue {
        try charge(1)
        storages.append(storage)
        return .storage(storages.count - 1)
    }

    mutating func add(_ tensor: PickledTensor) throws(Refusal) -> PickleValue {
        try charge(1 + tensor.rank)
        tensors.append(tensor)
        return .tensor(tensors.count - 1)
    }

    /// The elements of a tuple or list.
    func sequence(_ value: PickleValue?) -> [PickleValue]? {
        switch value {
        case .tuple(let index), .list(let index): containers[index]
        default: nil
        }
    }

    private mutating func charge(_ count: Int) throws(Refusal) {
        charged += count
        try check(besides: 0)
    }

    /// Compares what was made, and the `waiting` objects that are kept elsewhere, with the limit.
    func check(besides waiting: Int) throws(Refusal) {
        guard charged + waiting <= most else {
            throw .exceeded(.pickleObjects, "its pickle makes more than \(most) objects", most)
        }
    }
}
