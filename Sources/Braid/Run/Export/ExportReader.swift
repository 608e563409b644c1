internal import Foundation
internal import Torch

/// Reads back what `EmbeddingExport` wrote, some rows at a time.
struct ExportReader {
    /// One kind of embedding, as the index has it.
    typealias Embedding = ExportIndex.Plan.Embedding

    /// Some rows: their ids, their embeddings `[N, D]`, and which of them have one.
    struct Rows {
        let ids: [String]
        let values: Tensor
        let isPresent: [Bool]
    }

    let folder: URL
    let embeddings: [Embedding]
    /// How many rows there are.
    let count: Int
    private let stems: [String]

    private struct Index: Decodable {
        struct Part: Decodable {
            let stem: String
        }
        let format: String
        let rows: Int
        let embeddings: [Embedding]
        let parts: [Part]
    }

    /// Opens a folder.
    ///
    /// - Throws: `BraidError` where it is no finished export, or one in another format than safetensors.
    init(_ folder: URL) throws {
        let file = folder.appendingPathComponent("index.json")
        guard FileManager.default.fileExists(atPath: file.path) else {
            let isBegun = FileManager.default.fileExists(atPath: folder.appendingPathComponent("plan.json").path)
            throw BraidError(
                .noInput,
                "\(folder.path) "
                    + (isBegun
                        ? "holds embeddings that are not finished: go on with braid embed --resume"
                        : "is no folder of braid embed: there is no index.json"))
        }
        let index = try JSONText.decode(JSONText.read(file), file: file.path, as: Index.self)
        guard index.format == EmbeddingExport.Format.safetensors.rawValue else {
            throw BraidError(.badData, "\(folder.path) is in \(index.format); write the embeddings with --format safetensors")
        }
        let stems = index.parts.map(\.stem)
        guard stems.allSatisfy({ !$0.contains("/") && !$0.hasPrefix(".") }) else {
            throw BraidError(.badData, "\(file.path): a part lies outside the folder")
        }
        (self.folder, embeddings, count, self.stems) = (folder, index.embeddings, index.rows, stems)
    }

    /// Calls `body` with part after part of one kind of embedding.
    ///
    /// - Throws: `BraidError` where a part is not as the index says, or an embedding is not finite; what `body` throws.
    func forEach(_ embedding: Embedding, _ body: (Rows) throws -> Void) throws {
        for stem in stems {
            let url = folder.appendingPathComponent("\(stem).safetensors")
            let idFile = ExportedPart.idFile(folder, stem)
            guard let data = try? InputFile.document(idFile, ""), let text = String(validating: data, as: UTF8.self) else {
                throw BraidError(.noInput, "\(url.path): its ids are missing: \(stem).ids.txt")
            }
            let ids = text.split(separator: "\n").map(String.init)
            let file = try SafetensorsFile(url)
            let values = try file.tensor(embedding.name)
            let flags = "\(embedding.name)_present"
            let present = try file.entries[flags] == nil ? nil : file.tensor(flags).array(of: UInt8.self)
            guard values.shape == [ids.count, embedding.dimension], present?.count ?? ids.count == ids.count else {
                throw BraidError(
                    .badData, "\(url.path): has not the \(ids.count) rows of \(embedding.dimension) that the index says")
            }
            let sums = try values.absolute().sum([1]).converted(to: .float32).array(of: Float.self)
            if let row = sums.indices.first(where: { !sums[$0].isFinite && present?[$0] != 0 }) {
                throw BraidError(
                    .badData, "\(url.path): the \(embedding.name) embedding of \(ids[row]) is not finite; embed the rows anew")
            }
            try body(Rows(ids: ids, values: values, isPresent: present?.map { $0 != 0 } ?? ids.map { _ in true }))
        }
    }
}
