public import Foundation
internal import Torch
internal import Yams

extension Configuration {
    /// Reads a configuration file, with `--set` overrides.
    ///
    /// - Throws: `BraidError` with every fault by file, line and key.
    public static func read(_ url: URL, overrides: [String] = []) throws -> Configuration {
        if let reason = MediaFile.fault(of: url) {
            throw BraidError(.noInput, "\(url.path): the configuration cannot be read: \(reason)")
        }
        guard let data = try? Data(contentsOf: url) else {
            throw BraidError(.noInput, "\(url.path): the configuration cannot be read: no permission")
        }
        guard let yaml = String(validating: data, as: UTF8.self) else {
            throw BraidError(.badConfiguration, "\(url.path): is not UTF-8 text")
        }
        return try parse(yaml, file: url.lastPathComponent, folder: url.deletingLastPathComponent(), overrides: overrides)
    }

    static func parse(
        _ yaml: String, file: String, folder: URL, overrides: [String] = []
    ) throws -> Configuration {
        var reader = ConfigurationReader(yaml: yaml, file: file, overrides: overrides)
        var configuration = Configuration(&reader, folder: folder)
        if configuration.modalities.isEmpty {
            reader.fault("name at least one of modalities.image, modalities.text, modalities.audio", "modalities")
        }
        reader.finish()
        guard reader.faults.isEmpty else {
            throw BraidError(.badConfiguration, faults: reader.faults.sorted { ($0.line ?? .max) < ($1.line ?? .max) })
        }
        // Paths in full, so that the resolved form means the same wherever it lies.
        configuration.resolved = reader.resolved.map { path, value in
            let isPath = path == "manifest" || path.hasSuffix(".weights") || path.hasSuffix(".encoder")
            let url = Configuration.resolve(value.scalar?.string ?? "", in: folder)
            let isFile = isPath && FileManager.default.fileExists(atPath: url.path)
            return ResolvedKey(path: path, value: ConfigurationWriter.inline(isFile ? Node(url.path) : value))
        }
        configuration.givesSplits = reader.has("splits")
        configuration.givesLayers = reader.has("fusion.layers")
        return configuration
    }

    /// The keys, in the order that documents give them.
    init(_ reader: inout ConfigurationReader, folder: URL) {
        self.folder = folder
        manifest = reader.string("manifest", "manifest.csv", "The manifest, relative to this file.")
        columns = Self.columns(&reader)
        splits = SplitFractions(
            val: reader.double("splits.val", 0.15, 0...0.9, "Share of validation samples where the manifest has no split column."),
            test: reader.double("splits.test", 0.15, 0...0.9, "Share of test samples, likewise."),
            seed: reader.int("splits.seed", 0, 0...Int(Int32.max), "Another seed gives another split."))
        if splits.val + splits.test >= 1 { reader.fault("splits.val and splits.test leave nothing to train on", "splits.test") }
        onBadSample = reader.choice("on_bad_sample", .fail, "What to do with samples whose media cannot be read.")
        device = reader.choice("device", .auto, "Where to compute; auto takes a CUDA device where there is one.")
        cachesEmbeddings = reader.bool(
            "embedding_cache", true,
            "Whether embeddings of frozen encoders are shared with other runs through the user's cache; see braid cache.")
        modalities = Self.modalities(&reader)
        fusion = Self.fusion(&reader, modalities: modalities.count)
        heads = Self.heads(&reader)
        training = Self.training(&reader, modalities, fusion.type, heads)
        columns.labels = heads.map(\.column)
    }

    private static func columns(_ reader: inout ConfigurationReader) -> Columns {
        var columns = Columns()
        for known in Columns.known {
            if let name = reader.optionalString("columns.\(known)", "The manifest's name for the column \(known).") {
                columns.names[known] = name
            }
        }
        columns.ignored = reader.strings("columns.ignore", "Columns of the manifest that mean nothing here.")
        return columns
    }

    private static func modalities(_ reader: inout ConfigurationReader) -> [Modality: Encoder] {
        var modalities: [Modality: Encoder] = [:]
        for modality in Modality.allCases {
            let path = "modalities.\(modality)"
            let isGiven = reader.has(path)
            let encoder = reader.optionalString(
                "\(path).encoder",
                "An architecture that braid models list shows, or a weights folder whose architecture and front end are taken. Default: what the weights say."
            )
            let weights = reader.optionalString(
                "\(path).weights",
                "A file (.safetensors, .pth) or folder, a Hugging Face id (name@revision pins it), bundled:NAME, or random.")
            let train = reader.parsed(
                "\(path).train", Trainable.none, "How much of the encoder is trained: none, last:N blocks, all.",
                expected: "none, last:N or all", pattern: "^(none|all|last:[1-9][0-9]*)$", parse: { Trainable($0) },
                represent: \.text,
                records: isGiven)
            let options = Self.options(&reader, modality, path)
            reader.refuse("\(path).precision", unless: train == .none, "acts only on a frozen encoder, train: none")
            guard isGiven else { continue }
            if weights == nil {
                reader.fault("weights is missing; name a file, a folder, a Hugging Face id, bundled:NAME, or random", path)
            }
            modalities[modality] = Encoder(encoder: encoder, weights: weights ?? "", train: train, options: options)
        }
        return modalities
    }

    private static func options(_ reader: inout ConfigurationReader, _ modality: Modality, _ path: String) -> EncoderOptions {
        var options = EncoderOptions()
        options.precision = reader.optionalChoice(
            "\(path).precision",
            "What a frozen encoder computes in; bf16 needs a processor with AVX512-BF16. Default: fp32, or what a model's folder says."
        )
        switch modality {
        case .image:
            options.decoding = reader.optionalChoice(
                "\(path).jpeg_decoding",
                "scaled: JPEGs of at least twice the size needed are decoded at a half, a quarter or an eighth of it, faster and not quite alike. Default: exact."
            )
        case .text:
            options.pooling = reader.optionalChoice(
                "\(path).pooling",
                "How tokens become one embedding. Default: what a sentence-transformers folder says, else mean, and lasttoken for GPT-2."
            )
        case .audio:
            options.window = reader.optionalDouble(
                "\(path).window", 0.1...86_400,
                "Seconds. Longer recordings are cut into windows of this length, whose embeddings are averaged. Default: 60; VGGish and YAMNet have windows of their own."
            )
            options.overlap = reader.optionalDouble(
                "\(path).overlap", 0...0.95, "Share of a window that the next one repeats. Default: 0.")
        }
        return options
    }
}
