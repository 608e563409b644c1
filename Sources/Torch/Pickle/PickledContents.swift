/// The tensors of a file of `torch.save`, each with the bytes it lies in.
struct PickledContents {
    private(set) var entries: [String: PickledCheckpoint.Entry] = [:]
    private(set) var unsupported: [String: String] = [:]
    let source: String?
    let alternatives: [String]

    /// - Throws: Where the bytes are no such file, or a tensor reaches beyond its storage or that beyond its bytes.
    init(_ bytes: UnsafeRawBufferPointer, source: String?) throws(Refusal) {
        let file = try PickledFile(bytes)
        let state = try StateDict(file, source: source)
        (self.source, alternatives) = (state.source, state.alternatives)
        for (name, index) in state.tensors.sorted(by: { $0.key < $1.key }) {
            switch file.heap.tensors[index] {
            case .refused(let reason): unsupported[name] = reason
            case .dense(let storage, let offset, let shape, let strides, let element):
                guard let dtype = element.dtype else {
                    unsupported[name] = "its dtype \(element.name) is not supported"
                    continue
                }
                let layout = try StridedLayout(shape: shape, strides: strides, name: name)
                let range = try Self.range(of: layout, offset, dtype, file.heap.storages[storage], file.storages, name)
                // What repeats its elements is bounded too, or a small file could ask for any amount of memory.
                guard layout.count <= bytes.count / dtype.size else {
                    unsupported[name] = "its \(layout.count) elements repeat fewer, and are more than the file could hold"
                    continue
                }
                entries[name] = .init(
                    dtype: dtype, shape: shape, strides: strides, range: range, isContiguous: layout.isContiguous)
            }
        }
        markShared()
    }

    /// Marks the tensors that have bytes in common.
    private mutating func markShared() {
        var last: (name: String, end: Int)?
        for (name, entry) in entries.sorted(by: { $0.value.range.lowerBound < $1.value.range.lowerBound }) {
            if let last, entry.range.lowerBound < last.end {
                entries[name]?.isShared = true
                entries[last.name]?.isShared = true
            }
            if entry.range.upperBound > last?.end ?? 0 { last = (name, entry.range.upperBound) }
        }
    }

    /// The bytes from the tensor's first element through its last.
    private static func range(
        of layout: StridedLayout, _ offset: Int, _ dtype: DType, _ storage: PickledStorage, _ storages: [String: Range<Int>],
        _ name: String
    ) throws(Refusal) -> Range<Int> {
        guard let bytes = storages[storage.key] else {
            throw .damaged("\(shown(name)) is of the storage \(shown(storage.key)), which is not there")
        }
        let (size, overflow) = storage.count.multipliedReportingOverflow(by: storage.element.size)
        guard !overflow, size <= bytes.count else {
            throw .damaged(
                "\(shown(name)) is of a storage of \(storage.count) \(storage.element.name), which has \(bytes.count) bytes")
        }
        guard layout.count > 0 else { return bytes.lowerBound..<bytes.lowerBound }
        let (first, overflowed) = storage.start.addingReportingOverflow(offset)
        let count = size / dtype.size
        guard !overflowed, first <= count, layout.extent <= count - first else {
            throw .damaged("\(shown(name)) takes \(layout.extent) elements at \(first) of a storage that has \(count)")
        }
        let start = bytes.lowerBound + first * dtype.size
        return start..<start + layout.extent * dtype.size
    }
}

/// Where the elements of a tensor lie.
private struct StridedLayout {
    let count: Int
    /// Elements from the first through the last, both included.
    let extent: Int
    let isContiguous: Bool

    init(shape: [Int], strides: [Int], name: String) throws(Refusal) {
        var (count, extent, isContiguous) = (1, 1, true)
        var overflow = false
        func checked(_ result: (partialValue: Int, overflow: Bool)) -> Int {
            overflow = overflow || result.overflow
            return result.partialValue
        }
        let isEmpty = shape.contains(0)  // Its sizes are checked nonetheless: who multiplies them must not overflow.
        for (size, stride) in zip(shape, strides).reversed() where size > 1 {
            if stride != count { isContiguous = false }
            count = checked(count.multipliedReportingOverflow(by: size))
            extent = checked(extent.addingReportingOverflow(checked((size - 1).multipliedReportingOverflow(by: stride))))
        }
        let largestElement = 16
        _ = checked(count.multipliedReportingOverflow(by: largestElement))
        guard !overflow else { throw .damaged("\(shown(name)) claims the shape \(shape) and the strides \(strides)") }
        self.count = isEmpty ? 0 : count
        self.extent = isEmpty ? 0 : extent
        self.isContiguous = isEmpty || isContiguous
    }
}
