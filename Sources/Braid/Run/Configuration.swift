public import Foundation

/// Everything a run is asked to do: what a document says, and defaults where it is silent.
///
/// A configuration never changes. Another one is made by reading its document again with other values (`with`), so that what runs and what
/// `config.yaml` records cannot differ. Each group of settings lies beside what it sets, with its keys, defaults and refusals.
public struct Configuration: Sendable {
    /// The manifest, as the document writes it.
    public let manifest: String
    /// The run, or the model, whose encoders, fusion and heads the training begins with, as the document writes it; nil: it begins anew.
    public let initFrom: String?
    /// Which column of the manifest holds what.
    public let columns: Columns
    /// How samples are split where the manifest does not say it.
    public let splits: SplitFractions
    /// What becomes of samples whose media cannot be read.
    public let onBadSample: BadSample.Policy
    /// Where to compute.
    public let device: DeviceChoice
    /// Whether embeddings of frozen encoders are taken from, and put into, the user's cache.
    public let cachesEmbeddings: Bool
    /// The encoder of each modality that is taken.
    public let modalities: [Modality: EncoderSettings]
    /// How embeddings are fused.
    public let fusion: FusionSettings
    /// What is predicted: one head, or several that share the fusion.
    public let heads: [HeadSettings]
    /// How it is learnt.
    public let training: TrainingSettings
    /// How figures come about, beside those of the test split.
    public let evaluation: EvaluationSettings
    /// Where the figures of a training go besides its run folder; it acts in `braid train` alone.
    public let tracking: TrackingSettings
    /// How `braid search` looks for a better one; it acts there alone.
    public let search: SearchSettings
    /// The folder that relative paths start from: the configuration's own.
    public let folder: URL
    /// What was read.
    let document: ConfigurationDocument
    /// Every key that acts, defaults filled in, in the order they were read.
    let resolved: [ResolvedKey]
    /// What the manifest adds to what the document says.
    let facts: ManifestFacts

    /// The keys, in the order that documents give them.
    ///
    /// - Throws: `BraidError` with every fault by file, line and key.
    init(_ document: ConfigurationDocument, folder: URL, facts: ManifestFacts = ManifestFacts()) throws {
        var reader = ConfigurationReader(document)
        self.init(&reader, folder: folder, facts: facts)
        if modalities.isEmpty {
            reader.fault(
                "name at least one of \(Modality.allCases.map { "modalities.\($0)" }.joined(separator: ", "))", "modalities")
        }
        reader.finish()
        try reader.check()
    }

    init(_ reader: inout ConfigurationReader, folder: URL, facts: ManifestFacts = ManifestFacts()) {
        self.folder = folder
        self.facts = facts
        document = reader.document
        manifest = reader.string("manifest", "manifest.csv", "The manifest, relative to this file.")
        initFrom = reader.optionalString(
            "init_from",
            "An earlier run, or a model's folder, relative to this file: its encoders, fusion and heads are what the training begins with. braid train --init-from names it, too."
        )
        let columns = Columns(&reader)
        splits = SplitFractions(&reader, acts: !facts.hasSplitColumn, manifest: manifest)
        onBadSample = reader.choice("on_bad_sample", .fail, "What to do with samples whose media cannot be read.")
        device = reader.choice("device", .auto, "Where to compute; auto takes a CUDA device where there is one.")
        cachesEmbeddings = reader.bool(
            "embedding_cache", true,
            "Whether embeddings of frozen encoders are shared with other runs through the user's cache; see braid cache.")
        let modalities = EncoderSettings.read(&reader)
        fusion = FusionSettings(&reader, modalities: modalities.count)
        let fitted = fusion.kind.isFitted ? fusion.kind.fittedReason : nil
        heads = HeadSettings.read(&reader, fitted: fitted)
        ClassifierKind.check(&reader, heads)
        training = TrainingSettings(
            &reader, modalities.mapValues(\.train), fusion, heads)
        let byPairs = training.contrastive != nil
        SentenceRules.check(&reader, modalities, fusion, heads, initFrom: initFrom, byPairs: byPairs)
        self.modalities = EncoderSettings.readingRates(&reader, modalities, shared: training.encoderLearningRate) {
            $1.learningRate($0, byPairs: byPairs)
        }.reduce(into: [:]) { $0[$1.key] = $1.value.with(table: $1.value.table?.taking(facts.tables[$1.key])) }
        let trainsPictures = modalities.contains { $0.key.plain == .image && $0.value.train != .none }
        training.mixing.check(&reader, trainsPictures: !byPairs && trainsPictures)
        training.averaging.check(&reader, modalities)
        for (modality, encoder) in modalities where encoder.train != .none {
            reader.refuse(
                "modalities.\(modality).train", unless: fitted == nil || byPairs,
                "fusion.type: \(fusion.kind.name) is computed from embeddings of frozen encoders; set it to none, take another fusion, or train by pairs first (training.contrastive)"
            )
        }
        evaluation = EvaluationSettings(&reader, trainsEncoders: byPairs || modalities.values.contains { $0.train != .none })
        if evaluation.folds > 0, training.adaptation != nil {
            reader.fault(
                "divides rows of the source, and says nothing of a target domain; leave it out, or training.adaptation",
                "evaluation.folds")
        }
        tracking = TrackingSettings(&reader)
        search = SearchSettings(&reader)
        let sections = reader.names(under: "heads").map { "heads.\($0)" } + ["head"]
        let trained = ["loss", "focal_gamma", "label_smoothing", "class_weights"]
        reader.idle(
            sections.flatMap { section in trained.map { "\(section).\($0)" } }, unless: !fusion.kind.keepsStatistics,
            "fusion.type: \(fusion.kind.name) knows its rows by sums alone, which tell of squared errors and of normal distributions; leave it out"
        )
        let goesOn = fusion.kind.isAutomatic || fusion.kind.goesOn
        reader.refuse("init_from", unless: initFrom == nil || goesOn, fusion.kind.reasonNotToGoOn)
        reader.refuse(
            "init_from", unless: initFrom == nil || !byPairs,
            "training by pairs (training.contrastive) moves the embeddings that the earlier heads know; leave one of them out")
        reader.refuse(
            "evaluation.folds", unless: initFrom == nil || evaluation.folds == 0,
            "cross-validation trains anew on every fold, and not from init_from; leave one of them out")
        self.columns = columns.with(labels: heads.map(\.column))
        self.columns.checkTables(&reader)
        reader.refuse(
            "columns.one_hot",
            unless: columns.oneHot.isEmpty || heads.count == 1 && heads[0].column == "label" && heads[0].kind == .multilabel,
            "acts only with one head, of head.task: multilabel")
        resolved = reader.resolved
    }

