internal import Foundation

/// Parses and checks a safetensors header.
struct SafetensorsHeader {
    private let bytes: UnsafeRawBufferPointer
    private let path: String

    /// The published limit of the reference implementation.
    static let largestHeader = 100_000_000

    /// The format's names. Those of dtypes that nothing here computes with are absent on purpose.
    static let names: [String: DType] = [
        "U8": .uint8, "I8": .int8, "I16": .int16, "I32": .int32, "I64": .int64, "F16": .float16, "F32": .float32,
        "F64": .float64, "BOOL": .bool, "BF16": .bfloat16,
    ]

    init(_ bytes: UnsafeRawBufferPointer, path: String) {
        self.bytes = bytes
        self.path = path
    }

    func parse() throws -> ([String: SafetensorsFile.Entry], [String: String]) {
        guard bytes.count >= 8 else { throw fault("is too short for a safetensors file (\(bytes.count) bytes)") }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(Self.largestHeader), Int(length) <= bytes.count - 8 else {
            throw fault("is not a safetensors file, or is cut off: its header claims \(length) of \(bytes.count) bytes")
        }
        let start = 8 + Int(length)
        guard
            let header = try? JSONSerialization.jsonObject(with: Data(bytes[8..<start])),
            let object = header as? [String: Any]
        else { throw fault("the header is not a JSON object") }

        var entries: [String: SafetensorsFile.Entry] = [:]
        var metadata: [String: String] = [:]
        for (name, value) in object {
            if name == "__metadata__" {
                guard let texts = value as? [String: String] else { throw fault("__metadata__ must map names to texts") }
                metadata = texts
            } else {
                entries[name] = try entry(name, value, dataStart: start)
            }
        }
        try checkCoverage(entries, dataStart: start)
        return (entries, metadata)
    }

    private func entry(_ name: String, _ value: Any, dataStart: Int) throws -> SafetensorsFile.Entry {
        guard
            let fields = value as? [String: Any], let dtypeName = fields["dtype"] as? String,
            let shape = fields["shape"] as? [Int], let offsets = fields["data_offsets"] as? [Int], offsets.count == 2
        else { throw fault("\(name): expected dtype, shape and data_offsets") }
        guard let dtype = Self.names[dtypeName] else { throw fault("\(name): dtype \(dtypeName) is not supported") }
        let size = shape.reduce(Optional(dtype.size)) { product, size in
            guard let product, size >= 0 else { return nil }
            let (result, overflow) = product.multipliedReportingOverflow(by: size)
            return overflow ? nil : result
        }
        let available = bytes.count - dataStart
        guard let size, offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= available, offsets[1] - offsets[0] == size
        else { throw fault("\(name): bytes \(offsets[0])..<\(offsets[1]) of \(available) do not hold \(dtypeName) \(shape)") }
        return .init(dtype: dtype, shape: shape, range: dataStart + offsets[0]..<dataStart + offsets[1])
    }

    /// No two tensors share bytes and none are left over, as the format asks.
    private func checkCoverage(_ entries: [String: SafetensorsFile.Entry], dataStart: Int) throws {
        var end = dataStart
        for (name, entry) in entries.sorted(by: {
            ($0.value.range.lowerBound, $0.value.range.upperBound) < ($1.value.range.lowerBound, $1.value.range.upperBound)
        }) {
            guard entry.range.lowerBound == end else { throw fault("\(name): its bytes overlap another tensor's or leave a gap") }
            end = entry.range.upperBound
        }
        guard end == bytes.count else { throw fault("has \(bytes.count - end) bytes behind the last tensor, or is cut off") }
    }

    private func fault(_ message: String) -> SafetensorsError { SafetensorsError(path: path, message: message) }
}
