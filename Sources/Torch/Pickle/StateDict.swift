internal import BraidSupport

/// The dictionary of a checkpoint that maps names to tensors.
struct StateDict {
    /// The key of the top level it lies under; nil where it is the top level.
    let source: String?
    /// Other keys that hold tensors too.
    let alternatives: [String]
    /// Indices into the heap's tensors. Names of nested dictionaries are joined by dots.
    let tensors: [String: Int]

    /// Where training scripts put the state dict. The first that is there is taken: averaged weights only where no others are.
    static let keys = [
        "state_dict", "model_state_dict", "model_state", "model", "module", "net", "network", "state_dict_ema", "model_ema", "ema",
    ]

    /// - Parameter source: The key to take; nil for the first of `keys` that holds tensors, else the top level.
    init(_ file: PickledFile, source: String?) throws(Refusal) {
        guard case .dictionary(let root) = file.root else {
            throw Refusal("holds \(file.root.kind), expected a dictionary of tensors")
        }
        let pairs = file.heap.containers[root]
        var found: [(key: String, tensors: [String: Int])] = []
        for key in source.map({ [$0] }) ?? Self.keys {
            var walk = DictionaryWalk(file)
            guard case .dictionary(let index)? = Self.value(of: key, in: pairs) else { continue }
            try walk.run(from: index)
            if !walk.tensors.isEmpty { found.append((key, walk.tensors)) }
        }
        if let first = found.first {
            self.source = first.key
            alternatives = found.dropFirst().map(\.key)
            tensors = first.tensors
            return
        }
        if let source { throw Refusal("has no tensors under \(source)") }
        var walk = DictionaryWalk(file)
        try walk.run(from: root)
        guard !walk.tensors.isEmpty else { throw Refusal("holds a dictionary without tensors") }
        (self.source, alternatives, tensors) = (nil, [], walk.tensors)
    }

    /// The last, as Python would have it.
    private static func value(of key: String, in pairs: [PickleValue]) -> PickleValue? {
        stride(from: pairs.count - 2, through: 0, by: -2).first { index in
            if case .string(key) = pairs[index] { true } else { false }
        }.map { pairs[$0 + 1] }
    }
}

/// Collects the tensors of nested dictionaries. What refers to itself, or to the same thing a million times, is refused.
private struct DictionaryWalk {
    private(set) var tensors: [String: Int] = [:]
    private let file: PickledFile
    private var visited = 0
    private var nameBytes = 0

    private static let deepest = 32
    private let longestName = Limit.tensorNameBytes.value
    private let mostTensors = Limit.tensors.value

    /// An honest pickle spends several bytes on each entry.
    private let most: Int
    private static let mostVisited = 1_000_000

    init(_ file: PickledFile) {
        self.file = file
        most = min(max(file.pickleSize, 1000), Self.mostVisited)
    }

    mutating func run(from root: Int) throws(Refusal) {
        var pending: [(container: Int, prefix: String?, depth: Int)] = [(root, "", 1)]
        while let (container, prefix, depth) = pending.popLast() {
            guard depth <= Self.deepest else {
                throw Refusal("nests dictionaries more than \(Self.deepest) deep, or has one that contains itself")
            }
            let pairs = file.heap.containers[container]
            visited += 1 + pairs.count / 2
            guard visited <= most else { throw Self.repeats }
            for index in stride(from: 0, to: pairs.count, by: 2) {
                switch pairs[index + 1] {
                case .tensor(let tensor): try add(tensor, name(pairs[index], prefix))
                case .dictionary(let nested): pending.append((nested, try name(pairs[index], prefix).map { $0 + "." }, depth + 1))
                default: break
                }
            }
        }
    }

    private mutating func add(_ tensor: Int, _ name: String?) throws(Refusal) {
        guard tensors.count < mostTensors else {
            throw .exceeded(.tensors, "has more than \(mostTensors) tensors", mostTensors)
        }
        guard let name else { throw Refusal("has a tensor under a key that is neither a text nor an integer") }
        guard tensors.updateValue(tensor, forKey: name) == nil else { throw Refusal("has two tensors called \(shown(name))") }
    }

    /// nil below a key that is neither a text nor an integer: such dictionaries are none of tensors.
    private mutating func name(_ key: PickleValue, _ prefix: String?) throws(Refusal) -> String? {
        let name: String
        switch (key, prefix) {
        case (.string(let text), let prefix?): name = prefix + text
        case (.int(let number), let prefix?): name = prefix + String(number)
        default: return nil
        }
        nameBytes += name.utf8.count
        guard name.utf8.count <= longestName else {
            throw .exceeded(.tensorNameBytes, "has a name of more than \(longestName) bytes", longestName)
        }
        guard nameBytes <= 16 * most else { throw Self.repeats }
        return name
    }

    private static let repeats = Refusal("refers to the same dictionaries too many times")
}
