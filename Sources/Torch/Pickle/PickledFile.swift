/// What a file of `torch.save` holds, tensors by reference: the pickled value, and where the storages lie.
struct PickledFile {
    let heap: PickleHeap
    let root: PickleValue
    /// Bytes from the start of the file, by the storage's key.
    let storages: [String: Range<Int>]
    /// Bytes of the pickle: no honest one has more objects.
    let pickleSize: Int

    /// Reads either of the two formats.
    ///
    /// - Throws: `Refusal` where the bytes are neither, are damaged, or hold what is neither tensor nor container.
    init(_ bytes: UnsafeRawBufferPointer) throws(Refusal) {
        switch CheckpointFormat(bytes) {
        case .zip: self = try PickledFile(archive: bytes)
        case .pickle: self = try PickledFile(legacy: bytes)
        case .safetensors:
            throw Refusal("is a safetensors file whatever its name says: open it as one, or give it the extension .safetensors")
        case .index: throw Refusal("is JSON, no checkpoint: if it is the index of one in several files, open it as that")
        case .other(let what): throw Refusal(what)
        }
    }

    init(heap: PickleHeap, root: PickleValue, storages: [String: Range<Int>], pickleSize: Int) {
        self.heap = heap
        self.root = root
        self.storages = storages
        self.pickleSize = pickleSize
    }
}
