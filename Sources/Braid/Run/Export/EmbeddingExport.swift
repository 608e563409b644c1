public import Foundation
internal import Torch

/// Writes the embeddings of a manifest's samples to disk: those of each modality and the fused ones, with ids and presence.
///
/// It works a part at a time: memory does not grow with the manifest, and where the work ends early whole parts stay, to go on
/// from.
public struct EmbeddingExport {
    /// The file format that embeddings are written in.
    public enum Format: String, CaseIterable, Sendable {
        /// One safetensors file a part, one NumPy file an array, one table with a column a value, or one JSON object a line.
        case safetensors, npy, csv, jsonl
    }

    /// Which embeddings of a model are written.
    public struct Selection: Sendable {
        /// The modalities whose own embeddings are written.
        public let modalities: Set<Modality>
        /// Whether the fused embeddings are written too.
        public let fused: Bool

        /// Makes one from its parts.
        public init(modalities: Set<Modality>, fused: Bool) {
            self.modalities = modalities
            self.fused = fused
        }
    }

    /// Where embeddings go, and in what form.
    public struct Output: Sendable {
        /// The folder to write; it is made where it does not exist.
        public var folder: URL
        /// The file format.
        public var format: Format
        /// The most rows of a part, which are what is in memory at a time.
        public var partSize: Int
        /// Whether to go on with what an earlier export left in the folder.
        public var resumes: Bool

        /// Makes one from its parts.
        public init(_ folder: URL, format: Format = .safetensors, partSize: Int = 4096, resumes: Bool = false) {
            (self.folder, self.format, self.partSize, self.resumes) = (folder, format, partSize, resumes)
        }
    }

    private let stream: SampleStream
    private let encoders: [ModalityEncoder]
    /// With the model's file, where fused embeddings are wanted.
    private let fusing: (model: FusionModel, file: URL)?
    private let options: Inference.Options
    private let device: Device

    /// Prepares to write the embeddings of a trained model.
    ///
    /// - Parameters:
    ///   - folder: The model's folder, or the run's that holds it.
    ///   - manifest: The file that names the samples.
    ///   - split: Only its samples are taken; nil takes all.
    ///   - selection: Which of the model's embeddings are written.
    ///   - options: How the model is used.
    /// - Throws: `BraidError` where the model lacks a modality that is asked for, or the split has no sample; else the error of the
    ///   model or manifest that cannot be read.
    public init(
        model folder: URL, manifest: URL, split: Split? = nil, selection: Selection, _ options: Inference.Options
    ) throws {
        device = try options.device.resolve()
        let model = try ModelFolder.read(folder, device: device, reporter: options.reporter)
        for modality in selection.modalities where !model.modalities.contains(modality) {
            throw BraidError(
                .usage, "--modality \(modality): the model has only \(model.modalities.map(\.rawValue).joined(separator: ", "))")
        }
        let settings = model.settings
        stream = try SampleStream(
            manifest, columns: settings.columns, given: options.columns, split: split, splits: settings.splits,
            stratum: settings.heads.stratum,
            onBadSample: options.onBadSample, reporter: options.reporter)
        guard stream.count > 0 else {
            throw BraidError(.badData, "\(manifest.lastPathComponent) has no sample in split \(split?.rawValue ?? "")")
        }
        encoders = model.modalities.filter(selection.modalities.contains).compactMap { model.encoders[$0] }
        fusing = selection.fused ? (model, try ModelFolder.weights(in: folder)) : nil
        self.options = options
    }

    /// Prepares to write the embeddings of a configuration's encoders, before any training.
    ///
    /// `modalities` are those to write; what the configuration does not have is left out.
    ///
    /// - Throws: The error of the manifest that cannot be read, or of the encoder that cannot be built.
    public init(configuration: Configuration, manifest: URL, modalities: Set<Modality>, _ options: Inference.Options) throws {
        let device = try options.device.resolve()
        stream = try SampleStream(
            manifest, columns: configuration.columns, given: options.columns, stratum: configuration.heads.stratum,
            onBadSample: options.onBadSample, reporter: options.reporter)
        // Nothing is trained here: whatever the configuration trains, its encoder is used as it comes.
        let described = try configuration.frozen().fittingTables(options.reporter)
        encoders = try described.modalities.filter { modalities.contains($0.key) }.map { modality, asked in
            try ModalityEncoder(modality, asked, relativeTo: configuration.folder, device: device, reporter: options.reporter)
        }.sorted { $0.modality < $1.modality }
        fusing = nil
        self.device = device
        self.options = options
    }