    /// The manifest's place.
    public var manifestURL: URL { Paths.resolve(manifest, in: folder) }

    /// The resolved document, its paths in full: it reads as the same configuration wherever it lies.
    public var yaml: String { ConfigurationWriter.yaml(resolved.map { $0.mappingPaths(from: folder) { $0.path } }) }

    /// Keys whose values differ, whatever folder their paths are relative to, in alphabetical order.
    func keysThatDiffer(from other: Configuration) -> [String] {
        let (ours, theirs) = (values, other.values)
        // A run that was moved no longer finds its manifest by the way that it names. What is in the file is compared by its checksum.
        let isMoved =
            manifestURL.lastPathComponent == other.manifestURL.lastPathComponent
            && !FileManager.default.fileExists(atPath: manifestURL.path)
        return Set(ours.keys).union(theirs.keys).filter { ours[$0] != theirs[$0] && !($0 == "manifest" && isMoved) }.sorted()
    }

    /// Every key that acts, and what it says, their paths as a file in `place` has them.
    func parameters(in place: URL) -> [(name: String, value: String)] {
        resolved.map { key in
            let shown = key.mappingPaths(from: folder) { url in Paths.portable(url, from: place) }
            return (key.path, shown.value.yaml)
        }
    }

    /// What a key says, for a message.
    func text(of key: String) -> String { values[key]?.yaml ?? "nothing" }

    private var values: [String: SettingValue] {
        Dictionary(
            resolved.map { key in (key.path, key.mappingPaths(from: folder) { $0.path }.value) },
            uniquingKeysWith: { $1 })
    }

    /// The resolved document for a file in `place`, which may be passed on: its paths lead from `place`, and name no user.
    func yaml(in place: URL) -> String {
        ConfigurationWriter.yaml(resolved.map { $0.mappingPaths(from: folder) { url in Paths.portable(url, from: place) } })
    }
}

extension ResolvedKey {
    private static let pathEndings = [".weights", ".encoder", ".adapter", ".noise", ".target", ".labels"]

    /// With the path it holds, if it is one of a file that is there, replaced.
    fileprivate func mappingPaths(from folder: URL, _ replace: (URL) -> String) -> ResolvedKey {
        guard path == "manifest" || path == "init_from" || Self.pathEndings.contains(where: path.hasSuffix),
            case .text(let given) = value
        else {
            return self
        }
        let url = Paths.resolve(given, in: folder)
        guard FileManager.default.fileExists(atPath: url.path) else { return self }
        return ResolvedKey(path: path, value: .text(replace(url)))
    }
}
