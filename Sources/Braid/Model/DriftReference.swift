internal import Foundation
internal import Torch

/// What a model keeps of its training's data, so that later data can be held against them: embeddings of some rows, and counts.
///
/// Embeddings of what people said, wrote or look like are data about these people: `training.drift_reference: 0` keeps none.
struct DriftReference {
    /// Embeddings of some rows.
    struct Part {
        /// Float32 `[N, D]`.
        let rows: Tensor
        /// Which of the rows belong together, by number: those of one group have one number.
        let units: [Int]
    }

    /// What is known of a head whose classes exclude each other.
    struct Head: Codable, Equatable {
        let name: String
        let classes: [String]
        /// Of rows that the model has not learnt from, `[true][predicted]`.
        let confusion: [[Int]]
        /// The class predicted for each of the fused rows, by number.
        let predicted: [Int]
    }

    /// What is counted.
    struct Statistics: Codable, Equatable {
        /// Rows of all splits.
        let rows: Int
        /// How many of them have a modality, by its name.
        let present: [String: Int]
        /// How many rows of each split the embeddings are of, by its name.
        let splits: [String: Int]
        let heads: [Head]
    }

    static let fileName = "drift.safetensors"
    /// A modality that fewer rows have is not compared.
    static let fewest = 10
    /// What the fused embeddings are called, beside the modalities' names.
    static let fused = "fused"
    private static let version = "1"

    let statistics: Statistics
    /// By modality's name, and `fused`; what too few rows have is not there.
    let parts: [String: Part]
}

extension DriftReference {
    func write(to url: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let text = String(decoding: try encoder.encode(statistics), as: UTF8.self)
        let tensors = try parts.sorted { $0.key < $1.key }.flatMap { name, part in
            [
                (name: name, tensor: part.rows),
                (name: "\(name).units", tensor: try Tensor(part.units.map(Int64.init), shape: [part.units.count])),
            ]
        }
        // A file with no tensor at all is refused by readers that check offsets: the count stands for itself.
        let count = try Tensor([Int64(statistics.rows)], shape: [1])
        try SafetensorsWriter.write(
            [(name: "rows", tensor: count)] + tensors, metadata: ["format_version": Self.version, "statistics": text], to: url)
    }

    /// nil where a model has no such file.
    ///
    /// - Throws: `BraidError` where the file is damaged.
    static func read(_ url: URL) throws -> DriftReference? {
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        let file = try SafetensorsFile(url)
        guard file.metadata["format_version"] == version, let text = file.metadata["statistics"],
            // Of many classes the confusions are many; the header's own limit bounds them.
            let statistics = try? JSONText.decode(
                Data(text.utf8), file: url.path, as: Statistics.self, values: Limit.headerBytes.value)
        else {
            throw BraidError(.badData, "\(url.path): is not what this Braid (\(Version.current)) writes; train the model again")
        }
        var parts: [String: Part] = [:]
        for (name, entry) in file.entries where !name.hasSuffix(".units") && name != "rows" {
            guard let units = file.entries["\(name).units"], entry.shape.count == 2, entry.dtype == .float32,
                units.shape == [entry.shape[0]], units.dtype == .int64
            else { throw BraidError(.badData, "\(url.path): \(name) is not a table of rows and their units") }
            let numbers = try file.tensor("\(name).units").array(of: Int64.self)
            parts[name] = Part(rows: try file.tensor(name), units: numbers.map(Int.init))
        }
        return DriftReference(statistics: statistics, parts: parts)
    }
}
