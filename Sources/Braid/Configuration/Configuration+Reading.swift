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
        modalities = Self.modalities(&reader)
        fusion = Fusion(
            type: reader.choice("fusion.type", .concat, "How embeddings are fused."),
            dimension: reader.int("fusion.dim", 256, 1...65536, "Size of each modality's projection and of the fused embedding."),
            dropout: reader.double("fusion.dropout", 0.1, 0...0.95, "Dropout on the fused embedding."),
            modalityDropout: reader.double(
                "fusion.modality_dropout", 0.2, 0...0.95,
                "Chance that a modality of a training sample is hidden; one always stays.",
                records: modalities.count > 1))
        if modalities.count == 1 && reader.has("fusion.modality_dropout") && fusion.modalityDropout > 0 {
            reader.fault("acts only with two modalities or more; leave it out, or set it to 0", "fusion.modality_dropout")
        }
        head = Head(
            task: reader.choice("head.task", .multiclass, "What is predicted."),
            hidden: reader.ints("head.hidden", [256], "Sizes of the head's hidden layers."),
            dropout: reader.double("head.dropout", 0.1, 0...0.95, "Dropout behind each hidden layer."))
        training = Self.training(&reader, trainsEncoders: modalities.values.contains { $0.train != .none })
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
        switch modality {
        case .image: break
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

    private static func training(_ reader: inout ConfigurationReader, trainsEncoders: Bool) -> Training {
        let optimizer: OptimizerKind = reader.choice("training.optimizer", .adamw, "The optimizer.")
        let training = Training(
            epochs: reader.int("training.epochs", 20, 1...1_000_000, "Passes over the training split, at most."),
            batchSize: reader.int("training.batch_size", 64, 1...1_000_000, "Samples a step."),
            optimizer: optimizer,
            learningRate: reader.double("training.learning_rate", 1e-3, 1e-9...1000, "Peak learning rate of fusion and head."),
            encoderLearningRate: reader.double(
                "training.encoder_learning_rate", 1e-4, 0...1000, "Peak learning rate of trained encoder blocks.",
                records: trainsEncoders),
            weightDecay: reader.double("training.weight_decay", 0.01, 0...100, "Weight decay."),
            momentum: reader.double(
                "training.momentum", 0.9, 0...0.9999, "Momentum of optimizer: sgd.", records: optimizer == .sgd),
            schedule: reader.choice("training.schedule", .cosine, "How the learning rate goes over the steps."),
            warmup: reader.double("training.warmup", 0.05, 0...1, "Share of the steps in which the learning rate rises from 0."),
            clip: reader.double("training.clip", 1, 0...Double.infinity, "Largest joint norm of the gradients; 0: no limit."),
            labelSmoothing: reader.double("training.label_smoothing", 0, 0...0.99, "Share of the target spread over all classes."),
            classWeights: reader.choice(
                "training.class_weights", .none, "balanced: each class counts the same, as scikit-learn's class_weight."),
            earlyStoppingMetric: reader.choice(
                "training.early_stopping.metric", .macroF1,
                "The validation metric that early stopping and the best checkpoint go by."),
            patience: reader.int(
                "training.early_stopping.patience", 5, 0...1_000_000, "Epochs without improvement before training stops; 0: never."),
            precision: reader.choice("training.precision", .fp32, "Number format of the computation."),
            seed: reader.int("training.seed", 0, 0...Int(Int32.max), "Seed of weights, order and dropout."))
        if reader.has("training.encoder_learning_rate") && !trainsEncoders {
            reader.fault(
                "acts only where an encoder is trained: modalities.….train: last:N or all", "training.encoder_learning_rate")
        }
        if reader.has("training.momentum") && optimizer != .sgd {
            reader.fault("acts only with training.optimizer: sgd", "training.momentum")
        }
        return training
    }
}

/// Writes resolved keys as a YAML document, sections nested.
enum ConfigurationWriter {
    static func yaml(_ resolved: [Configuration.ResolvedKey]) -> String {
        var lines: [String] = []
        var open: [Substring] = []
        for key in resolved {
            var parts = key.path.split(separator: ".")
            let name = parts.removeLast()
            let shared = zip(open, parts).prefix { $0 == $1 }.count
            for (depth, part) in parts.enumerated().dropFirst(shared) { lines.append(indent(depth) + "\(part):") }
            open = parts
            lines.append(indent(parts.count) + "\(name): \(key.value)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

    static func inline(_ node: Node) -> String {
        if let items = node.sequence { return "[\(items.map(inline).joined(separator: ", "))]" }
        return quoted(node.scalar?.string ?? "")
    }

    /// Quotes what YAML would read as something other than this text.
    private static func quoted(_ text: String) -> String {
        let plain = text.allSatisfy {
            $0.isASCII && ($0.isLetter || $0.isNumber || "/._-+".contains($0)) || ($0 == ":" && text.last != ":")
        }
        return plain && !text.isEmpty && !text.hasPrefix("-")
            ? text : "\"\(text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\""))\""
    }
}
