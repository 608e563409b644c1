/// What a checkpoint says of one of its tensors.
public struct CheckpointEntry: Sendable, Equatable {
    /// The dtype that the file stores, which may be narrower than what is computed in.
    public let dtype: DType
    /// The size of each dimension; empty for a scalar.
    public let shape: [Int]

    /// Makes one from its parts.
    public init(dtype: DType, shape: [Int]) {
        self.dtype = dtype
        self.shape = shape
    }
}

/// A file, or several, of named tensors. Opening one reads its directory only; tensors are read as they are asked for.
public protocol Checkpoint: AnyObject {
    /// What errors call the checkpoint: the path of its file, or of its index.
    var path: String { get }
    /// Dtype and shape of every tensor that can be read, by name.
    var directory: [String: CheckpointEntry] { get }

    /// The tensor called `name`: a view of the mapped file where that is possible.
    ///
    /// - Throws: `SafetensorsError` or `CheckpointError` where there is none of this name, or it cannot be read.
    func tensor(_ name: String) throws -> Tensor
    /// Gives back the memory that reading `name` took; for a tensor that was copied, and of which no view is in use.
    ///
    /// Does nothing for a name that is not in the checkpoint.
    func discard(_ name: String)
}

/// The pages of a file that a weight was read from. Given back, they are read again where somebody looks at the weight again.
///
/// Sendable, since a checkpoint is never written, and giving pages back changes no value.
struct CheckpointPages: @unchecked Sendable {
    // Checkpoints do not change once they are open, and giving back pages is a system call.
    private let checkpoint: (any Checkpoint)?
    private let key: String?

    init(checkpoint: (any Checkpoint)?, key: String?) { (self.checkpoint, self.key) = (checkpoint, key) }

    func giveBack() { if let key { checkpoint?.discard(key) } }
}

extension SafetensorsFile: Checkpoint {
    /// Dtype and shape of every tensor of the file, by name.
    public var directory: [String: CheckpointEntry] {
        entries.mapValues { CheckpointEntry(dtype: $0.dtype, shape: $0.shape) }
    }
}