    /// Writes the parts that are missing, and then the index.
    ///
    /// - Throws: `BraidError` where the folder holds an export already, or one of another plan, or where a sample is bad and the
    ///   policy is to fail. Whole parts stay.
    public func write(to output: Output) throws {
        for note in stream.notes { options.reporter.note(note) }
        let plan = try plan(output)
        let index = try ExportIndex(output, plan: plan)
        defer { index.close() }
        let parts = (stream.count + output.partSize - 1) / output.partSize
        let media = encoders.reduce(0) { $0 + (stream.media[$1.modality] ?? 0) }
        let progress = options.reporter.begin("embedding media", total: media)
        var extractor = try EmbeddingExtractor(
            manifest: stream.url, onBadSample: options.onBadSample, reporter: options.reporter, cache: options.embeddingCache(),
            progress: progress)
        let shards = OpenShards()
        extractor.shards = shards
        defer { shards.finish() }
        var rows: [Int] = []
        try stream.forEach(output.partSize) { samples in
            try options.reporter.checkStopping()
            let stem = ExportIndex.stem(rows.count)
            if let done = index.rows(of: stem) {
                rows.append(done)
                progress.advance(by: encoders.reduce(0) { sum, encoder in sum + samples.count { $0.has(encoder.modality) } })
                return
            }
            let part = try part(samples, extractor)
            try part.write(to: output.folder, stem, output.format)
            rows.append(part.ids.count)
            extractor.reportsPrecision = false
            // What each part leaves in pieces would add up over many of them.
            giveBackFreedMemory()
        }
        progress.finish("of \(counted(stream.count, "row")), \(counted(parts, "part"))")
        try index.finish(rows: rows)
    }

    private func part(_ samples: [Sample], _ extractor: EmbeddingExtractor) throws -> ExportedPart {
        guard let fusing else {
            let result = try extractor.extract(samples, encoders)
            let blocks = try encoders.compactMap { encoder in
                try result.rows[encoder.modality].map {
                    ExportedPart.Block(name: encoder.modality.rawValue, values: try $0.pooled(), presence: $0.presence)
                }
            }
            return ExportedPart(ids: result.samples.map(\.id), blocks: blocks)
        }
        try fusing.model.checkTakes(samples, stream.url)
        let dataset = try BatchSource(
            samples, Array(fusing.model.encoders.values), tokens: fusing.model.tokenBudget, extractor, device: device)
        var blocks = try encoders.compactMap { encoder in
            try dataset.embeddings[encoder.modality].map { rows in
                ExportedPart.Block(name: encoder.modality.rawValue, values: try rows.pooled(), presence: rows.presence)
            }
        }
        blocks.append(.init(name: "fused", values: try fusing.model.fused(dataset), presence: nil))
        return ExportedPart(ids: dataset.samples.map(\.id), blocks: blocks)
    }

    private func plan(_ output: Output) throws -> ExportIndex.Plan {
        var embeddings = try encoders.map { encoder in
            ExportIndex.Plan.Embedding(
                name: encoder.modality.rawValue, dimension: encoder.encoder.dimension,
                encoder: "\(encoder.architecture), \(encoder.shownName)", sha256: try encoder.fingerprint() ?? "random",
                modality: encoder.modality.isPlain ? nil : encoder.modality.stored)
        }
        if let fusing {
            embeddings.append(
                .init(
                    name: "fused", dimension: fusing.model.fusedDimension,
                    encoder: "\(fusing.model.settings.fusion.kind.name) fusion", sha256: try Fingerprint.of(fusing.file)))
        }
        return ExportIndex.Plan(
            format: output.format.rawValue, partSize: output.partSize, samples: stream.count,
            manifestSHA256: try Fingerprint.of(stream.url), embeddings: embeddings,
            choices: device == .cpu ? try RememberedChoices.all() : nil)
    }
}
