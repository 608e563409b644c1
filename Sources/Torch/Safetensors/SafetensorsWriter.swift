internal import BraidSupport
public import Foundation

/// Writes safetensors files.
public enum SafetensorsWriter {
    /// Writes `tensors` in their order. The file appears whole or not at all: it is written beside its place, synced, renamed.
    ///
    /// The texts of `metadata` stand beside the tensors, as the header's `__metadata__`.
    ///
    /// - Throws: `SafetensorsError` where a name comes twice or a dtype cannot be stored; `FileWriteError` where the file
    ///   cannot be written.
    public static func write(
        _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:], to url: URL
    ) throws {
        var header: [String: Any] = metadata.isEmpty ? [:] : ["__metadata__": metadata]
        var offset = 0
        for (name, tensor) in tensors {
            guard let dtype = SafetensorsHeader.names.first(where: { $0.value == tensor.dtype })?.key else {
                throw SafetensorsError(path: url.path, message: "\(name): \(tensor.dtype) cannot be stored")
            }
            guard header[name] == nil else { throw SafetensorsError(path: url.path, message: "\(name) is there twice") }
            let size = tensor.count * tensor.dtype.size
            header[name] = ["dtype": dtype, "shape": tensor.shape, "data_offsets": [offset, offset + size]] as [String: Any]
            offset += size
        }
        var json = try JSONSerialization.data(withJSONObject: header, options: [.sortedKeys])
        // The data starts at a multiple of 8, so that a reader can map it in place.
        json.append(contentsOf: [UInt8](repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8))

        try AtomicFile.write(to: url) { file in
            try withUnsafeBytes(of: UInt64(json.count).littleEndian) { try file.write(contentsOf: Data($0)) }
            try file.write(contentsOf: json)
            for (_, tensor) in tensors where tensor.count > 0 {
                var bytes = try tensor.bytes()
                try bytes.withUnsafeMutableBytes { all in
                    guard let base = all.baseAddress else { return }
                    try file.write(contentsOf: Data(bytesNoCopy: base, count: all.count, deallocator: .none))
                }
            }
        }
    }
}
