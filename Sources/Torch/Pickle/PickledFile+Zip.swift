// The format since PyTorch 1.6: a zip archive with one folder.
extension PickledFile {
    /// `FOLDER/data.pkl` is the pickle, `FOLDER/data/KEY` are the storages.
    ///
    /// Source: `_save` and `_load` of `torch/serialization.py`.
    init(archive bytes: UnsafeRawBufferPointer) throws(Refusal) {
        let entries = try ZipDirectory(bytes).entries
        let pickles = entries.filter { $0.name.hasSuffix("/data.pkl") && $0.name.split(separator: "/").count == 2 }
        guard let pickle = pickles.first, pickles.count == 1 else { throw Self.unknownArchive(entries) }
        let folder = String(pickle.name.dropLast("data.pkl".count))
        guard !entries.contains(where: { $0.name == folder + "constants.pkl" || $0.name.hasPrefix(folder + "code/") }) else {
            throw Refusal(
                """
                is a TorchScript archive (torch.jit.save), which holds code. Save its weights in Python: \
                torch.save(torch.jit.load(path).state_dict(), "weights.pth")
                """)
        }
        if let order = entries.first(where: { $0.name == folder + "byteorder" }) {
            let name = String(decoding: bytes[order.range].prefix(20), as: UTF8.self)
            guard name == "little" else { throw Refusal("was saved with the byte order \(shown(name)), expected little") }
        }
        var storages: [String: Range<Int>] = [:]
        let prefix = folder + "data/"
        for entry in entries where entry.name.hasPrefix(prefix) {
            storages[String(entry.name.dropFirst(prefix.count))] = entry.range
        }
        var unpickler = try Unpickler(bytes, pickle.range)
        let root = try unpickler.run()
        self.init(heap: unpickler.heap, root: root, storages: storages, pickleSize: pickle.range.count)
    }

    private static func unknownArchive(_ entries: [ZipDirectory.Entry]) -> Refusal {
        if entries.contains(where: { $0.name.hasSuffix(".npy") }) {
            return Refusal("is an archive of NumPy arrays (.npz), no checkpoint: save its arrays as safetensors")
        }
        return Refusal("is a zip archive, but not one of torch.save: it has no FOLDER/data.pkl")
    }
}
