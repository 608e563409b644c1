public import Foundation

/// A file of `torch.save` (`.pth`, `.pt`, `.bin`), memory-mapped: nothing is read until a tensor is used, and nothing in it
/// is executed.
///
/// Both formats are understood: the zip archive since PyTorch 1.6, and the older one. Of the pickle in it only dictionaries
/// of tensors are; a file that names any other class or function is refused, with that name. Every offset is checked.
/// Source: `torch/serialization.py` of PyTorch 2.13.
public final class PickledCheckpoint {
    /// What the file says of one tensor.
    public struct Entry: Sendable {
        /// The dtype of the stored elements.
        public let dtype: DType
        /// The size of each dimension; empty for a scalar.
        public let shape: [Int]
        /// How far elements that are neighbours in a dimension lie apart, in elements, for each dimension.
        public let strides: [Int]
        /// Bytes from the start of the file.
        let range: Range<Int>

        /// Whether the elements lie in row-major order without gaps.
        public let isContiguous: Bool
        /// Whether the file's layout lets the elements be used in place. The older format's often does not.
        public var isAligned: Bool { range.lowerBound.isMultiple(of: dtype.size) }
        /// Whether another tensor of the file has some of the same bytes, as tied weights do.
        public internal(set) var isShared = false
    }

    /// The path of the file, as errors show it.
    public let path: String
    /// Every tensor that can be read, by its key in the state dict.
    public let entries: [String: Entry]
    /// The key that the state dict lies under, for example `model`; nil where it is the whole file.
    public let source: String?
    /// Other keys whose values are dictionaries of tensors too, for example `model_ema`.
    public let alternatives: [String]
    /// Tensors that cannot be read, and why: quantized and sparse ones, and those of unsupported dtypes.
    public let unsupported: [String: String]
    private let mapping: FileMapping

    /// Maps the file and reads which tensors are where; their values are read as they are asked for.
    ///
    /// - Parameters:
    ///   - url: The file, as `torch.save` writes it.
    ///   - source: The key of the state dict. nil for the first usual one that holds tensors (`state_dict`, `model`, …), else the
    ///     whole file.
    /// - Throws: `CheckpointError` where the file cannot be read, is damaged, or holds what is neither tensor nor container.
    public init(_ url: URL, source: String? = nil) throws(CheckpointError) {
        path = url.path
        do {
            mapping = try FileMapping(url)
        } catch {
            throw CheckpointError(error)
        }
        do {
            let contents = try PickledContents(mapping.bytes, source: source)
            (entries, unsupported) = (contents.entries, contents.unsupported)
            (self.source, alternatives) = (contents.source, contents.alternatives)
        } catch { throw error.of(url.path) }
    }

    /// The tensor called `name`: a view of the mapped file where it is contiguous, aligned and alone there, else a copy.
    ///
    /// Copies of shared bytes keep a change of one tensor, as training makes, from changing another.
    /// - Throws: `CheckpointError` where there is none, or it is of an unsupported kind.
    public func tensor(_ name: String) throws -> Tensor {
        guard let entry = entries[name] else {
            let reason = unsupported[name].map { "\(name) cannot be read: \($0)" }
            throw CheckpointError(path: path, message: reason ?? "there is no tensor called \(name)")
        }
        let bytes = UnsafeRawBufferPointer(rebasing: mapping.bytes[entry.range])
        let shape = entry.isContiguous ? entry.shape : [entry.range.count / entry.dtype.size]
        let view = try Tensor(viewing: bytes, dtype: entry.dtype, shape: shape, owner: mapping)
        guard !entry.isAligned || entry.isShared || !entry.isContiguous else { return view }
        let flat = try view.cloned()
        if !entry.isShared { mapping.discard(entry.range) }
        return entry.isContiguous ? flat : try flat.strided(entry.shape, entry.strides).contiguous()
    }
}

extension PickledCheckpoint: Checkpoint {
    /// Gives back the memory that reading `name` took; for a tensor that was copied, and of which no view is in use.
    ///
    /// Does nothing for a name that is not in the file, nor for bytes that another tensor shares.
    public func discard(_ name: String) {
        if let entry = entries[name], !entry.isShared { mapping.discard(entry.range) }
    }

    /// Dtype and shape of every tensor that can be read, by name.
    public var directory: [String: CheckpointEntry] {
        entries.mapValues { CheckpointEntry(dtype: $0.dtype, shape: $0.shape) }
    }
}
