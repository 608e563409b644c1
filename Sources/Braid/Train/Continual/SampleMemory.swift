internal import Foundation
internal import Torch

/// Samples of earlier stages: `memory.safetensors`, in what a stage hands on.
///
/// Of encoders that are all frozen their embeddings are kept, `pooled.MODALITY` and where the fusion takes them `tokens.MODALITY` and
/// `mask.MODALITY`; else the rows say where their media are. `logits.HEAD` is what the model said of a row when it was taken in.
struct SampleMemory {
    let rows: [RememberedRow]
    /// The samples, in the order of the rows.
    let source: BatchSource
    /// `[M, C]` a head, zeros where a class was not known yet; empty where none are kept.
    let logits: [Tensor]
    /// How many logits of each head each row has, `[M][heads]`; empty where none are kept.
    let known: [[Int]]
    /// How many samples it was chosen from, over all stages.
    let seen: Int

    static let fileName = "memory.safetensors"

    /// What the file says of its rows.
    private struct Header: Codable {
        let rows: [RememberedRow]
        let known: [[Int]]
        let presence: [[Bool]]
        let keepsMedia: Bool
        /// nil in files of earlier versions.
        var seen: Int?
    }
}

extension SampleMemory {
    /// Reads what an earlier stage remembered; nil where it remembered nothing.
    ///
    /// - Parameters:
    ///   - name: The file's.
    ///   - trainsEncoders: Whether any phase of the training moves embeddings.
    ///   - keepsLogits: Whether logits of the rows are asked for.
    /// - Throws: `BraidError` where the memory is damaged, of no use to this training, or all of its media are gone.
    static func read(
        _ context: TrainingContext, name: String = fileName, trainsEncoders: Bool, keepsLogits: Bool = false
    ) throws -> SampleMemory? {
        guard let folder = context.earlier?.handedOn(ContinualKind.handedOn) else { return nil }
        let url = folder.appendingPathComponent(name)
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        let file = try SafetensorsFile(url)
        guard let text = file.metadata["memory"],
            case let header = try JSONText.decode(Data(text.utf8), file: url.path, as: Header.self),
            header.presence.count == header.rows.count,
            header.presence.allSatisfy({ $0.count == context.model.modalities.count })
        else { throw BraidError(.badData, "\(url.path): is damaged, or not the memory of a training by this version of Braid") }
        guard !header.rows.isEmpty else { return nil }
        let kept = try there(header, context)
        let logits: (all: [Tensor], known: [[Int]]) = try keepsLogits ? Self.logits(file, header, context, url) : ([], [])
        let order = try Tensor(kept.map(Int64.init), shape: [kept.count]).moved(to: context.device)
        let rows = kept.map { header.rows[$0] }
        let source =
            try header.keepsMedia
            ? context.train.reading(
                rows.map { $0.sample() }, Array(context.model.encoders.values), tokens: context.model.tokenBudget)
            : embedded(file, header, context, trainsEncoders: trainsEncoders, url)
        return SampleMemory(
            rows: rows, source: source, logits: try logits.all.map { try $0.rows(order) },
            known: logits.known.isEmpty ? [] : kept.map { logits.known[$0] }, seen: header.seen ?? header.rows.count)
    }

    /// The rows whose media are still there; those of embeddings all are.
    private static func there(_ header: Header, _ context: TrainingContext) throws -> [Int] {
        guard header.keepsMedia else { return Array(header.rows.indices) }
        let kept = header.rows.indices.filter { header.rows[$0].isThere() }
        let gone = header.rows.count - kept.count
        guard gone > 0 else { return kept }
        let example = header.rows.first { !$0.isThere() }?.id ?? ""
        let message =
            "\(gone) of \(header.rows.count) remembered samples are gone, for their media have been moved or changed (\(example), for one)"
        guard !kept.isEmpty else {
            throw BraidError(
                .noInput,
                "\(context.earlier?.name ?? ""): \(message); put them back, or take a training.continual.method that remembers no samples"
            )
        }
        context.reporter.note("\(message): the rest is replayed")
        return kept
    }

