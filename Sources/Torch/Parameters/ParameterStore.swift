public import BraidSupport

/// A model's parameters and buffers by path, in the order of their declaration.
///
/// Filled while the model is built: each layer declares what it needs, and gets it from the checkpoint, where there is
/// one, or from its initializer, where there is none. Nothing falls back from one to the other in silence: what a
/// checkpoint lacks is in `report`, which `LoadReport.check` turns into one error.
public final class ParameterStore {
    /// Whether a tensor is trained.
    public enum Kind: Sendable {
        /// A trained tensor, such as a weight.
        case parameter
        /// A tensor that is saved with the model and not trained, such as a running mean.
        case buffer
    }

    /// What a tensor is part of, as far as it matters to what is trained.
    public enum Role: Sendable {
        /// A layer's weight or bias, a table, a token.
        case layer
        /// What a normalization scales and shifts by.
        case norm
        /// What is learnt beside a layer's own weights.
        case adapter
    }

    /// A parameter or a buffer of the model.
    public struct Entry {
        /// The place in the model, joined with dots, for example `layer1.0.weight`.
        public let path: String
        /// The values, float32 and on the store's device.
        public let tensor: Tensor
        /// Whether it is a parameter or a buffer.
        public let kind: Kind
        /// Whether weight decay acts on it: on matrices and kernels, not on biases, norms, votes and trained tokens.
        public let decays: Bool
        /// What it is part of.
        public let role: Role

        /// Makes one from its parts.
        public init(path: String, tensor: Tensor, kind: Kind, decays: Bool = false, role: Role = .layer) {
            self.path = path
            self.tensor = tensor
            self.kind = kind
            self.decays = decays
            self.role = role
        }
    }

    /// All parameters and buffers so far, in the order of their declaration.
    public private(set) var entries: [Entry] = []
    /// The device that the entries lie on.
    public let device: Device
    /// The layout that the checkpoint's keys were found to be in; nil where its names are those used here.
    public let layout: String?
    /// What layers compute in that are never trained: they take their inference form. nil where they may be trained.
    public let inference: Precision?
    /// Which layers get an adapter; nil where none does.
    public let adapters: AdapterPlan?
    /// Whether batch norms go by a batch's own statistics in training, where they are trained.
    public let trainsStatistics: Bool
    /// Whether tensors have shapes, and no values of their own.
    private let hasShapesAlone: Bool
    private let checkpoint: (any Checkpoint)?
    private let directory: [String: CheckpointEntry]
    /// What all keys of the checkpoint begin with, as a wrapper around the model leaves it; empty where there is none.
    private let wrapper: String
    /// The checkpoint's keys by the paths they have here.
    private let keys: [String: String]
    private var usesWrapper = false
    /// Paths whose values are no longer the checkpoint's.
    private var replaced: Set<String> = []
    private var ignored: Set<String> = []
    private var applied: Set<String> = []
    private var missing: [String] = []
    private var mismatched: [LoadReport.Mismatch] = []
    /// The values that no file holds, as far as they were asked for, and how many there may be.
    private var drawn = 0
    private let mostDrawn: Int
    private var damaged: [String] = []
    /// Why nothing more was declared: the network asked for more than a limit allows; nil where it did not.
    public private(set) var refusal: BraidError?

    /// Makes a store whose weights are initialised at random.
    ///
    /// - Parameters:
    ///   - device: Where the weights are put.
    ///   - inference: What to compute in where weights stay as they are, on the CPU; nil where they may be trained.
    ///   - adapters: Which layers get an adapter.
    ///   - trainsStatistics: Whether batch norms go by a batch's own statistics in training, where they are trained.
    public init(
        device: Device = .cpu, inference: Precision? = nil, adapters: AdapterPlan? = nil, trainsStatistics: Bool = true
    ) {
        self.device = device
        self.inference = inference
        self.adapters = adapters
        self.trainsStatistics = trainsStatistics
        hasShapesAlone = false
        mostDrawn = Limit.parameters.value
        checkpoint = nil
        directory = [:]
        wrapper = ""
        layout = nil
        keys = [:]
    }

    private init(shapesAlone: Bool, most: Int) {
        (device, inference, adapters, trainsStatistics) = (.cpu, nil, nil, true)
        (hasShapesAlone, checkpoint, directory, wrapper, layout, keys) = (shapesAlone, nil, [:], "", nil, [:])
        mostDrawn = most
    }

