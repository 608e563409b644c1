public import Foundation
internal import Torch

/// Writes embeddings of a manifest's samples to disk: per modality and fused, with ids and presence.
public struct EmbeddingExport {
    /// How embeddings are written.
    public enum Format: String, CaseIterable, Sendable {
        case safetensors, npy, csv, jsonl
    }

    /// One kind of embedding.
    struct Block {
        let name: String
        /// `[N, D]`.
        let values: Tensor
        /// nil where every sample has it.
        let presence: [Bool]?
        let encoder: String
        let fingerprint: String
    }

    let ids: [String]
    let blocks: [Block]

    /// What to extract: modalities, and the fused embedding.
    public struct Selection: Sendable {
        public let modalities: Set<Modality>
        public let fused: Bool

        public init(modalities: Set<Modality>, fused: Bool) {
            self.modalities = modalities
            self.fused = fused
        }
    }

    /// The embeddings of a trained model.
    public init(model folder: URL, manifest: URL, rows: Inference.Rows, selection: Selection, _ options: Inference.Options) throws {
        let inference = try Inference(model: folder, manifest: manifest, rows: rows, needsLabels: false, options)
        let model = inference.model
        for modality in selection.modalities where !model.modalities.contains(modality) {
            throw BraidError(
                .usage, "--modality \(modality): the model has only \(model.modalities.map(\.rawValue).joined(separator: ", "))")
        }
        ids = inference.samples.map(\.id)
        var blocks = try model.modalities.enumerated().compactMap { column, modality -> Block? in
            guard selection.modalities.contains(modality), let encoder = model.encoders[modality],
                let values = inference.dataset.embeddings[modality]
            else { return nil }
            return try Block(encoder, values.pooled, inference.dataset.presence.map { $0[column] })
        }
        if selection.fused {
            let weights = folder.appendingPathComponent("model/model.safetensors")
            let file =
                FileManager.default.fileExists(atPath: weights.path) ? weights : folder.appendingPathComponent("model.safetensors")
            blocks.append(
                Block(
                    name: "fused", values: try inference.fused(), presence: nil,
                    encoder: "\(model.settings.fusion.type.rawValue) fusion", fingerprint: try Fingerprint.of(file)))
        }
        self.blocks = blocks
    }

    /// The embeddings of a configuration's encoders, before any training.
    public init(configuration: Configuration, manifest: URL, modalities: Set<Modality>, _ options: Inference.Options) throws {
        let device = try options.device.resolve()
        let read = try Manifest.read(
            manifest, columns: configuration.columns, adaptsColumns: true, stratum: configuration.heads.stratum, needsLabels: false,
            onBadSample: options.onBadSample)
        let encoders = try configuration.modalities.filter { modalities.contains($0.key) }.map { modality, asked in
            // Nothing is trained here: whatever the configuration trains, its encoder is used as it comes.
            var asked = asked
            asked.train = .none
            return try ModalityEncoder(
                modality, asked, relativeTo: configuration.folder, device: device, style: options.style)
        }.sorted { $0.modality < $1.modality }
        let extractor = EmbeddingExtractor(manifest: manifest, onBadSample: options.onBadSample, style: options.style)
        let result = try extractor.extract(read.samples, encoders)
        ids = result.samples.map(\.id)
        blocks = try encoders.compactMap { encoder in
            try result.rows[encoder.modality].map { try Block(encoder, $0.pooled, $0.presence) }
        }
    }

    /// Writes one part and the index.
    public func write(to folder: URL, format: Format) throws {
        guard !FileManager.default.fileExists(atPath: folder.appendingPathComponent("index.json").path) else {
            throw BraidError(.cannotCreate, "\(folder.path) holds embeddings already; name another folder, or remove it")
        }
        do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
            throw BraidError(.cannotCreate, "\(folder.path) cannot be created: \(error.localizedDescription)")
        }
        let stem = "part-00000"
        switch format {
        case .safetensors: try writeSafetensors(folder.appendingPathComponent("\(stem).safetensors"))
        case .npy: try writeNumPy(folder, stem)
        case .csv: try writeCSV(folder.appendingPathComponent("\(stem).csv"))
        case .jsonl: try writeJSONLines(folder.appendingPathComponent("\(stem).jsonl"))
        }
        try AtomicFile.write(ids.map { $0 + "\n" }.joined(), to: folder.appendingPathComponent("\(stem).ids.txt"))
        try writeIndex(folder, stem, format)
    }

    private func writeIndex(_ folder: URL, _ stem: String, _ format: Format) throws {
        let entries = blocks.map { block in
            ["name": block.name, "dimension": block.values.shape[1], "encoder": block.encoder, "sha256": block.fingerprint]
                as [String: Any]
        }
        let index: [String: Any] = [
            "format": format.rawValue, "rows": ids.count, "embeddings": entries,
            "parts": [["stem": stem, "rows": ids.count] as [String: Any]], "braid_version": Version.current,
        ]
        let data = try JSONSerialization.data(withJSONObject: index, options: [.prettyPrinted, .sortedKeys])
        try AtomicFile.write(data, to: folder.appendingPathComponent("index.json"))
    }
}

extension EmbeddingExport.Block {
    init(_ encoder: ModalityEncoder, _ values: Tensor, _ presence: [Bool]) throws {
        self.init(
            name: encoder.modality.rawValue, values: values, presence: presence,
            encoder: "\(encoder.architecture), \(encoder.name)",
            fingerprint: try encoder.fingerprint() ?? "random")
    }
}
