/// A model's parameters and buffers by path, in the order of their declaration.
///
/// Filled while the model is built: each layer declares what it needs, and gets it from the checkpoint, where there is
/// one, or from its initializer, where there is none. Nothing falls back from one to the other in silence: what a
/// checkpoint lacks is in `report`, which `LoadReport.check` turns into one error.
public final class ParameterStore {
    public enum Kind: Sendable {
        case parameter
        case buffer
    }

    public struct Entry {
        public let path: String
        public let tensor: Tensor
        public let kind: Kind

        public init(path: String, tensor: Tensor, kind: Kind) {
            self.path = path
            self.tensor = tensor
            self.kind = kind
        }
    }

    public private(set) var entries: [Entry] = []
    /// Where the entries lie.
    public let device: Device
    private let checkpoint: SafetensorsFile?
    /// What a checkpoint's keys carry in front of the paths here, for example `bert.`.
    private let prefix: String
    private var ignored: Set<String> = []
    private let ignoredPrefixes: [String]
    private var applied: Set<String> = []
    private var missing: [String] = []
    private var mismatched: [LoadReport.Mismatch] = []

    /// A store whose weights are initialised at random.
    public init(device: Device = .cpu) {
        self.device = device
        checkpoint = nil
        prefix = ""
        ignoredPrefixes = []
    }

    /// A store whose weights come from `checkpoint`, all of them.
    ///
    /// - Parameter ignoring: What keys begin with that belong to other parts of the file's model, for example its head.
    public init(loading checkpoint: SafetensorsFile, prefix: String = "", ignoring: [String] = [], device: Device = .cpu) {
        ignoredPrefixes = ignoring
        self.device = device
        self.checkpoint = checkpoint
        self.prefix = prefix
    }

    public var parameters: [Entry] { entries.filter { $0.kind == .parameter } }

    func ignore(_ path: String) { ignored.insert(prefix + path) }

    func declare(_ path: String, _ shape: [Int], _ initializer: Initializer, kind: Kind) throws -> Tensor {
        let tensor = try (load(path, shape) ?? initializer.tensor(shape)).moved(to: device)
        entries.append(Entry(path: path, tensor: tensor, kind: kind))
        return tensor
    }

    private func load(_ path: String, _ shape: [Int]) throws -> Tensor? {
        guard let checkpoint else { return nil }
        let key = prefix + path
        guard let entry = checkpoint.entries[key] else {
            missing.append(key)
            return try .zeros(shape)
        }
        applied.insert(key)
        guard entry.shape == shape else {
            mismatched.append(.init(key: key, expected: shape, found: entry.shape))
            return try .zeros(shape)
        }
        return try checkpoint.tensor(key).converted(to: .float32)
    }

    /// What became of each key of the checkpoint.
    public var report: LoadReport {
        let keys = checkpoint.map { Array($0.entries.keys) } ?? []
        let unused = keys.filter {
            !applied.contains($0) && !ignored.contains($0) && !ignoredPrefixes.contains(where: $0.hasPrefix)
        }
        return LoadReport(
            file: checkpoint?.path ?? "", applied: applied.count, missing: missing, unused: unused.sorted(),
            mismatched: mismatched)
    }
}
