public import Foundation
internal import Torch

/// Finds the rows of an embedding export that lie nearest to a picture, a sentence or a sound: by cosine, exactly.
public struct Retrieval {
    /// A row that was found.
    public struct Hit: Sendable, Equatable, Encodable {
        /// The row's id in the manifest.
        public let id: String
        /// The cosine of its embedding and the question's, -1 to 1.
        public let cosine: Double
    }

    private let reader: ExportReader
    private let embedding: ExportReader.Embedding
    private let weights: String
    private let base: URL
    private let options: Inference.Options

    /// Opens the export.
    ///
    /// - Parameters:
    ///   - folder: What `braid embed` wrote, in safetensors.
    ///   - modality: Which of its embeddings are searched; nil where it has those of one modality alone.
    ///   - weights: What the embeddings were made with: a file, a folder or a Hugging Face id.
    ///   - base: What a relative path is relative to.
    ///   - options: Where to compute.
    /// - Throws: `BraidError` where the folder is no finished export, or has not such embeddings.
    public init(_ folder: URL, modality: String?, weights: String, relativeTo base: URL, _ options: Inference.Options) throws {
        reader = try ExportReader(folder)
        let known = reader.embeddings.filter { $0.name != "fused" }
        let chosen = modality.map { modality in known.filter { $0.name == modality } } ?? known
        guard chosen.count == 1 else {
            let names = known.map(\.name).joined(separator: ", ")
            throw BraidError(
                .usage,
                modality.map { "--modality \($0): \(folder.path) has embeddings of \(names) only" }
                    ?? "\(folder.path) has embeddings of \(names): say which by --modality")
        }
        embedding = chosen[0]
        (self.weights, self.base, self.options) = (weights, base, options)
    }

    /// The nearest rows, the nearest first; rows that lack the modality are left out.
    ///
    /// - Parameters:
    ///   - medium: What is asked with.
    ///   - modality: What it is: that of the rows, or one whose encoder shares their space.
    ///   - count: How many rows are wanted; all there are where that is fewer.
    /// - Throws: `BraidError` where the weights are not those the rows were embedded with, or cannot embed the medium.
    public func nearest(to medium: Medium, _ modality: Modality, count: Int) throws -> [Hit] {
        let question = try embed(medium, modality).normalized()
        var best: [Hit] = []
        try withoutGradient {
            try reader.forEach(embedding) { rows in
                let cosines = try rows.values.normalized().matmul(question.transposed(0, 1)).array(of: Float.self)
                let hits = rows.ids.indices.filter { rows.isPresent[$0] }.map {
                    Hit(id: rows.ids[$0], cosine: Double(cosines[$0]))
                }
                // A stable order: of equal cosines the row that stands first in the manifest.
                best = Array(
                    (best + hits).enumerated().sorted { ($1.element.cosine, $0.offset) < ($0.element.cosine, $1.offset) }
                        .prefix(count).map(\.element))
            }
        }
        return best
    }

    /// The question's embedding, `[1, D]`.
    private func embed(_ medium: Medium, _ modality: Modality) throws -> Tensor {
        guard let rows = Modality(stored: embedding.modality ?? embedding.name) else {
            throw BraidError(.badData, "\(reader.folder.path): \(embedding.name) is no modality")
        }
        let device = try options.device.resolve()
        let (own, asking): (ModalityEncoder, ModalityEncoder)
        if modality.plain == rows.plain {
            own = try ModalityEncoder(
                rows, EncoderSettings(encoder: nil, weights: weights, train: .none), relativeTo: base, device: device,
                reporter: options.reporter)
            asking = own
        } else {
            let space = try SharedSpace(weights, relativeTo: base, device: device, reporter: options.reporter)
            guard let tower = space.tower(rows), let other = space.tower(modality) else {
                throw BraidError(
                    .usage,
                    "weights \(weights) put \(space.modality) and text into one space, but \(modality) is asked among embeddings of \(rows)"
                )
            }
            (own, asking) = (tower, other)
        }
        guard try own.fingerprint() == embedding.sha256 else {
            throw BraidError(
                .usage,
                "\(reader.folder.path): its \(rows) embeddings were made with \(embedding.encoder), and not with weights \(weights) as they are now"
            )
        }
        return try withoutGradient { try asking.encode([asking.frontEnd.prepare(medium)]).pooled }
    }

    /// Writes all rows that have the modality as an index of faiss, `IndexFlatIP` over embeddings of length 1, so that inner products are cosines.
    ///
    /// Row i of the index is line i of `ids`.
    ///
    /// - Throws: `BraidError` or `FileWriteError` where the embeddings cannot be read or the files written.
    public func writeFaiss(to index: URL, ids: URL) throws {
        var names: [String] = []
        try reader.forEach(embedding) { rows in names += zip(rows.ids, rows.isPresent).filter(\.1).map(\.0) }
        try AtomicFile.write(to: index) { file in
            try file.write(contentsOf: FaissFile.header(dimension: embedding.dimension, count: names.count))
            try reader.forEach(embedding) { rows in
                let kept = rows.isPresent.indices.filter { rows.isPresent[$0] }.map(Int64.init)
                guard !kept.isEmpty else { return }
                let values = try rows.values.rows(Tensor(kept, shape: [kept.count])).normalized()
                try file.write(contentsOf: Data(try values.bytes()))
            }
        }
        try AtomicFile.write(names.map { $0 + "\n" }.joined(), to: ids)
    }
}

extension [Retrieval.Hit] {
    /// `id` and `cosine`, a row a hit.
    public var csv: String {
        map { "\(DelimitedText.quoted($0.id)),\(String(format: "%.6f", $0.cosine))\n" }.reduce("id,cosine\n", +)
    }
}
