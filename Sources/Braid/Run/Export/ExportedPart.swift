internal import Foundation
internal import Torch

/// The embeddings of some samples, as one part of an export.
struct ExportedPart {
    /// One kind of embedding.
    struct Block {
        let name: String
        /// The embeddings, `[N, D]`.
        let values: Tensor
        /// Which samples have this kind of embedding; nil where every one has it.
        let presence: [Bool]?
    }

    let ids: [String]
    let blocks: [Block]

    /// Writes `STEM.…` in `folder`, the ids last: a part that has them is whole.
    func write(to folder: URL, _ stem: String, _ format: EmbeddingExport.Format) throws {
        switch format {
        case .safetensors: try writeSafetensors(folder.appendingPathComponent("\(stem).safetensors"))
        case .npy: try writeNumPy(folder, stem)
        case .csv: try writeCSV(folder.appendingPathComponent("\(stem).csv"))
        case .jsonl: try writeJSONLines(folder.appendingPathComponent("\(stem).jsonl"))
        }
        try AtomicFile.write(ids.map { $0 + "\n" }.joined(), to: Self.idFile(folder, stem))
    }

    static func idFile(_ folder: URL, _ stem: String) -> URL { folder.appendingPathComponent("\(stem).ids.txt") }

    private func writeSafetensors(_ url: URL) throws {
        var tensors: [(name: String, tensor: Tensor)] = []
        for block in blocks {
            tensors.append((block.name, block.values))
            if let presence = block.presence {
                tensors.append(("\(block.name)_present", try Tensor(Self.bytes(presence), shape: [presence.count])))
            }
        }
        try SafetensorsWriter.write(tensors, to: url)
    }

    /// One file an array: NumPy's format holds no more.
    private func writeNumPy(_ folder: URL, _ stem: String) throws {
        for block in blocks {
            let values = folder.appendingPathComponent("\(stem).\(block.name).npy")
            try AtomicFile.write(try Self.npy(block.values.bytes(), "<f4", block.values.shape), to: values)
            guard let presence = block.presence else { continue }
            let file = folder.appendingPathComponent("\(stem).\(block.name)_present.npy")
            try AtomicFile.write(Self.npy(Self.bytes(presence), "|u1", [presence.count]), to: file)
        }
    }

    private func writeCSV(_ url: URL) throws {
        let rows = try blocks.map { try $0.values.array() as [Float] }
        try AtomicFile.write(to: url) { file in
            let header = blocks.flatMap { block in
                (block.presence == nil ? [] : ["\(block.name)_present"]) + (0..<block.values.shape[1]).map { "\(block.name)_\($0)" }
            }
            try file.write(contentsOf: Data(((["id"] + header).joined(separator: ",") + "\n").utf8))
            for (row, id) in ids.enumerated() {
                var cells = [DelimitedText.quoted(id)]
                for (block, values) in zip(blocks, rows) {
                    let dimension = block.values.shape[1]
                    if let presence = block.presence { cells.append(presence[row] ? "1" : "0") }
                    cells += values[row * dimension..<(row + 1) * dimension].map { "\($0)" }
                }
                try file.write(contentsOf: Data((cells.joined(separator: ",") + "\n").utf8))
            }
        }
    }

    private func writeJSONLines(_ url: URL) throws {
        let rows = try blocks.map { try $0.values.array() as [Float] }
        try AtomicFile.write(to: url) { file in
            for (row, id) in ids.enumerated() {
                var fields = ["\"id\":\(try Self.json(id))"]
                for (block, values) in zip(blocks, rows) {
                    let dimension = block.values.shape[1]
                    let isPresent = block.presence?[row] ?? true
                    let list = values[row * dimension..<(row + 1) * dimension].map { "\($0)" }.joined(separator: ",")
                    fields.append("\"\(block.name)\":" + (isPresent ? "[\(list)]" : "null"))
                }
                try file.write(contentsOf: Data("{\(fields.joined(separator: ","))}\n".utf8))
            }
        }
    }

    private static func bytes(_ flags: [Bool]) -> [UInt8] { flags.map { $0 ? 1 : 0 } }

    private static func json(_ text: String) throws -> String {
        String(decoding: try JSONSerialization.data(withJSONObject: text, options: [.fragmentsAllowed]), as: UTF8.self)
    }

    /// NumPy's format, version 1.0: the header is padded so that the data start at a multiple of 64.
    private static func npy(_ data: [UInt8], _ dtype: String, _ shape: [Int]) -> Data {
        let dimensions = shape.map { "\($0)," }.joined()
        var header = "{'descr': '\(dtype)', 'fortran_order': False, 'shape': (\(dimensions)), }"
        header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
        let length = withUnsafeBytes(of: UInt16(header.utf8.count).littleEndian) { Data($0) }
        return Data([0x93] + Array("NUMPY".utf8) + [1, 0]) + length + Data(header.utf8) + Data(data)
    }
}