    private static func embedded(
        _ file: SafetensorsFile, _ header: Header, _ context: TrainingContext, trainsEncoders: Bool, _ url: URL
    ) throws -> BatchSource {
        guard !trainsEncoders else {
            throw BraidError(
                .badConfiguration,
                "\(context.earlier?.name ?? "") remembers embeddings of frozen encoders, which would mean nothing once an encoder is trained; freeze all encoders (modalities.….train: none), or begin again with a first stage that trains them, too"
            )
        }
        let model = context.model
        var parts: [Modality: EmbeddingRows] = [:]
        for (column, modality) in model.modalities.enumerated() {
            let pooled = "pooled.\(modality)"
            guard file.entries[pooled]?.shape == [header.rows.count, model.encoders[modality]?.encoder.dimension ?? 0] else {
                throw BraidError(.badData, "\(url.path): holds no \(modality) embeddings as this model's encoder gives them")
            }
            let hasTokens = model.tokenBudget != nil
            parts[modality] = try EmbeddingRows(
                pooled: file.tensor(pooled), tokens: hasTokens ? file.tensor("tokens.\(modality)") : nil,
                tokenMask: hasTokens ? file.tensor("mask.\(modality)").converted(to: .bool) : nil,
                presence: header.presence.map { $0[column] }
            ).moved(to: context.device)
        }
        return context.train.holding(header.rows.map { $0.sample() }, parts, presence: header.presence)
    }

    /// The logits and how many are known, of all rows; of a head that has got more classes the new columns are zeros.
    private static func logits(
        _ file: SafetensorsFile, _ header: Header, _ context: TrainingContext, _ url: URL
    ) throws -> (all: [Tensor], known: [[Int]]) {
        let targets = context.model.targets
        guard header.known.count == header.rows.count else {
            throw BraidError(
                .badConfiguration,
                "\(context.earlier?.name ?? "") remembers samples without what its model said of them; training.continual.method: der goes on from a stage of the same method, and replay from this one"
            )
        }
        let all = try targets.map { target -> Tensor in
            guard file.entries["logits.\(target.name)"] != nil else { return try .zeros([header.rows.count, target.outputs]) }
            let saved = try file.tensor("logits.\(target.name)")
            guard saved.shape.count == 2, saved.shape[1] <= target.outputs else {
                throw BraidError(
                    .badData, "\(url.path): holds logits \(saved.shape) of \(target.name), which has \(target.outputs)")
            }
            return try saved.padded([0, target.outputs - saved.shape[1]])
        }
        let known = header.known.map { row in targets.indices.map { $0 < row.count ? row[$0] : 0 } }
        return (try all.map { try $0.moved(to: context.device) }, known)
    }

    /// Writes it into a folder that is handed on.
    func write(into folder: URL, heads: [String], as name: String = fileName) throws {
        let keepsMedia = rows.contains { $0.media != nil }
        var tensors: [(name: String, tensor: Tensor)] = []
        if !keepsMedia {
            let all = try Tensor.range(rows.count)
            for modality in source.modalities {
                guard let part = try source.embeddings[modality]?.moved(to: .cpu).part(all) else { continue }
                tensors.append(("pooled.\(modality)", part.pooled))
                if let tokens = part.tokens { tensors.append(("tokens.\(modality)", tokens)) }
                if let mask = part.tokenMask { tensors.append(("mask.\(modality)", try mask.converted(to: .uint8))) }
            }
        }
        for (head, values) in zip(heads, logits) { tensors.append(("logits.\(head)", try values.moved(to: .cpu))) }
        let header = Header(rows: rows, known: known, presence: source.presence, keepsMedia: keepsMedia, seen: seen)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(header), as: UTF8.self)
        try SafetensorsWriter.write(
            tensors, metadata: ["memory": text], to: folder.appendingPathComponent(name))
    }
}