    /// A store whose tensors take no memory, whatever their shapes: for counting, and not for computing.
    ///
    /// - Parameter most: How many values there may be, more being an error as a layer asks for them; nil: what the limit `parameters` lets.
    public static func outline(most: Int? = nil) -> ParameterStore {
        ParameterStore(shapesAlone: true, most: most ?? Limit.parameters.value)
    }

    /// Whether values are made here that no file holds.
    public var isDrawn: Bool { checkpoint == nil && !hasShapesAlone }

    /// Makes a store whose weights come from `checkpoint`, all of them.
    ///
    /// - Parameters:
    ///   - checkpoint: The file, or the several, that weights are read from as layers ask for them.
    ///   - layouts: The layouts such files come in. The first whose marker is among the keys is the file's.
    ///   - device: Where the weights are put.
    ///   - inference: What to compute in where weights stay as they are, on the CPU; nil where they may be trained.
    ///   - adapters: Which layers get an adapter.
    ///   - trainsStatistics: Whether batch norms go by a batch's own statistics in training, where they are trained.
    /// - Throws: `LoadError` where two keys mean the same parameter.
    public init(
        loading checkpoint: any Checkpoint, layouts: [KeyMap] = [], device: Device = .cpu, inference: Precision? = nil,
        adapters: AdapterPlan? = nil, trainsStatistics: Bool = true
    ) throws(LoadError) {
        self.device = device
        self.inference = inference
        self.adapters = adapters
        self.trainsStatistics = trainsStatistics
        hasShapesAlone = false
        mostDrawn = Limit.parameters.value
        self.checkpoint = checkpoint
        directory = checkpoint.directory
        let wrapper = KeyMap.wrapper(of: Array(checkpoint.directory.keys), layouts)
        let names = checkpoint.directory.keys.map { String($0.dropFirst(wrapper.count)) }
        let map = layouts.first { $0.fits(names) }
        self.wrapper = wrapper
        layout = map?.name
        var keys: [String: String] = [:]
        var doubled: [String] = []
        for key in directory.keys.sorted() {
            let name = String(key.dropFirst(wrapper.count))
            guard let path = map.map({ $0.path(of: name) }) ?? name else {
                ignored.insert(key)
                continue
            }
            if keys.updateValue(key, forKey: path) != nil { doubled.append(key) }
        }
        // A model whose own names begin alike has no wrapper.
        if !wrapper.isEmpty { keys.merge(directory.keys.map { ($0, $0) }) { $1 } }
        self.keys = keys
        guard doubled.isEmpty else {
            let report = LoadReport(
                file: checkpoint.path, applied: 0, missing: [], unused: [], mismatched: [], doubled: doubled)
            throw LoadError(report: report)
        }
    }

    /// The parameters alone, without the buffers, in the order of their declaration.
    public var parameters: [Entry] { entries.filter { $0.kind == .parameter } }

    /// Whether the checkpoint has something under `path`; false where weights are random.
    public func holds(_ path: String) -> Bool { keys[path] != nil }

    /// The shape that `path` has in the checkpoint; nil where it has none, and where weights are random.
    public func shape(of path: String) -> [Int]? { keys[path].flatMap { directory[$0]?.shape } }

    /// What gives back the memory of a weight that a layer has a packed copy of.
    func pages(of path: String) -> CheckpointPages {
        CheckpointPages(checkpoint: checkpoint, key: replaced.contains(path) ? nil : keys[path])
    }

    func ignore(_ path: String) { ignored.insert(keys[path] ?? path) }

    func declare(
        _ path: String, _ shape: [Int], _ initializer: Initializer, kind: Kind, decays: Bool = false, role: Role = .layer
    ) throws -> Tensor {
        guard entries.count < Limit.tensors.value else {
            throw refused(.tensors, "\(path) makes it more than \(Limit.tensors.value) tensors of weights", Limit.tensors.value)
        }
        if checkpoint == nil { try charge(shape, path) } else { try countMissing() }
        let tensor = try (load(path, shape) ?? initializer.tensor(shape)).moved(to: device)
        entries.append(Entry(path: path, tensor: tensor, kind: kind, decays: decays, role: role))
        return tensor
    }

