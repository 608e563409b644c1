internal import BraidSupport

/// Parses and checks a safetensors header, in one pass that makes nothing but the entries.
struct SafetensorsHeader {
    private let bytes: UnsafeRawBufferPointer
    private let path: String
    private let bounds: Bounds

    /// What a header may ask for.
    struct Bounds {
        var bytes = Limit.headerBytes.value
        var tensors = Limit.tensors.value
        var nameBytes = Limit.tensorNameBytes.value
    }

    /// The published limit of the reference implementation, by which such files are told from others.
    static let largestHeader = 100_000_000

    /// libtorch's own limit.
    private static let mostDimensions = 64

    /// The format's names. Those of dtypes that nothing here computes with are absent on purpose.
    static let names: [String: DType] = [
        "U8": .uint8, "I8": .int8, "I16": .int16, "I32": .int32, "I64": .int64, "F16": .float16, "F32": .float32,
        "F64": .float64, "BOOL": .bool, "BF16": .bfloat16,
    ]

    init(_ bytes: UnsafeRawBufferPointer, path: String, bounds: Bounds = Bounds()) {
        self.bytes = bytes
        self.path = path
        self.bounds = bounds
    }

    func parse() throws -> ([String: SafetensorsFile.Entry], [String: String]) {
        guard bytes.count >= 8 else { throw fault("is too short for a safetensors file (\(bytes.count) bytes)") }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(bytes.count - 8) else {
            throw fault("is not a safetensors file, or is cut off: its header claims \(length) of \(bytes.count) bytes")
        }
        guard length <= UInt64(bounds.bytes) else {
            throw exceeded(.headerBytes, "a header of \(length) bytes", bounds.bytes)
        }
        let start = 8 + Int(length)
        var entries: [String: SafetensorsFile.Entry] = [:]
        var metadata: [String: String]?
        do {
            try UnsafeRawBufferPointer(rebasing: bytes[8..<start]).withMemoryRebound(to: UInt8.self) { text in
                var scanner = JSONScanner(text)
                try scanner.forEachField { name, scanner in
                    if name == "__metadata__" {
                        guard metadata == nil else { throw fault("__metadata__ is there twice") }
                        metadata = try texts(&scanner)
                    } else {
                        guard entries.count < bounds.tensors else {
                            throw exceeded(.tensors, "more than \(bounds.tensors) tensors", bounds.tensors)
                        }
                        let entry = try entry(name, &scanner, dataStart: start)
                        guard entries.updateValue(entry, forKey: name) == nil else { throw fault("\(shown(name)) is there twice") }
                    }
                }
                guard scanner.peek() == 0, scanner.offset == text.count else { throw scanner.fault("its end") }
            }
        } catch let fault as JSONScanner.Fault {
            throw self.fault("the header is not JSON of tensors: expected \(fault.expected) at byte \(fault.offset + 8)")
        }
        try checkCoverage(entries, dataStart: start)
        return (entries, metadata ?? [:])
    }

    /// The texts beside the tensors.
    private func texts(_ scanner: inout JSONScanner) throws -> [String: String] {
        var texts: [String: String] = [:]
        guard scanner.peek() == UInt8(ascii: "{") else { throw fault("__metadata__ must map names to texts") }
        try scanner.forEachField { name, scanner in
            guard scanner.peek() == UInt8(ascii: "\"") else { throw fault("__metadata__ must map names to texts") }
            // Every text costs some memory beside its bytes.
            guard texts.count < bounds.tensors else {
                throw exceeded(.tensors, "more than \(bounds.tensors) texts in __metadata__", bounds.tensors)
            }
            texts[name] = try scanner.text()
        }
        return texts
    }

    private func entry(_ name: String, _ scanner: inout JSONScanner, dataStart: Int) throws -> SafetensorsFile.Entry {
        guard name.utf8.count <= bounds.nameBytes else {
            throw exceeded(.tensorNameBytes, "a name of \(name.utf8.count) bytes, \(shown(name))", bounds.nameBytes)
        }
        func incomplete() -> SafetensorsError { fault("\(shown(name)): expected dtype, shape and data_offsets") }
        guard scanner.peek() == UInt8(ascii: "{") else { throw incomplete() }
        var (dtypeName, shape, offsets): (String?, [Int]?, [Int]?)
        try scanner.forEachField { field, scanner in
            switch field {
            case "dtype" where dtypeName == nil: dtypeName = try scanner.text()
            case "shape" where shape == nil: shape = try scanner.integers(atMost: Self.mostDimensions)
            case "data_offsets" where offsets == nil: offsets = try scanner.integers(atMost: 2)
            case "dtype", "shape", "data_offsets": throw fault("\(shown(name)): \(field) is there twice")
            default: try scanner.skipValue()
            }
            guard shape?.count ?? 0 <= Self.mostDimensions else {
                throw fault("\(shown(name)): has more than \(Self.mostDimensions) dimensions")
            }
            guard offsets?.count ?? 0 <= 2 else { throw incomplete() }
        }
        guard let dtypeName, let shape, let offsets, offsets.count == 2 else { throw incomplete() }
        guard let dtype = Self.names[dtypeName] else { throw fault("\(shown(name)): dtype \(shown(dtypeName)) is not supported") }
        let size = shape.reduce(Optional(dtype.size)) { product, size in
            guard let product, size >= 0 else { return nil }
            let (result, overflow) = product.multipliedReportingOverflow(by: size)
            return overflow ? nil : result
        }
        let available = bytes.count - dataStart
        guard let size, offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= available, offsets[1] - offsets[0] == size
        else {
            throw fault("\(shown(name)): bytes \(offsets[0])..<\(offsets[1]) of \(available) do not hold \(dtypeName) \(shape)")
        }
        return .init(dtype: dtype, shape: shape, range: dataStart + offsets[0]..<dataStart + offsets[1])
    }

    /// No two tensors share bytes and none are left over, as the format asks.
    private func checkCoverage(_ entries: [String: SafetensorsFile.Entry], dataStart: Int) throws {
        var end = dataStart
        for (name, entry) in entries.sorted(by: {
            ($0.value.range.lowerBound, $0.value.range.upperBound) < ($1.value.range.lowerBound, $1.value.range.upperBound)
        }) {
            guard entry.range.lowerBound == end else {
                throw fault("\(shown(name)): its bytes overlap another tensor's or leave a gap")
            }
            end = entry.range.upperBound
        }
        guard end == bytes.count else { throw fault("has \(bytes.count - end) bytes behind the last tensor, or is cut off") }
    }

    private func exceeded(_ limit: Limit, _ what: String, _ bound: Int) -> SafetensorsError {
        fault(limit.fault("has \(what)", bound: bound).message)
    }

    private func fault(_ message: String) -> SafetensorsError { SafetensorsError(path: path, message: message) }
}
