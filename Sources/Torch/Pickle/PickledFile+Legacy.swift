// The format before PyTorch 1.6: pickles one behind another, then the storages.
extension PickledFile {
    /// A magic number, a version, facts of the machine, the value, the storages' keys; then each storage's count and bytes.
    ///
    /// Source: `_legacy_save` and `_legacy_load` of `torch/serialization.py`.
    init(legacy bytes: UnsafeRawBufferPointer) throws(Refusal) {
        var end = 0
        func next() throws(Refusal) -> (heap: PickleHeap, value: PickleValue) {
            var unpickler = try Unpickler(bytes, end..<bytes.count)
            let value = try unpickler.run()
            end = unpickler.reader.position
            return (unpickler.heap, value)
        }

        guard case .long(Self.magic) = try next().value else {
            throw Refusal("is a pickle, but not one of torch.save. \(Refusal.nothingExecuted)")
        }
        guard case .int(1001) = try next().value else { throw Refusal("is of an unknown version of torch.save's older format") }
        let machine = try next()
        guard Self.isLittleEndian(machine.value, machine.heap) else {
            throw Refusal("was saved with the byte order big, expected little")
        }
        let start = end
        let (heap, root) = try next()
        let pickleSize = end - start
        let keys = try next()
        guard let keys = keys.heap.sequence(keys.value) else { throw .damaged("it has no list of its storages") }
        let storages = try Self.storages(keys, heap, ByteReader(bytes, at: end, name: "the list of storages"))
        self.init(heap: heap, root: root, storages: storages, pickleSize: pickleSize)
    }

    /// `0x1950a86a20f9469cfc6c`.
    private static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]

    private static func isLittleEndian(_ machine: PickleValue, _ heap: PickleHeap) -> Bool {
        guard case .dictionary(let index) = machine else { return false }
        let pairs = heap.containers[index]
        for (key, value) in zip(pairs, pairs.dropFirst()) {
            if case .string("little_endian") = key, case .bool(let isLittle) = value { return isLittle }
        }
        return false
    }

    private static func storages(
        _ keys: [PickleValue], _ heap: PickleHeap, _ reader: ByteReader
    ) throws(Refusal) -> [String: Range<Int>] {
        var reader = reader
        let named = Dictionary(heap.storages.map { ($0.key, $0) }) { first, _ in first }
        var ranges: [String: Range<Int>] = [:]
        for key in keys {
            guard case .string(let key) = key, let storage = named[key] else {
                throw .damaged("its list of storages has one that no tensor is of")
            }
            let count = try reader.size(UInt64.self)
            guard count == storage.count else {
                throw .damaged("its storage \(shown(key)) has \(count) elements, expected \(storage.count)")
            }
            let (size, overflow) = count.multipliedReportingOverflow(by: storage.element.size)
            guard !overflow else { throw .damaged("its storage \(shown(key)) claims \(count) elements") }
            guard ranges.updateValue(try reader.take(size), forKey: key) == nil else {
                throw .damaged("its storage \(shown(key)) is listed twice")
            }
        }
        guard reader.remaining == 0 else { throw .damaged("\(reader.remaining) bytes are left behind its storages") }
        return ranges
    }
}