    /// Counts values that are to be made, before they are.
    ///
    /// - Throws: `BraidError` where they are more than there may be, with those that were counted before.
    private func charge(_ shape: [Int], _ path: String) throws {
        var count = 1
        for size in shape {
            let (product, overflows) = count.multipliedReportingOverflow(by: size)
            count = overflows ? .max : product
        }
        let (sum, overflows) = drawn.addingReportingOverflow(count)
        drawn = overflows ? .max : sum
        guard drawn > mostDrawn else { return }
        let sizes = shape.map(String.init).joined(separator: " × ")
        throw refused(.parameters, "\(path), \(sizes), makes it more than \(mostDrawn) values of new weights", mostDrawn)
    }

    /// Declares what an adapter learns, which the checkpoint of the model itself does not hold. One that is folded in leaves no entry.
    ///
    /// - Parameters:
    ///   - shape: Its size.
    ///   - value: Its values.
    func declareAdapter(_ path: String, _ shape: [Int], decays: Bool, _ value: () throws -> Tensor) throws -> Tensor {
        try charge(shape, path)
        let tensor = try value().moved(to: device)
        if adapters?.merges == false {
            entries.append(Entry(path: path, tensor: tensor, kind: .parameter, decays: decays, role: .adapter))
        }
        return tensor
    }

    /// Puts `tensor` in the place of what was declared under `path`.
    func replace(_ path: String, with tensor: Tensor) {
        guard let index = entries.lastIndex(where: { $0.path == path }) else { return }
        let old = entries[index]
        entries[index] = Entry(path: path, tensor: tensor, kind: old.kind, decays: old.decays, role: old.role)
        replaced.insert(path)
    }

    /// Refuses what asks for far more than the checkpoint holds, before more of it is made.
    private func countMissing() throws {
        guard missing.count <= directory.count + Self.mostMissing else { throw LoadError(report: report) }
    }

    private func refused(_ limit: Limit, _ what: String, _ bound: Int) -> BraidError {
        let error = limit.exceeded(what, bound: bound)
        refusal = error
        return error
    }

    /// More than any part that may be missing has: what a file lacks beyond that, a number in the configuration asks for.
    private static let mostMissing = 10_000

    private func load(_ path: String, _ shape: [Int]) throws -> Tensor? {
        guard let checkpoint else { return hasShapesAlone ? try Self.standIn(shape) : nil }
        guard let key = keys[path], let entry = directory[key] else {
            missing.append(path)
            return try Self.standIn(shape)
        }
        applied.insert(key)
        if key != path && key.hasPrefix(wrapper) { usesWrapper = true }
        guard entry.shape == shape || Self.differsOnlyInOnes(entry.shape, shape) else {
            mismatched.append(.init(key: key, expected: shape, found: entry.shape))
            return try Self.standIn(shape)
        }
        guard entry.dtype.isFloatingPoint else {
            damaged.append("\(key) holds whole numbers (\(entry.dtype)), expected floating-point ones")
            return try Self.standIn(shape)
        }
        let tensor = try checkpoint.tensor(key).converted(to: .float32)
        if let fault = try WeightDamage.of(tensor, path) { damaged.append("\(key) \(fault)") }
        // Of half-precision weights only the converted ones stay in memory; others were read for the check, and are read again when they are used.
        checkpoint.discard(key)
        return entry.shape == shape ? tensor : try tensor.reshaped(shape)
    }

    /// Of the right shape and no size in memory: it is never computed with, for the report refuses it.
    private static func standIn(_ shape: [Int]) throws -> Tensor { try Tensor.full([], 0).expanded(shape) }

    /// A 1×1 convolution and a linear layer hold the same matrix, and so do a scale `[C, 1, 1]` and one `[C]`.
    private static func differsOnlyInOnes(_ left: [Int], _ right: [Int]) -> Bool {
        let trimmed = { (shape: [Int]) in Array(shape.reversed().drop { $0 == 1 }) }
        return left.count != right.count && trimmed(left) == trimmed(right)
    }

    /// What became of each key of the checkpoint, as far as the model has been built.
    public var report: LoadReport {
        let unused = directory.keys.filter { !applied.contains($0) && !ignored.contains($0) }
        return LoadReport(
            file: checkpoint?.path ?? "", applied: applied.count, missing: missing, unused: unused.sorted(),
            mismatched: mismatched, damaged: damaged, wrapper: usesWrapper ? wrapper : "")
    }
}
