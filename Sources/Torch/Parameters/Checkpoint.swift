/// What a checkpoint says of one of its tensors.
public struct CheckpointEntry: Sendable, Equatable {
    public let dtype: DType
    public let shape: [Int]

    public init(dtype: DType, shape: [Int]) {
        self.dtype = dtype
        self.shape = shape
    }
}

/// A file, or several, of named tensors. Opening one reads its directory only; tensors are read as they are asked for.
public protocol Checkpoint: AnyObject {
    /// What errors call it.
    var path: String { get }
    var directory: [String: CheckpointEntry] { get }

    /// The tensor called `name`: a view of the mapped file where that is possible.
    func tensor(_ name: String) throws -> Tensor
    /// Gives back the memory that reading `name` took, where no view of it is in use: after it was copied.
    func discard(_ name: String)
}

/// The pages of a file that a weight was read from. Given back, they are read again where somebody looks at the weight again.
struct CheckpointPages: @unchecked Sendable {
    // Checkpoints do not change once they are open, and giving back pages is a system call.
    private let checkpoint: (any Checkpoint)?
    private let key: String?

    init(checkpoint: (any Checkpoint)?, key: String?) { (self.checkpoint, self.key) = (checkpoint, key) }

    func giveBack() { if let key { checkpoint?.discard(key) } }
}

extension SafetensorsFile: Checkpoint {
    public var directory: [String: CheckpointEntry] {
        entries.mapValues { CheckpointEntry(dtype: $0.dtype, shape: $0.shape) }
    }
}
